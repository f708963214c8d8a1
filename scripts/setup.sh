#!/usr/bin/env bash
# Make .venv with all that tests and demo need. Safe and quick to run again.
set -euo pipefail
cd "$(dirname "$0")/.."

# What Qt, OpenGL and a virtual screen need on a bare Debian or Ubuntu.
LIBRARIES="xvfb xauth libegl1 libgl1 libglib2.0-0 libdbus-1-3 libfontconfig1
 libxkbcommon-x11-0 libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1
 libxcb-render-util0 libxcb-shape0"

stop() {
    printf '%s\n' "$@" >&2
    exit 1
}

find_python() {
    local name
    for name in python3 python3.13 python3.12 python3.11; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    stop "Python 3.11 or newer is needed, and none was found." \
        "Install one, for example with: sudo apt-get install python3.11 python3.11-venv"
}

system_packages() {
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "Installing system packages:" "$@"
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
    else
        stop "System packages are missing. Run this line, then try again:" \
            "  sudo apt-get install --no-install-recommends $*"
    fi
}

make_venv() {
    local python
    python=$(find_python)
    if ! "$python" -c 'import ensurepip' 2>/dev/null; then
        system_packages "$("$python" -c \
            'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"
    fi
    "$python" -m venv --clear .venv
}

qt_lacks() { # libraries that Qt's window plugin does not find
    find .venv -name 'libqxcb*.so' -exec ldd {} + | grep 'not found' | sort -u
}

.venv/bin/python -m pip --version >/dev/null 2>&1 || make_venv
echo "Installing Python packages into .venv; the first time this takes minutes"
.venv/bin/python -m pip install -qq --disable-pip-version-check \
    -c constraints.txt -e '.[dev]'

if [ "$(uname)" = Linux ]; then
    if qt_lacks || { [ -z "${DISPLAY:-}" ] && ! command -v xvfb-run >/dev/null; }; then
        # shellcheck disable=SC2086
        system_packages $LIBRARIES
    fi
fi
