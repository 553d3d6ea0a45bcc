package keyring

import (
	"math"
	"strings"
)

// How many bytes one item takes, by platform.

// anyRoom is that of the Secret Service, which has no limit.
func anyRoom(string, string) int { return math.MaxInt }

// windowsRoom is CRED_MAX_CREDENTIAL_BLOB_SIZE.
// https://learn.microsoft.com/windows/win32/api/wincred/ns-wincred-credentialw
func windowsRoom(string, string) int { return 2560 }

// macRoom is what go-keyring can put on the one line that it writes to
// `security -i`, which reads 4,095 bytes of it: a line of 4,096, which go-keyring
// lets pass, stores nothing and is reported as stored.
// https://github.com/zalando/go-keyring/issues/153
func macRoom(service, account string) int {
	const longest = 4095
	line := "add-generic-password -U -s " + shellQuoted(service) + " -a " + shellQuoted(account) + " -w go-keyring-base64:\n"
	return max(0, longest-len(line)) / 4 * 3 // in base64
}

// shellQuoted quotes as go-keyring does.
func shellQuoted(word string) string {
	const plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_@%+=:,./-"
	if word != "" && strings.Trim(word, plain) == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'"'"'`) + "'"
}
