#!/usr/bin/env bash
# Makes sure that the Debian packages which Qt, OpenGL and a virtual screen need are there.
#   tools/system_packages.sh [pyqt6]
# As root it installs what is missing; otherwise it names the packages and stops.
set -euo pipefail

needed=(libglib2.0-0 libdbus-1-3 libfontconfig1 libgssapi-krb5-2 libxkbcommon-x11-0 libxcb-icccm4 libxcb-image0
        libxcb-keysyms1 libxcb-render-util0 libxcb-shape0 libxcb-xinerama0 libgl1 libglx-mesa0 libgl1-mesa-dri)
[ "${1:-}" = pyqt6 ] && needed+=(libegl1 libxcb-cursor0)
[ -z "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] || [ "${NEED_XVFB:-0}" = 1 ] && needed+=(xvfb xauth)

[ "$(uname -s)" = Linux ] || exit 0
if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    command -v xvfb-run >/dev/null || [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] || {
        echo "This machine has no display. Install Xvfb (the command xvfb-run) and run this again." >&2
        exit 1
    }
    exit 0
fi

python="${PYTHON:-python3}"
if ! command -v "$python" >/dev/null; then
    needed+=(python3 python3-venv)
elif ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then   # Debian keeps them in a package of their own
    needed+=("$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')")
fi

# Names of installed packages and of what they provide (libglib2.0-0t64 provides libglib2.0-0).
present=$(dpkg-query -W -f '${db:Status-Abbrev}|${Package}, ${Provides}\n' |
          sed -n 's/^ii *|//p' | tr ',' '\n' | sed 's/(.*)//; s/ //g')
missing=()
for package in "${needed[@]}"; do
    grep -qxF "$package" <<<"$present" || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

if [ "$(id -u)" -ne 0 ]; then
    echo "These system packages are missing. Install them and run this again:" >&2
    echo "    sudo apt-get update && sudo apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 1
fi
echo "Installing system packages: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
apt-get update -q </dev/null
apt-get install -y -q --no-install-recommends "${missing[@]}" </dev/null
