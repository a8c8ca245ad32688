#!/usr/bin/env bash
# Installs those of the named Debian packages whose programs this machine lacks: install-packages.sh postgresql chromium gcc
# Where it can't, it says which packages to install, and fails.
set -euo pipefail

have() {
  case $1 in
    postgresql) compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null ;;
    chromium) command -v chromium || command -v chromium-browser || command -v google-chrome || command -v headless-shell ;;
    fonts-liberation) compgen -G '/usr/share/fonts/truetype/liberation*/*.ttf' ;;
    poppler-utils) command -v pdftoppm ;;
    zbar-tools) command -v zbarimg ;;
    pgbouncer) command -v pgbouncer || [[ -x /usr/sbin/pgbouncer ]] ;;
    *) command -v "$1" ;;
  esac >/dev/null
}

missing=()
for package in "$@"; do
  have "$package" || missing+=("$package")
done
((${#missing[@]})) || exit 0

as_root=()
if ((EUID != 0)); then
  as_root=(sudo -n)
fi
if ! command -v apt-get >/dev/null || ! "${as_root[@]}" true 2>/dev/null; then
  echo "missing on this machine: ${missing[*]}; install with: sudo apt-get install ${missing[*]}" >&2
  exit 1
fi
# libc6-dev is what gcc needs to link and only recommends.
[[ " ${missing[*]} " == *" gcc "* ]] && missing+=(libc6-dev)
echo "installing ${missing[*]}"
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
