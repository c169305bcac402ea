#!/usr/bin/env bash
# Runs a command under a virtual screen of its own, apart from the settings of the person who runs it.
#   tools/with_screen.sh COMMAND...
set -euo pipefail
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
mkdir -m 700 "$home/run"
export HOME="$home" XDG_CONFIG_HOME="$home/config" XDG_DATA_HOME="$home/data" XDG_CACHE_HOME="$home/cache"
export XDG_STATE_HOME="$home/state" XDG_RUNTIME_DIR="$home/run" LIBGL_ALWAYS_SOFTWARE=1 QT_QPA_PLATFORM=xcb
unset WAYLAND_DISPLAY
if [ "$(uname -s)" != Linux ]; then
    unset QT_QPA_PLATFORM
    "$@"
else
    xvfb-run -a -s "-screen 0 1600x1000x24" "$@"
fi
