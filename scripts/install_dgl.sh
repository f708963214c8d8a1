#!/usr/bin/env bash
# Install DGL, the Deep Graph Library, beside this package. Optional; it serves
# src/napari_gnn_vos/model/backends/dgl_layers.py and nothing else, see docs/dgl.md.
#
#   bash scripts/install_dgl.sh           # into .venv, or what is active
#   PYTHON=/path/to/python bash scripts/install_dgl.sh
#
# Why not just pip: `pip install '.[dgl]'` does, too, but it brings torchdata, which
# DGL asks for and, imported as it is here, does not use. This takes DGL alone and what
# its core imports, and leaves the torch that is there as it is. `pip check` will go on
# asking for torchdata.
#
# Ends with status 3 where DGL has no wheel: it has for Linux and Python up to 3.12.
set -euo pipefail
cd "$(dirname "$0")/.."

VERSION=2.1.0
IMPORTS=(networkx numpy packaging pandas psutil requests scipy tqdm)
FITS='import sys; sys.exit(sys.platform != "linux" or sys.version_info >= (3, 13))'

if [ -z "${PYTHON:-}" ]; then
    PYTHON=python3
    if [ -z "${VIRTUAL_ENV:-}" ] && [ -x .venv/bin/python ]; then
        PYTHON=.venv/bin/python
    fi
fi

works() {
    "$PYTHON" - "$VERSION" <<'END'
import sys

from napari_gnn_vos.model.backends.import_dgl import import_dgl

sys.exit(import_dgl().__version__ != sys.argv[1])
END
}

if ! "$PYTHON" -c "$FITS"; then
    echo "DGL $VERSION has wheels for Linux and Python 3.11 and 3.12; here is" \
        "$(uname) and $("$PYTHON" --version). Nothing is installed." >&2
    exit 3
fi
if works 2>/dev/null; then
    echo "DGL $VERSION is there already."
    exit
fi
pip=("$PYTHON" -m pip install -q --disable-pip-version-check)
"${pip[@]}" "${IMPORTS[@]}"
"${pip[@]}" --no-deps --only-binary=:all: "dgl==$VERSION"
works
echo "DGL $VERSION is installed."
