package keyring

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// The item under the account of a split value is its head, a text such as
//
//	daypass-split-1:a:3:300:ba6ab297dbb2bcbc66d54fb768e01920acb58b5552455834f4563807cbd46efb
//
// of version, generation, number of parts, and length and SHA-256 of the value.
// The parts lie under ACCOUNT.part-a1 to ACCOUNT.part-a3 as they are. This never
// changes: another format gets another version, which this one takes for a miss.
const (
	headPrefix  = "daypass-split-"
	headVersion = headPrefix + "1:"
)

type head struct {
	generation    byte // 'a' or 'b'
	parts, length int
	sum           [sha256.Size]byte
}

func (h head) String() string {
	return fmt.Sprintf("%s%c:%d:%d:%x", headVersion, h.generation, h.parts, h.length, h.sum)
}

// decodeHead is not ok unless text is exactly what String writes.
func decodeHead(text string) (h head, ok bool) {
	rest, _ := strings.CutPrefix(text, headVersion)
	fields := strings.Split(rest, ":")
	if len(fields) != 4 || fields[0] != "a" && fields[0] != "b" {
		return head{}, false
	}
	h.generation = fields[0][0]
	h.parts, _ = strconv.Atoi(fields[1])
	h.length, _ = strconv.Atoi(fields[2])
	sum, _ := hex.DecodeString(fields[3])
	copy(h.sum[:], sum)
	if h.parts < 1 || h.parts > maxParts || h.length < 0 || h.String() != text {
		return head{}, false
	}
	return h, true
}
