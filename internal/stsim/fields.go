package stsim

import (
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// limit is what the service model says of a parameter (botocore's sts/2011-06-15/service-2.json). Lengths are in
// characters; an empty pattern allows all. The name is that on the wire, or of the field of a list's member.
type limit struct {
	name     string
	min, max int
	pattern  string
}

const (
	namePattern   = `[\w+=,.@-]*`
	policyPattern = `[\u0009\u000A\u000D\u0020-\u00FF]+`
)

var (
	roleARNLimit     = limit{"RoleArn", 20, 2048, ""}
	sessionNameLimit = limit{"RoleSessionName", 2, 64, namePattern}
	sourceLimit      = limit{"SourceIdentity", 2, 64, namePattern}
	externalIDLimit  = limit{"ExternalId", 2, 1224, `[\w+=,.@:\/-]*`}
	serialLimit      = limit{"SerialNumber", 9, 256, `[\w+=/:,.@-]*`}
	tokenCodeLimit   = limit{"TokenCode", 6, 6, `[\d]*`}
	policyLimit      = limit{"Policy", 1, 2048, policyPattern}
	federatedLimit   = limit{"Name", 2, 32, namePattern}
	messageLimit     = limit{"EncodedMessage", 1, 10240, ""}
	accessKeyLimit   = limit{"AccessKeyId", 16, 128, `[\w]*`}
	tagKeyLimit      = limit{"Key", 1, 128, `[\p{L}\p{Z}\p{N}_.:/=+\-@]+`}
	tagValueLimit    = limit{"Value", 0, 256, `[\p{L}\p{Z}\p{N}_.:/=+\-@]*`}
	policyARNLimit   = limit{"arn", 20, 2048, ""}
	transitiveLimit  = limit{"", 1, 128, tagKeyLimit.pattern}
)

// patterns are the compiled patterns of the limits, by their text.
var patterns = compilePatterns(sessionNameLimit, externalIDLimit, serialLimit, tokenCodeLimit, policyLimit, accessKeyLimit, tagKeyLimit, tagValueLimit)

// compilePatterns compiles Java's patterns, which write a character as \uXXXX.
func compilePatterns(limits ...limit) map[string]*regexp.Regexp {
	character := regexp.MustCompile(`\\u([0-9A-F]{4})`)
	all := map[string]*regexp.Regexp{}
	for _, l := range limits {
		all[l.pattern] = regexp.MustCompile(`\A(?:` + character.ReplaceAllString(l.pattern, `\x{$1}`) + `)\z`)
	}
	return all
}

// fields checks the parameters of a call, and collects what is wrong: AWS tells all of it in one message.
type fields struct {
	form  url.Values
	wrong []string
}

// need checks a parameter that must be there.
func (f *fields) need(l limit) string {
	return f.needAt(l.name, l)
}

// may checks a parameter that may be there; "" if it is not.
func (f *fields) may(l limit) string {
	return f.at(l.name, l)
}

// needAt is need for a parameter of another name.
func (f *fields) needAt(name string, l limit) string {
	if !f.form.Has(name) {
		f.wrong = append(f.wrong, fmt.Sprintf("Value null at '%s' failed to satisfy constraint: Member must not be null", fieldPath(name)))
		return ""
	}
	return f.at(name, l)
}

// at is may for a parameter of another name, such as a list's member.
func (f *fields) at(name string, l limit) string {
	if !f.form.Has(name) {
		return ""
	}
	value := f.form.Get(name)
	if l.pattern != "" && !patterns[l.pattern].MatchString(value) {
		f.fail(name, value, "satisfy regular expression pattern: "+l.pattern)
	}
	length := utf8.RuneCountInString(value)
	if length < l.min {
		f.fail(name, value, fmt.Sprintf("have length greater than or equal to %d", l.min))
	}
	if length > l.max {
		f.fail(name, value, fmt.Sprintf("have length less than or equal to %d", l.max))
	}
	return value
}

// number checks an integer that may be there.
func (f *fields) number(name string, least, most, fallback int) int {
	if !f.form.Has(name) {
		return fallback
	}
	text := f.form.Get(name)
	n, err := strconv.Atoi(text)
	switch {
	case err != nil:
		f.fail(name, text, "be an integer") // the text is a guess
	case n < least:
		f.fail(name, text, fmt.Sprintf("have value greater than or equal to %d", least))
	case n > most:
		f.fail(name, text, fmt.Sprintf("have value less than or equal to %d", most))
	}
	return n
}

// members are the values of the named field of a list's members, in their order; more than most are refused.
func (f *fields) members(list string, l limit, most int) []string {
	var values []string
	for n := 1; f.form.Has(memberName(list, n, l.name)); n++ {
		values = append(values, f.at(memberName(list, n, l.name), l))
	}
	if len(values) > most {
		f.fail(list, "["+strings.Join(values, ", ")+"]", fmt.Sprintf("have length less than or equal to %d", most))
	}
	return values
}

func (f *fields) fail(name, value, must string) {
	f.wrong = append(f.wrong, fmt.Sprintf("Value '%s' at '%s' failed to satisfy constraint: Member must %s", value, fieldPath(name), must))
}

// refusal is the collected ValidationError, nil if nothing is wrong (vaulted#138, aws-cli#4094).
func (f *fields) refusal() *failure {
	count := "1 validation error"
	switch n := len(f.wrong); n {
	case 0:
		return nil
	case 1:
	default:
		count = fmt.Sprintf("%d validation errors", n)
	}
	return invalid(count + " detected: " + strings.Join(f.wrong, "; "))
}

func invalid(text string) *failure {
	return &failure{400, "ValidationError", text}
}

// fieldPath is how a validation error names a parameter: "RoleArn" is roleArn, "Tags.member.1.Key" tags.1.member.key.
func fieldPath(name string) string {
	parts := strings.Split(name, ".")
	for i, part := range parts {
		if part != "" {
			parts[i] = strings.ToLower(part[:1]) + part[1:]
		}
	}
	if len(parts) > 2 && parts[1] == "member" {
		parts[1], parts[2] = parts[2], parts[1]
	}
	return strings.Join(parts, ".")
}

// memberName is the wire name of a field of a list's member, counted from 1.
func memberName(list string, n int, leaf string) string {
	name := list + ".member." + strconv.Itoa(n)
	if leaf != "" {
		name += "." + leaf
	}
	return name
}
