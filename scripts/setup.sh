#!/usr/bin/env bash
# Create .venv with the packages for tests and demo; a second run installs what is missing.
#
#   bash scripts/setup.sh              # create or complete .venv
#   bash scripts/setup.sh --libraries  # list the Debian packages for Qt and a screen
set -euo pipefail
cd "$(dirname "$0")/.."

# Debian packages for Qt, OpenGL and a virtual screen.
LIBRARIES="xvfb xauth libegl1 libgl1 libglib2.0-0 libdbus-1-3 libfontconfig1
 libxkbcommon-x11-0 libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1
 libxcb-render-util0 libxcb-shape0"

if [ "${1:-}" = --libraries ]; then
    # shellcheck disable=SC2086
    echo $LIBRARIES
    exit
fi

stop() {
    printf '%s\n' "$@" >&2
    exit 1
}

find_python() {
    local name
    for name in python3 python3.14 python3.13 python3.12 python3.11; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    stop "Python 3.11 or newer was not found." \
        "Install it, for example with: sudo apt-get install python3.11 python3.11-venv"
}

system_packages() {
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "Installing system packages:" "$@"
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
    else
        stop "System packages are missing. Install them, then run this again:" \
            "  sudo apt-get install --no-install-recommends $*"
    fi
}

create_venv() {
    local python
    python=$(find_python)
    if ! "$python" -c 'import ensurepip' 2>/dev/null; then
        system_packages "$("$python" -c \
            'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"
    fi
    "$python" -m venv --clear .venv
}

missing_libraries() { # shared libraries that the xcb plugin of Qt does not find
    find .venv -name 'libqxcb*.so' -exec ldd {} + | grep 'not found' | sort -u
}

.venv/bin/python -m pip --version >/dev/null 2>&1 || create_venv
echo "Installing Python packages into .venv; this takes some minutes the first time"
.venv/bin/python -m pip install -qq --disable-pip-version-check \
    -c constraints.txt -e '.[dev]'

if [ "$(uname)" = Linux ]; then
    if missing_libraries || { [ -z "${DISPLAY:-}" ] && ! command -v xvfb-run >/dev/null; }; then
        # shellcheck disable=SC2086
        system_packages $LIBRARIES
    fi
fi
