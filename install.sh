#!/bin/sh
# Builds daypass and installs it for one user.
#
#   ./install.sh              build, install to ${PREFIX:-$HOME/.local}/bin
#   ./install.sh --demo       the same, then show it at work without an AWS account
#   ./install.sh --uninstall  log out, remove it, name the profiles that call it
set -eu

say() { printf '%s\n' "$*"; }
die() { printf 'install.sh: %s\n' "$*" >&2; exit 1; }

check_home() {
	[ -n "${HOME:-}" ] || die "HOME is not set"
	mkdir -p "$HOME" 2>/dev/null || die "HOME ($HOME) cannot be made"
	owner=$(find "$HOME" -prune -exec ls -ldn {} + | awk '{print $3}')
	if [ "${SUDO_UID:-0}" != 0 ] && [ "$owner" != "$(id -u)" ]; then
		die "run this without sudo: HOME ($HOME) is not root's, and daypass is installed for one user"
	fi
}

check_go() {
	need=$(awk '$1 == "go" {print $2}' go.mod)
	command -v go >/dev/null 2>&1 || die "Go $need or newer is missing: get it from https://go.dev/dl/ (Debian's package may be older)"
	have=$(GOTOOLCHAIN=local go env GOVERSION | sed 's/^go//; s/[^0-9.].*//')
	oldest=$(printf '%s\n%s\n' "$need" "$have" | sort -t. -k1,1n -k2,2n -k3,3n | head -n 1)
	[ "$oldest" = "$need" ] || [ "$have" = "$need" ] || die "Go $have is too old, $need or newer is needed: get it from https://go.dev/dl/"
}

# build PACKAGE OUTPUT
# STS and IAM speak HTTP/1.1, and without HTTP/2 the binary is 0.37 MB smaller.
build() {
	version=$(git describe --tags --always --dirty 2>/dev/null || echo unknown)
	CGO_ENABLED=0 GOTOOLCHAIN=local go build -tags nethttpomithttp2 -trimpath -buildvcs=false -ldflags "-s -w -X daypass/cli.version=$version" -o "$2" "$1" ||
		die "the build failed; without a way to Go's module proxy, set GOPROXY"
}

install_binary() {
	mkdir -p "$bin"
	build . "$bin/.daypass.new" && mv -f "$bin/.daypass.new" "$bin/daypass"
	say "installed $bin/daypass ($("$bin/daypass" version))"
}

next_steps() {
	case ":$PATH:" in
	*":$bin:"*) say "$bin is on your PATH" ;;
	*) say "$bin is not on your PATH; to call daypass by its name, add to your shell's profile:  export PATH=\"$bin:\$PATH\"" ;;
	esac
	say "next, in ~/.aws/config, give a profile its device and this line (README.md shows whole profiles):"
	say "  credential_process = $bin/daypass credential-process --profile NAME"
}

callers() {
	for file in "${AWS_CONFIG_FILE:-$HOME/.aws/config}" "${AWS_SHARED_CREDENTIALS_FILE:-$HOME/.aws/credentials}"; do
		[ -f "$file" ] || continue
		awk '
			/^[ \t]*\[/ { name = $0; gsub(/^[ \t]*\[[ \t]*(profile[ \t]+)?|[ \t]*\].*$/, "", name) }
			/^[ \t]*credential_process[ \t]*[=:].*daypass(\.exe)?"?[ \t]+credential-process/ { print name }
		' "$file"
	done
}

uninstall() {
	if [ -x "$bin/daypass" ]; then
		"$bin/daypass" logout --all || say "logging out failed: what is cached stays until it expires"
		kept=$("$bin/daypass" keys list 2>/dev/null) || kept=
		case $kept in
		NAME*) say "these access keys stay in the keyring; daypass, installed again, finds them, and \"daypass keys remove NAME\" removes one:" && say "$kept" ;;
		esac
		rm -f "$bin/daypass"
		say "removed $bin/daypass"
	else
		say "$bin/daypass is not there"
	fi
	callers | while read -r name; do
		say "profile \"$name\" still has a credential_process that calls daypass"
	done
}

demo() {
	scratch=$(mktemp -d)
	trap 'rm -rf "$scratch"' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	build ./demo "$scratch/demo"
	"$scratch/demo" "$bin/daypass"
}

check_home
bin=${PREFIX:-$HOME/.local}/bin
case $bin in
/*) ;;
*) bin=$PWD/$bin ;;
esac
cd "$(dirname "$0")"
case "${1:-}" in
"")
	check_go
	install_binary
	next_steps
	;;
--demo)
	check_go
	install_binary
	demo
	next_steps
	;;
--uninstall) uninstall ;;
*) die "unknown argument $1; there are --demo and --uninstall" ;;
esac
