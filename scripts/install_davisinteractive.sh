#!/usr/bin/env bash
# Install davisinteractive 1.0.4 beside this package: the evaluation of the DAVIS
# interactive benchmark, by its authors. Optional; it serves
#   gnn-vos benchmark --protocol davisinteractive
# and nothing else. It is under the GPL v3 and no part of this package.
#
#   bash scripts/install_davisinteractive.sh           # into .venv, or what is active
#   PYTHON=/path/to/python bash scripts/install_davisinteractive.sh
#
# Why not just pip: the package is of 2020 and comes as source only. It asks for one
# old scikit-learn and for opencv-python, which clashes with opencv-python-headless, and
# its setup needs NumPy and Cython, though it does not say so. So what it builds with
# and what it imports come first, and then the package alone. A C compiler is needed.
# `pip check` will go on asking for the two. Names that newer libraries have dropped are
# lent to the package while it runs, by src/napari_gnn_vos/study/measure/official_package.py.
set -euo pipefail
cd "$(dirname "$0")/.."

VERSION=1.0.4
BUILDS_WITH=(numpy cython 'setuptools>=70.1') # from 70.1 on, wheels need no more
HEADERS='from sysconfig import get_path; open(get_path("include") + "/Python.h")'
IMPORTS=(absl-py networkx pandas pillow requests scikit-image scikit-learn scipy six)

if [ -z "${PYTHON:-}" ]; then
    PYTHON=python3
    if [ -z "${VIRTUAL_ENV:-}" ] && [ -x .venv/bin/python ]; then
        PYTHON=.venv/bin/python
    fi
fi

works() {
    "$PYTHON" - "$VERSION" <<'END'
import sys
from importlib.metadata import version

import absl, cv2, networkx, pandas, PIL, requests, scipy, six, skimage, sklearn
import davisinteractive.third_party.mask_api._mask

sys.exit(version("davisinteractive") != sys.argv[1])
END
}

if works 2>/dev/null; then
    echo "davisinteractive $VERSION is there already."
    exit
fi
if ! command -v "${CC:-cc}" >/dev/null || ! "$PYTHON" -c "$HEADERS"; then
    echo "A C compiler and the headers of Python are needed; one is missing." >&2
    echo "Install them, for example with: sudo apt-get install gcc python3-dev" >&2
    exit 1
fi
pip=("$PYTHON" -m pip install -q --disable-pip-version-check)
"${pip[@]}" "${BUILDS_WITH[@]}" "${IMPORTS[@]}"
"$PYTHON" -c 'import cv2' 2>/dev/null || "${pip[@]}" opencv-python-headless
"${pip[@]}" --no-deps --no-build-isolation "davisinteractive==$VERSION"
works
echo "davisinteractive $VERSION is installed."
