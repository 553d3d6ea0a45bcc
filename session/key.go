package session

import (
	"strconv"
	"strings"

	"daypass/profile"
)

// key is the canonical text that names the cache entry of the last of steps:
// whatever shapes its credentials is in it, each part with its length so that no
// two lists read the same. Neither region nor the duration of an MFA session
// is: tokens of a regional endpoint work in the whole partition, and every
// profile of a device shares its session.
func key(w Want, steps []Step) string {
	var b strings.Builder
	part := func(parts ...string) {
		for _, s := range parts {
			b.WriteString(strconv.Itoa(len(s)))
			b.WriteByte(':')
			b.WriteString(s)
		}
	}
	list := func(parts ...string) {
		b.WriteString(strconv.Itoa(len(parts)))
		b.WriteByte('#')
		part(parts...)
	}
	part("1", w.Network.Partition, w.Network.keyed(), keyKind(w.Base.Kind), w.Base.ID)
	for _, s := range steps {
		duration := int64(0)
		if s.Call != GetSessionToken {
			duration = int64(s.Duration.Seconds())
		}
		part(s.Call, s.Serial, s.RoleARN, s.ExternalID, s.SessionName, strconv.FormatInt(duration, 10), s.SourceIdentity, s.Policy)
		tags := make([]string, 0, 2*len(s.Tags))
		for _, t := range s.Tags {
			tags = append(tags, t.Key, t.Value)
		}
		list(tags...)
		list(s.TransitiveTags...)
		list(s.PolicyARNs...)
	}
	return b.String()
}

// keyKind is one for all places where an access key may lie: moving it to another
// costs nobody a code.
func keyKind(k profile.Kind) string {
	switch k {
	case profile.Keyring, profile.ConfigFile:
		k = profile.CredentialsFile
	}
	return string(k)
}
