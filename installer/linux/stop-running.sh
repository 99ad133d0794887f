#!/bin/sh
# Before the files of the program are replaced or removed: ends every running one in order, models first, as SIGTERM
# does.  A running program reads parts of itself when it needs them, so it could not go on with others in their place;
# its systemd unit starts the new one by itself.  Debian calls this with a word, RPM with a number: 1 is a first
# installation, or the end of an upgrade, when the new one may already run.
[ "$1" = 1 ] && exit 0
folder="${LLAMASWAP_FOLDER:-/usr/lib/llamaswap-desktop}"
pids=''
for exe in /proc/[0-9]*/exe; do
  case "$(readlink "$exe" 2>/dev/null)" in
    "$folder"/llamaswap-desktop*) pid="${exe#/proc/}"; pids="$pids ${pid%/exe}" ;;
  esac
done
[ -n "$pids" ] || exit 0
kill -TERM $pids 2>/dev/null
tries=350
while [ $tries -gt 0 ]; do
  left=''
  for pid in $pids; do [ -e "/proc/$pid/exe" ] && left="$left $pid"; done
  [ -n "$left" ] || exit 0
  sleep 0.1
  tries=$((tries - 1))
done
kill -KILL $left 2>/dev/null
exit 0
