package stsim

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strconv"
)

// tokenPrefix is how session tokens of regional endpoints begin.
const tokenPrefix = "FwoGZXIvYXdzE"

// newAccessKeyID is a key id of the given kind ("AKIA", "ASIA"). Behind the kind stand 80 bits in base32 of which bits 1
// to 40 are the account, as in AWS's ids since 2019 (GetAccessKeyInfo reads them).
func newAccessKeyID(kind, account string) string {
	raw := randomBytes(10)
	number, err := strconv.ParseUint(account, 10, 40)
	if err != nil {
		number = 0
	}
	head := uint64(1)<<47 | number<<7 | uint64(raw[5]&0x7f)
	var wide [8]byte
	binary.BigEndian.PutUint64(wide[:], head)
	copy(raw, wide[2:])
	return kind + base32.StdEncoding.EncodeToString(raw)
}

// accountOf reads the account out of an access key id.
func accountOf(accessKeyID string) (string, bool) {
	if len(accessKeyID) != 20 {
		return "", false
	}
	raw, err := base32.StdEncoding.DecodeString(accessKeyID[4:])
	if err != nil {
		return "", false
	}
	head := binary.BigEndian.Uint64(append([]byte{0, 0}, raw[:6]...))
	account := strconv.FormatUint(head>>7&(1<<40-1), 10)
	for len(account) < 12 {
		account = "0" + account
	}
	return account, true
}

// newUniqueID is an IAM unique id of the given kind ("AIDA", "AROA"), 21 characters.
func newUniqueID(kind string) string {
	return kind + base32.StdEncoding.EncodeToString(randomBytes(11))[:17]
}

func newSecret() string {
	return base64.StdEncoding.EncodeToString(randomBytes(30))
}

// newToken is a session token of n bytes, or of the least that still tells tokens apart.
func newToken(n int) string {
	n = max(n, len(tokenPrefix)+32)
	return (tokenPrefix + base64.StdEncoding.EncodeToString(randomBytes(n)))[:n]
}

// newRequestID is a random UUID.
func newRequestID() string {
	raw := randomBytes(16)
	raw[6] = raw[6]&0x0f | 0x40
	raw[8] = raw[8]&0x3f | 0x80
	id := hex.EncodeToString(raw)
	return id[:8] + "-" + id[8:12] + "-" + id[12:16] + "-" + id[16:20] + "-" + id[20:]
}

func randomBytes(n int) []byte {
	raw := make([]byte, n)
	_, _ = rand.Read(raw) // never fails, since Go 1.24
	return raw
}
