#!/usr/bin/env bash
# Runs tests as Windows programs, under Wine: those of asking, the keyring, the cache and the state folder, and daypass.exe
# itself, called by the Go SDK, by cmd and on a console. It has the real Credential Manager API, with Wine's store behind it, and
# Windows's file locks, processes and consoles. It needs wine, binutils-mingw-w64-x86-64, xvfb and Go, and takes two minutes.
#
# What Wine 8 cannot show:
#   - access lists of files, SSH sessions, the closing of a console, PowerShell and with it dialogs (its powershell.exe does nothing);
#   - Ctrl-Break: its server makes SIGQUIT of it, which ends a process without a word to the handlers;
#   - the exit code 0xC000013A of who leaves Ctrl-C to Windows: its own is 0. The tests compare, with daypass and without.
set -euo pipefail
cd "$(dirname "$0")/.."

for need in wine:wine x86_64-w64-mingw32-ld:binutils-mingw-w64-x86-64 Xvfb:xvfb; do
	command -v "${need%%:*}" >/dev/null || { echo "scripts/wine.sh: ${need%%:*} is missing: apt-get install ${need#*:}" >&2; exit 1; }
done

scratch=$(mktemp -d)
export WINEPREFIX=$scratch/prefix WINEDEBUG=-all WINEDLLOVERRIDES="mscoree,mshtml=;bcryptprimitives=n"
trap 'wineserver -k 2>/dev/null || true; kill "${display:-}" 2>/dev/null || true; rm -rf "$scratch"' EXIT
unset WAYLAND_DISPLAY

# Only with a display does a console of Wine have a window, and only with a window does daypass ask there.
mkfifo "$scratch/display"
Xvfb -displayfd 3 -nolisten tcp 3>"$scratch/display" 2>/dev/null &
display=$!
read -r number <"$scratch/display"
export DISPLAY=:$number

# Wine's own processes are to be those of this script: those that a test started would hold its output as long as others run.
mkdir "$WINEPREFIX"
wineserver -p >"$scratch/log" 2>&1
wineboot -i >>"$scratch/log" 2>&1 || { cat "$scratch/log"; exit 1; }

# Go takes random numbers from bcryptprimitives.dll, which Wine 8 does not have. This one holds no code: it forwards to
# the function of advapi32 that gives the same.
printf 'LIBRARY bcryptprimitives.dll\nEXPORTS\nProcessPrng = advapi32.SystemFunction036\n' >"$scratch/prng.def"
x86_64-w64-mingw32-ld --shared -e 0 -o "$WINEPREFIX/drive_c/windows/system32/bcryptprimitives.dll" "$scratch/prng.def"

# Wine 8 does not know the newest way to delete a file either. Go has the older one for such systems, and takes it here.
at=internal/syscall/windows/at_windows.go
sed 's/if TestDeleteatFallback {/if true {/' "$(go env GOROOT)/src/$at" >"$scratch/at_windows.go"
printf '{"Replace": {"%s": "%s"}}\n' "$(go env GOROOT)/src/$at" "$scratch/at_windows.go" >"$scratch/overlay.json"

export GOOS=windows GOARCH=amd64 CGO_ENABLED=0 GOTOOLCHAIN=local
# As install.sh builds it. Wine's drive z: is the root folder.
go build -overlay "$scratch/overlay.json" -tags nethttpomithttp2 -trimpath -buildvcs=false -ldflags "-s -w" -o "$scratch/built/" . ./testdata/clients/go
export TEST_BUILT=z:$scratch/built

go test -count=1 -overlay "$scratch/overlay.json" -exec wine "$@" . ./mfa ./internal/keyring ./internal/state ./cache
