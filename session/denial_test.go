package session

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestReadDenial reads messages in the form of real ones. The explicit one is
// AWS's sample:
// https://docs.aws.amazon.com/cli/latest/reference/sts/decode-authorization-message.html
func TestReadDenial(t *testing.T) {
	all := []string{"*"}
	for file, test := range map[string]struct {
		want       Denial
		withoutMFA bool
	}{
		"explicit": {Denial{
			Principal: "arn:aws:sts::111122223333:assumed-role/Developer/Ana", Action: "ec2:RunInstances",
			Resource: "arn:aws:ec2:us-east-1:111122223333:instance/*", Explicit: true,
			Statements: []Statement{{ID: "VisualEditor0", Effect: "DENY", Actions: []string{"ec2:RunInstances"}, Resources: all}},
			Context: []Condition{
				{"ec2:MetadataHttpPutResponseHopLimit", []string{"2"}}, {"ec2:InstanceMarketType", []string{"on-demand"}},
				{"aws:Resource", []string{"instance/*"}}, {"aws:Account", []string{"111122223333"}}, {"aws:Service", []string{"ec2"}},
			},
		}, false},
		"implicit": {Denial{
			Principal: "arn:aws:iam::111122223333:user/bob", Action: "ec2:DescribeInstances", Resource: "*",
			Context: []Condition{{"aws:Region", []string{"eu-west-1"}}},
		}, false},
		"mfa": {Denial{
			Principal: "arn:aws:iam::111122223333:user/admin", Action: "ec2:RunInstances",
			Resource: "arn:aws:ec2:us-east-1:111122223333:instance/*", Explicit: true,
			Statements: []Statement{{ID: "MustBeSignedInWithMFA", Effect: "DENY", Resources: all,
				Actions: []string{"sts:GetSessionToken", "iam:ResyncMFADevice", "iam:ListVirtualMFADevices", "iam:ListUsers",
					"iam:ListMFADevices", "iam:EnableMFADevice", "iam:CreateVirtualMFADevice"},
				Conditions: []Condition{{"aws:MultiFactorAuthPresent", []string{"false"}}}}},
			Context: []Condition{{"ec2:InstanceType", []string{"t2.micro"}}, {"aws:Service", []string{"ec2"}}},
		}, true},
		"organization": {Denial{
			Principal: "arn:aws:sts::111122223333:assumed-role/Dev/ana", Action: "ec2:CreateVpc",
			Resource: "arn:aws:ec2:us-east-1:111122223333:vpc/*", Explicit: true,
		}, false},
	} {
		text, err := os.ReadFile(filepath.Join("testdata", "denial-"+file+".json"))
		if err != nil {
			t.Fatal(err)
		}
		got, err := ReadDenial(string(text))
		if diff := cmp.Diff(test.want, got); diff != "" || err != nil || got.WithoutMFA() != test.withoutMFA {
			t.Errorf("%s: %v, without MFA %v\n%s", file, err, got.WithoutMFA(), diff)
		}
	}
}

// TestReadDenialLeniently: the sample of STS's own model has truth values as
// strings and lists called item; a document may come with any of it.
func TestReadDenialLeniently(t *testing.T) {
	for _, document := range []string{
		`{"allowed":"false","explicitDeny":"true","matchedStatements":{"item":{"statementId":"S","effect":"Deny","actions":"ec2:*","resources":["*"]}},"context":{"principal":{"name":"Bob"},"action":"ec2:StopInstances","resource":"r","conditions":{"item":[{"key":"aws:Account","values":{"item":[{"value":"1"}]}}]}}}`,
		`{"allowed":false,"explicitDeny":true,"matchedStatements":[{"statementId":"S","effect":"DENY","actions":["ec2:*"],"resources":{"items":["*"]}}],"context":{"principal":"Bob","action":"StopInstances","resource":"r","conditions":[{"key":"aws:Account","values":1},{"key":"aws:Service","values":["ec2"]}]},"more":[{}]}`,
	} {
		d, err := ReadDenial(document)
		if err != nil || d.Principal != "Bob" || d.Action != "ec2:StopInstances" || d.Resource != "r" || d.Allowed || !d.Explicit ||
			len(d.Statements) != 1 || d.Statements[0].ID != "S" || d.Statements[0].Effect != "DENY" ||
			!cmp.Equal(d.Statements[0].Actions, []string{"ec2:*"}) || !cmp.Equal(d.Statements[0].Resources, []string{"*"}) ||
			!cmp.Equal(d.Value("AWS:account"), []string{"1"}) {
			t.Errorf("%+v, %v", d, err)
		}
	}
	for _, document := range []string{"", "null", "[]", "{}", `"x"`, "1", "{", `{"context":{}} x`, `{"other":1}`} {
		if d, err := ReadDenial(document); err != ErrNoDenial {
			t.Errorf("%q: %+v, %v", document, d, err)
		}
	}
}

func TestWithoutMFA(t *testing.T) {
	deny := func(key string) []Statement {
		return []Statement{{Effect: "DENY", Conditions: []Condition{{key, []string{}}}}}
	}
	with := func(v string) []Condition { return []Condition{{"aws:MultiFactorAuthPresent", []string{v}}} }
	for name, test := range map[string]struct {
		d    Denial
		want bool
	}{
		"long-term key, a statement asks": {Denial{Explicit: true, Statements: deny("aws:multifactorauthpresent")}, true},
		"session without MFA":             {Denial{Explicit: true, Statements: deny("aws:MultiFactorAuthPresent"), Context: with("false")}, true},
		"session with MFA":                {Denial{Explicit: true, Statements: deny("aws:MultiFactorAuthPresent"), Context: with("true")}, false},
		"MFA too long ago":                {Denial{Explicit: true, Statements: deny("aws:MultiFactorAuthAge"), Context: with("true")}, true},
		"nothing allows it without MFA":   {Denial{Context: with("false")}, true},
		"nothing allows it with MFA":      {Denial{Context: with("true")}, false},
		"another statement":               {Denial{Explicit: true, Statements: deny("aws:RequestedRegion"), Context: with("false")}, false},
	} {
		if got := test.d.WithoutMFA(); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func FuzzReadDenial(f *testing.F) {
	for _, file := range []string{"explicit", "implicit", "mfa", "organization"} {
		text, err := os.ReadFile(filepath.Join("testdata", "denial-"+file+".json"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Add(`{"context":{"conditions":{"items":{"item":{"key":{"value":1}}}}},"matchedStatements":[[null]]}`)
	f.Fuzz(func(t *testing.T, document string) {
		d, err := ReadDenial(document)
		if err != nil && err != ErrNoDenial {
			t.Errorf("%v", err)
		}
		d.WithoutMFA()
		for _, c := range d.Context {
			if c.Key == "" || d.Value(c.Key) == nil {
				t.Errorf("%q is not found again", c.Key)
			}
		}
	})
}
