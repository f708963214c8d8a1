#!/usr/bin/env bash
# Install davisinteractive 1.0.4: the evaluation of the DAVIS interactive benchmark by
# its authors. It is optional and used only by
#   gnn-vos benchmark --protocol davisinteractive
# It is licensed under the GPL v3 and is not part of this package.
#
#   bash scripts/install_davisinteractive.sh    # into .venv, or the active environment
#   PYTHON=/path/to/python bash scripts/install_davisinteractive.sh
#
# pip alone fails: the package was published in 2020 as source only. It pins an old
# scikit-learn, requires opencv-python, which conflicts with opencv-python-headless, and
# does not declare NumPy and Cython as build requirements. The script therefore installs
# the build and run requirements first, then the package without its dependencies; a C
# compiler is needed. `pip check` reports the two unmet requirements. Functions that
# newer libraries removed are restored while the package runs, see
# src/napari_gnn_vos/study/measure/official_package.py.
set -euo pipefail
cd "$(dirname "$0")/.."

VERSION=1.0.4
BUILD_REQUIRES=(numpy cython 'setuptools>=70.1') # 70.1 includes bdist_wheel
HEADERS='from sysconfig import get_path; open(get_path("include") + "/Python.h")'
RUN_REQUIRES=(absl-py networkx pandas pillow requests scikit-image scikit-learn scipy six)

if [ -z "${PYTHON:-}" ]; then
    PYTHON=python3
    if [ -z "${VIRTUAL_ENV:-}" ] && [ -x .venv/bin/python ]; then
        PYTHON=.venv/bin/python
    fi
fi

is_installed() {
    "$PYTHON" - "$VERSION" <<'END'
import sys
from importlib.metadata import version

import absl, cv2, networkx, pandas, PIL, requests, scipy, six, skimage, sklearn
import davisinteractive.third_party.mask_api._mask

sys.exit(version("davisinteractive") != sys.argv[1])
END
}

if is_installed 2>/dev/null; then
    echo "davisinteractive $VERSION is already installed."
    exit
fi
if ! command -v "${CC:-cc}" >/dev/null || ! "$PYTHON" -c "$HEADERS"; then
    echo "A C compiler or the headers of Python are missing." >&2
    echo "Install them, for example with: sudo apt-get install gcc python3-dev" >&2
    exit 1
fi
pip=("$PYTHON" -m pip install -q --disable-pip-version-check)
"${pip[@]}" "${BUILD_REQUIRES[@]}" "${RUN_REQUIRES[@]}"
"$PYTHON" -c 'import cv2' 2>/dev/null || "${pip[@]}" opencv-python-headless
"${pip[@]}" --no-deps --no-build-isolation "davisinteractive==$VERSION"
is_installed
echo "davisinteractive $VERSION is installed."
