package stsim

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// What a Signature Version 4 is made of: IAM User Guide, "Create a signed AWS API request".
const (
	algorithm   = "AWS4-HMAC-SHA256"
	terminator  = "aws4_request"
	basicFormat = "20060102T150405Z"
)

// signature is what a request says about its signature, in the Authorization header or in the query of a presigned URL.
type signature struct {
	accessKeyID, day, region, service string // the credential scope
	end                               string // the scope's last part
	signedHeaders                     []string
	value                             string
	at                                time.Time
	token                             string
	presigned                         bool
}

// scope is the credential scope without the key.
func (sig *signature) scope() string {
	return strings.Join([]string{sig.day, sig.region, sig.service, sig.end}, "/")
}

// matches recomputes the signature with the secret.
func (sig *signature) matches(secret string, r *http.Request, body []byte) bool {
	payload, ok := payloadHash(sig, r.Header, body)
	if !ok {
		return false
	}
	request := strings.Join([]string{
		r.Method,
		canonicalPath(r.URL.EscapedPath(), sig.service),
		canonicalQuery(r.URL.RawQuery),
		canonicalHeaders(r, sig.signedHeaders),
		strings.Join(sig.signedHeaders, ";"),
		payload,
	}, "\n")
	toSign := strings.Join([]string{algorithm, sig.at.Format(basicFormat), sig.scope(), hexSHA256([]byte(request))}, "\n")
	key := []byte("AWS4" + secret)
	for _, part := range []string{sig.day, sig.region, sig.service, sig.end} {
		key = hmacSHA256(key, part)
	}
	want := hex.EncodeToString(hmacSHA256(key, toSign))
	return hmac.Equal([]byte(want), []byte(sig.value))
}

// payloadHash is the last line of the canonical request. A client may state it in x-amz-content-sha256, as a hash, which
// must then be the body's, or as one of S3's words ("UNSIGNED-PAYLOAD", "STREAMING-…").
func payloadHash(sig *signature, header http.Header, body []byte) (string, bool) {
	sum := hexSHA256(body)
	stated := header.Get("X-Amz-Content-Sha256")
	switch {
	case stated == "UNSIGNED-PAYLOAD", strings.HasPrefix(stated, "STREAMING-"):
		return stated, true
	case stated != "":
		return stated, strings.EqualFold(stated, sum)
	case sig.presigned && sig.service == "s3":
		return "UNSIGNED-PAYLOAD", true
	}
	return sum, true
}

// canonicalPath encodes a path, which came encoded, once more and without dot segments; S3 does neither.
func canonicalPath(escaped, service string) string {
	if service == "s3" {
		raw, err := url.PathUnescape(escaped)
		if err != nil {
			raw = escaped
		}
		return orSlash(uriEncode(raw, "/"))
	}
	var kept []string
	for part := range strings.SplitSeq(escaped, "/") {
		switch part {
		case "", ".":
		case "..":
			kept = kept[:max(len(kept)-1, 0)]
		default:
			kept = append(kept, part)
		}
	}
	clean := "/" + strings.Join(kept, "/")
	if len(kept) > 0 && strings.HasSuffix(escaped, "/") {
		clean += "/"
	}
	return uriEncode(clean, "/")
}

// canonicalQuery sorts the encoded parameters by name, then value. The signature itself is none of them.
func canonicalQuery(raw string) string {
	type parameter struct{ name, value string }
	var all []parameter
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		p := parameter{uriEncode(queryUnescape(name), ""), uriEncode(queryUnescape(value), "")}
		if p.name != "X-Amz-Signature" {
			all = append(all, p)
		}
	}
	slices.SortFunc(all, func(a, b parameter) int {
		if byName := strings.Compare(a.name, b.name); byName != 0 {
			return byName
		}
		return strings.Compare(a.value, b.value)
	})
	lines := make([]string, len(all))
	for i, p := range all {
		lines[i] = p.name + "=" + p.value
	}
	return strings.Join(lines, "&")
}

func queryUnescape(s string) string {
	plain, err := url.QueryUnescape(s)
	if err != nil {
		return s
	}
	return plain
}

// canonicalHeaders are the signed headers in the order of the list: lower case, trimmed, runs of blanks as one, the
// values of a repeated header joined by commas in the order received.
func canonicalHeaders(r *http.Request, names []string) string {
	var b strings.Builder
	for _, name := range names {
		values := slices.Clone(headerValues(r, name))
		for i, value := range values {
			values[i] = strings.Join(strings.Fields(value), " ")
		}
		b.WriteString(name + ":" + strings.Join(values, ",") + "\n")
	}
	return b.String()
}

// headerValues looks also where net/http keeps the headers that are not in the map: Host of any request, Content-Length
// of one that was made and not read.
func headerValues(r *http.Request, name string) []string {
	values := r.Header.Values(name)
	switch {
	case name == "host":
		return []string{r.Host}
	case name == "content-length" && values == nil:
		return []string{strconv.FormatInt(r.ContentLength, 10)}
	}
	return values
}

// uriEncode encodes every byte but RFC 3986's unreserved characters and those in keep.
func uriEncode(s, keep string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		switch {
		case 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z', '0' <= c && c <= '9',
			strings.IndexByte("-_.~", c) >= 0, strings.IndexByte(keep, c) >= 0:
			b.WriteByte(c)
		default:
			b.Write([]byte{'%', digits[c>>4], digits[c&15]})
		}
	}
	return b.String()
}

func hexSHA256(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

func hmacSHA256(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}
