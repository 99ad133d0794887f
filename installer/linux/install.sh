#!/bin/sh
# Installs llama-swap Desktop from the folder that this script lies in, for you alone; nothing needs root.
#   ./install.sh --user         into ~/.local
#   ./install.sh --prefix DIR   somewhere else, such as /usr/local
#   ... --uninstall             takes it away again; your configuration, logs and models stay
set -eu
here=$(cd "$(dirname "$0")" && pwd)

usage() { sed -n '2,5s/^# //p' "$0"; exit 2; }

prefix='' uninstall=''
while [ $# -gt 0 ]; do
  case "$1" in
    --user) prefix="$HOME/.local" flag='--user' ;;
    --prefix) prefix="${2:?--prefix needs a folder}" flag="--prefix '$2'"; shift ;;
    --uninstall) uninstall=yes ;;
    *) usage ;;
  esac
  shift
done
[ -n "$prefix" ] || usage
case "$prefix" in /*) ;; *) prefix="$(pwd)/$prefix" ;; esac
program="$prefix/lib/llamaswap-desktop"

remove_installed() {
  [ -d "$program" ] || return 0
  LLAMASWAP_FOLDER="$program" sh "$here/stop-running.sh" upgrade
  while IFS= read -r file; do
    rm -f "$prefix/$file"
    (cd "$prefix" && rmdir -p "$(dirname "$file")" 2>/dev/null) || true  # only what is empty
  done <"$program/installed"
  rm -rf "$program"
  rmdir "$prefix/lib" 2>/dev/null || true
}

# Writes into a file where the programs are, in the words of that file: "$2" quotes what means something else there.
write_place() {
  bin=$(printf '%s' "$prefix/bin" | sed "$2" | sed 's/[&|\\]/\\&/g')
  sed -i "s|@BIN@|$bin|g" "$prefix/$1"
}

refresh_icons() {
  if command -v gtk-update-icon-cache >/dev/null && [ -f "$prefix/share/icons/hicolor/index.theme" ]; then
    gtk-update-icon-cache -q "$prefix/share/icons/hicolor" || true
  fi
}

if [ -n "$uninstall" ]; then
  [ -d "$program" ] || { echo "nothing is installed in $prefix"; exit 1; }
  autostart="${XDG_CONFIG_HOME:-$HOME/.config}/autostart/llamaswap-desktop.desktop"
  if grep -qsF "$program/" "$autostart"; then rm "$autostart"; fi
  remove_installed
  refresh_icons
  echo "removed from $prefix; your own files stay in ~/.config/llamaswap-desktop and ~/.local/state/llamaswap-desktop"
  exit 0
fi

[ "$here" != "$program" ] || { echo "this is the installed script: run the one in the new version's folder"; exit 2; }
remove_installed
mkdir -p "$prefix/lib"
cp -a "$here/lib/llamaswap-desktop" "$program"
cp "$here/install.sh" "$here/stop-running.sh" "$program/"
(cd "$here" && find bin share -type f -o -type l | sort) >"$program/installed"
while IFS= read -r file; do
  mkdir -p "$prefix/$(dirname "$file")"
  cp -P "$here/$file" "$prefix/$file"
done <"$program/installed"
write_place share/applications/llamaswap-desktop.desktop 's/["`$\\]/\\&/g; s/\\/\\\\/g; s/%/%%/g'
write_place share/systemd/user/llamaswap-desktop.service 's/["\\]/\\&/g; s/%/%%/g'
refresh_icons
echo "installed in $prefix: start it from the menu, or with $prefix/bin/llamaswap-desktop"
case ":$PATH:" in
  *":$prefix/bin:"*) ;;
  *) echo "$prefix/bin is not in PATH: add it to call the program by its name" ;;
esac
echo "to take it away again: '$program/install.sh' $flag --uninstall"
