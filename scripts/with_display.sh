#!/usr/bin/env bash
# Run a command on the current display, or on a virtual one if there is none.
set -euo pipefail
if [ "$(uname)" != Linux ] || [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
    exec "$@"
fi
export VIRTUAL_SCREEN=1
exec xvfb-run -a -s "-screen 0 1600x1000x24" "$@"
