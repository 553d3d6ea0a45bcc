package stsim

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// bodyLimit is more than any request of STS or IAM has.
const bodyLimit = 1 << 20

// request is what arrived, with its parameters and signature read. sig is nil if there is none, and then unsigned says
// how AWS refuses that.
type request struct {
	http     *http.Request
	body     []byte
	form     url.Values
	action   string
	sig      *signature
	unsigned *failure
}

// readRequest reads a request; an error means that its body did not arrive.
func readRequest(r *http.Request) (*request, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, bodyLimit))
	if err != nil {
		return nil, err
	}
	in := &request{http: r, body: body}
	in.form = readForm(r, body)
	in.action = readAction(r, in.form)
	in.sig, in.unsigned = readSignature(r)
	return in, nil
}

// readForm has the query's and a form body's parameters. What cannot be read is left out.
func readForm(r *http.Request, body []byte) url.Values {
	form, _ := url.ParseQuery(r.URL.RawQuery)
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		posted, _ := url.ParseQuery(string(body))
		for name, values := range posted {
			form[name] = values
		}
	}
	return form
}

func readAction(r *http.Request, form url.Values) string {
	if action := form.Get("Action"); action != "" {
		return action
	}
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		return target[strings.LastIndexByte(target, '.')+1:]
	}
	return r.Method + " " + r.URL.Path
}

func readSignature(r *http.Request) (*signature, *failure) {
	query, _ := url.ParseQuery(r.URL.RawQuery)
	header := r.Header.Get("Authorization")
	switch {
	case header != "":
		return readHeaderSignature(r, header)
	case query.Has("X-Amz-Signature"):
		return readQuerySignature(query)
	}
	return nil, &failure{403, "MissingAuthenticationToken", "Request is missing Authentication Token"}
}

// readHeaderSignature reads "AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…", and refuses in the words
// seen in jenkinsci/aws-credentials-plugin#72 and amazonka#316.
func readHeaderSignature(r *http.Request, header string) (*signature, *failure) {
	name, rest, _ := strings.Cut(header, " ")
	given := map[string]string{}
	words := strings.FieldsFunc(rest, func(c rune) bool { return c == ',' || c == ' ' || c == '\t' })
	for _, word := range words {
		key, value, ok := strings.Cut(word, "=")
		if !ok || key == "" {
			return nil, incompleteSignature("'%s' not a valid key=value pair (missing equal-sign) in Authorization header: '%s'.", word, header)
		}
		given[key] = value
	}
	missing := ""
	for _, part := range []string{"Credential", "Signature", "SignedHeaders"} {
		if given[part] == "" {
			missing += "Authorization header requires '" + part + "' parameter. "
		}
	}
	date := r.Header.Get("X-Amz-Date")
	if date == "" {
		date = r.Header.Get("Date")
	}
	if date == "" {
		missing += "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "
	}
	switch {
	case missing != "":
		return nil, incompleteSignature("%sAuthorization=%s", missing, name)
	case name != algorithm:
		return nil, unsupported(name)
	}
	sig := &signature{
		signedHeaders: strings.Split(given["SignedHeaders"], ";"),
		value:         given["Signature"],
		token:         r.Header.Get("X-Amz-Security-Token"),
	}
	return sig.complete(given["Credential"], date)
}

// readQuerySignature reads a presigned URL. STS lets it live 15 minutes whatever X-Amz-Expires says
// (aws-iam-authenticator, pkg/token).
func readQuerySignature(query url.Values) (*signature, *failure) {
	missing := ""
	for _, part := range []string{"Algorithm", "Credential", "Date", "SignedHeaders"} {
		if query.Get("X-Amz-"+part) == "" {
			missing += "AWS query-string parameters must include 'X-Amz-" + part + "'. "
		}
	}
	switch {
	case missing != "":
		return nil, incompleteSignature("%sRe-examine the query-string parameters.", missing)
	case query.Get("X-Amz-Algorithm") != algorithm:
		return nil, unsupported(query.Get("X-Amz-Algorithm"))
	}
	sig := &signature{
		signedHeaders: strings.Split(query.Get("X-Amz-SignedHeaders"), ";"),
		value:         query.Get("X-Amz-Signature"),
		token:         query.Get("X-Amz-Security-Token"),
		presigned:     true,
	}
	return sig.complete(query.Get("X-Amz-Credential"), query.Get("X-Amz-Date"))
}

// complete reads the credential scope and the date into the signature.
func (sig *signature) complete(credential, date string) (*signature, *failure) {
	parts := strings.Split(credential, "/")
	if len(parts) != 5 || slices.Contains(parts, "") {
		return nil, incompleteSignature("Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '%s'", credential)
	}
	sig.accessKeyID, sig.day, sig.region, sig.service, sig.end = parts[0], parts[1], parts[2], parts[3], parts[4]
	at, err := readDate(date)
	if err != nil {
		return nil, incompleteSignature("Date must be in ISO-8601 'basic format'. Got '%s'. See http://en.wikipedia.org/wiki/ISO_8601", date)
	}
	sig.at = at.UTC()
	return sig, nil
}

// readDate reads X-Amz-Date, or a Date header in one of HTTP's formats or as mail writes it, as botocore does.
func readDate(date string) (time.Time, error) {
	if at, err := time.Parse(basicFormat, date); err == nil {
		return at, nil
	}
	if at, err := http.ParseTime(date); err == nil {
		return at, nil
	}
	return time.Parse(time.RFC1123Z, date)
}

func unsupported(algorithm string) *failure {
	return incompleteSignature("Unsupported AWS 'algorithm': '%s'", algorithm)
}

// incompleteSignature has status 400 as CommonErrors says and SES showed (amazonka#316).
func incompleteSignature(format string, args ...any) *failure {
	return &failure{400, "IncompleteSignature", fmt.Sprintf(format, args...)}
}
