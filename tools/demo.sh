#!/usr/bin/env bash
# The main job in one go: in a window where there is a display, else under a virtual screen with pictures to look at.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] || [ "$(uname -s)" != Linux ]; then
    exec .venv/bin/boundaryseg demo
fi
out="${DEMO_OUTPUT:-$PWD/demo_output}"
tools/with_screen.sh .venv/bin/boundaryseg demo --headless "$out"
echo "No display here, so the demo ran on a virtual screen. Its pictures and label maps are in $out:"
ls -1 "$out"
