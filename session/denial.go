package session

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
)

// Denial is why a call was denied, as the document says that STS decodes a message
// to. What the document does not say is empty.
// https://docs.aws.amazon.com/cli/latest/reference/sts/decode-authorization-message.html
type Denial struct {
	Principal  string // the ARN of who called, else a name or id
	Action     string // with the service's prefix, where that is known
	Resource   string
	Allowed    bool
	Explicit   bool        // a statement denies it; else nothing allows it
	Statements []Statement // those that decided
	Context    []Condition // what was known of the call
	Failures   []string    // JSON
}

// Statement is one of a policy. A statement that names exceptions (NotAction)
// lists those as its actions.
type Statement struct {
	ID         string // its Sid
	Effect     string // "DENY" or "ALLOW"
	Actions    []string
	Resources  []string
	Conditions []Condition // without their operators
	Policy     string      // where it stands, in the rare document that says so
}

// Condition is a key with its values.
type Condition struct {
	Key    string
	Values []string
}

// ErrNoDenial is a document that does not say why a call was denied.
var ErrNoDenial = errors.New("the decoded message is in a form that is not known")

// ReadDenial reads a decoded message, whose form AWS does not promise: truth
// values may be strings, and lists may be called items or item, or hold bare
// values. Its error is ErrNoDenial.
func ReadDenial(document string) (Denial, error) {
	decoder := json.NewDecoder(strings.NewReader(document))
	decoder.UseNumber()
	var root node
	var err error
	if err = decoder.Decode(&root.value); err == nil {
		_, err = decoder.Token()
	}
	if err != io.EOF || !root.has("allowed", "explicitDeny", "context", "matchedStatements") {
		return Denial{}, ErrNoDenial
	}
	context := root.at("context")
	d := Denial{
		Principal: principal(context.at("principal")),
		Action:    context.at("action").text(),
		Resource:  context.at("resource").text(),
		Allowed:   root.at("allowed").yes(),
		Explicit:  root.at("explicitDeny").yes(),
		Context:   context.at("conditions").conditions(),
	}
	if service := d.Value("aws:Service"); len(service) == 1 && d.Action != "" && !strings.Contains(d.Action, ":") {
		d.Action = service[0] + ":" + d.Action
	}
	for _, s := range root.at("matchedStatements").items() {
		d.Statements = append(d.Statements, s.statement())
	}
	for _, f := range root.at("failures").items() {
		d.Failures = append(d.Failures, f.text())
	}
	return d, nil
}

func principal(n node) string {
	for _, key := range []string{"arn", "name", "id"} {
		if s := n.at(key).text(); s != "" {
			return s
		}
	}
	if _, isMap := n.value.(map[string]any); isMap {
		return ""
	}
	return n.text()
}

// Value is what was known of the call under a condition key; nil if nothing was.
func (d Denial) Value(key string) []string { return valueOf(d.Context, key) }

func valueOf(all []Condition, key string) []string {
	for _, c := range all {
		if strings.EqualFold(c.Key, key) { // condition keys know no case
			return c.Values
		}
	}
	return nil
}

// WithoutMFA reports that the call was made without MFA, or with an old one, and
// that this decided: a statement asks for it, or a call that nothing allows says
// of itself that it had none.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_configure-api-require.html
func (d Denial) WithoutMFA() bool {
	present := d.Value("aws:MultiFactorAuthPresent")
	without := slices.Contains(present, "false")
	for _, s := range d.Statements {
		asks := valueOf(s.Conditions, "aws:MultiFactorAuthPresent") != nil && !slices.Contains(present, "true")
		if asks || valueOf(s.Conditions, "aws:MultiFactorAuthAge") != nil {
			return true
		}
	}
	return without && !d.Explicit
}

// node is a value of JSON of which nothing is sure.
type node struct{ value any }

func (n node) at(key string) node {
	m, _ := n.value.(map[string]any)
	return node{m[key]}
}

func (n node) has(keys ...string) bool {
	m, _ := n.value.(map[string]any)
	return slices.ContainsFunc(keys, func(key string) bool { _, ok := m[key]; return ok })
}

// text is a string, number or truth value as it is, what holds one of those under
// "value", and anything else as JSON. Null is empty.
func (n node) text() string {
	switch v := n.value.(type) {
	case nil:
		return ""
	case string:
		return v
	case map[string]any:
		if inner, ok := v["value"]; ok && len(v) == 1 {
			return node{inner}.text()
		}
	}
	text, err := json.Marshal(n.value)
	if err != nil {
		return ""
	}
	return string(bytes.Trim(text, `"`))
}

func (n node) yes() bool { return strings.EqualFold(n.text(), "true") }

// items are the members of a list: of one as it is, or under "items" or "item";
// what is no list is its only member.
func (n node) items() []node {
	switch v := n.value.(type) {
	case nil:
		return nil
	case []any:
		all := make([]node, 0, len(v))
		for _, value := range v {
			all = append(all, node{value})
		}
		return all
	case map[string]any:
		for _, key := range []string{"items", "item"} {
			if _, ok := v[key]; ok {
				return n.at(key).items()
			}
		}
		if len(v) == 0 {
			return nil
		}
	}
	return []node{n}
}

func (n node) texts() []string {
	var all []string
	for _, item := range n.items() {
		if s := item.text(); s != "" {
			all = append(all, s)
		}
	}
	return all
}

func (n node) conditions() []Condition {
	var all []Condition
	for _, item := range n.items() {
		if key := item.at("key").text(); key != "" {
			all = append(all, Condition{key, append([]string{}, item.at("values").texts()...)})
		}
	}
	return all
}

func (n node) statement() Statement {
	s := Statement{
		ID: n.at("statementId").text(), Effect: strings.ToUpper(n.at("effect").text()),
		Actions: n.at("actions").texts(), Resources: n.at("resources").texts(), Conditions: n.at("conditions").conditions(),
	}
	for _, key := range []string{"sourcePolicyType", "sourcePolicyId"} { // the simulator's, which has the same form
		if v := n.at(key).text(); v != "" {
			s.Policy = strings.TrimSpace(s.Policy + " " + v)
		}
	}
	return s
}
