#!/usr/bin/env bash
# Install DGL, the Deep Graph Library, for the optional backend "dgl"; see docs/how-to/dgl.md.
#
#   bash scripts/install_dgl.sh           # into .venv or the active environment
#   PYTHON=/path/to/python bash scripts/install_dgl.sh
#
# `pip install '.[dgl]'` also installs torchdata, which DGL requires but which is not
# used here. This script installs DGL and the imports of its core only, and keeps the
# installed PyTorch. `pip check` will report the missing torchdata.
#
# Exits with status 3 where DGL has no wheel: it has wheels for Linux and Python up to
# 3.12.
set -euo pipefail
cd "$(dirname "$0")/.."

VERSION=2.1.0
IMPORTS=(networkx numpy packaging pandas psutil requests scipy tqdm)
SUPPORTED='import sys; sys.exit(sys.platform != "linux" or sys.version_info >= (3, 13))'

if [ -z "${PYTHON:-}" ]; then
    PYTHON=python3
    if [ -z "${VIRTUAL_ENV:-}" ] && [ -x .venv/bin/python ]; then
        PYTHON=.venv/bin/python
    fi
fi

is_installed() {
    "$PYTHON" - "$VERSION" <<'END'
import sys

from napari_gnn_vos.model.backends.import_dgl import import_dgl

sys.exit(import_dgl().__version__ != sys.argv[1])
END
}

if ! "$PYTHON" -c "$SUPPORTED"; then
    echo "DGL $VERSION has wheels for Linux and Python 3.11 and 3.12, not for" \
        "$(uname) and $("$PYTHON" --version). Nothing was installed." >&2
    exit 3
fi
if is_installed 2>/dev/null; then
    echo "DGL $VERSION is already installed."
    exit
fi
pip=("$PYTHON" -m pip install -q --disable-pip-version-check)
"${pip[@]}" "${IMPORTS[@]}"
"${pip[@]}" --no-deps --only-binary=:all: "dgl==$VERSION"
is_installed
echo "DGL $VERSION was installed."
