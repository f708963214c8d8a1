#!/usr/bin/env bash
# Run the tests without a window against the lowest versions that pyproject.toml allows.
#
#   bash scripts/test_lowest_versions.sh [PYTEST_ARGUMENTS]
#
# The environment .venv-lowest is created anew in each run; .venv is not changed.
# PyTorch is the exception: it is installed first, in the version of constraints.txt, and
# excluded from the resolution, because uv would take a CUDA build of several gigabytes.
# PIP_FIND_LINKS or PIP_INDEX_URL may name a location with CPU builds.
set -euo pipefail
cd "$(dirname "$0")/.."

PYTHON=${PYTHON:-python3}
VENV=.venv-lowest
TORCH=$(grep '^torch==' constraints.txt)

"$PYTHON" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' ||
    echo "Python 3.11 is the lowest version; these are the lowest for $("$PYTHON" -V)." >&2
"$PYTHON" -m venv --clear "$VENV"
export PATH="$PWD/$VENV/bin:$PATH" VIRTUAL_ENV="$PWD/$VENV"
python -m pip install -q --disable-pip-version-check uv "$TORCH"

TORCH_EXCLUDED=$VENV/overrides.txt VERSIONS=$VENV/versions.txt
echo "torch; python_version < '0'" >"$TORCH_EXCLUDED"
uv pip install -q --override "$TORCH_EXCLUDED" --resolution lowest-direct -e '.[cluster,study]'
uv pip freeze -q --exclude-editable | grep -v '^torch==' >"$VERSIONS"
uv pip install -q --override "$TORCH_EXCLUDED" --constraint "$VERSIONS" \
    hypothesis import-linter npe2 pycocotools pytest pytest-timeout zarr # test tools in their newest versions

python -m pytest -q -p no:cacheprovider --ignore=tests/gui "$@"
