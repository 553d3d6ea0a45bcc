package stsim_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"daypass/internal/stsim"
)

func (p *place) signin(form url.Values) answer {
	p.t.Helper()
	r, err := http.NewRequest(http.MethodPost, p.url+"/federation", strings.NewReader(form.Encode()))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return p.send(r)
}

func session(by signer) string {
	text, _ := json.Marshal(map[string]string{"sessionId": by.AccessKeyID, "sessionKey": by.SecretAccessKey, "sessionToken": by.SessionToken})
	return string(text)
}

func TestSignin(t *testing.T) {
	p := newPlace(t)
	p.AddRole(stsim.Role{ARN: devARN})
	role := p.session(p.role(p.user, devARN))
	federated := p.session(p.sts(p.user, "GetFederationToken", "Name", "bob"))
	token := func(by signer) url.Values {
		return url.Values{"Action": {"getSigninToken"}, "SessionType": {"json"}, "Session": {session(by)}}
	}
	for _, by := range []signer{role, federated} {
		var got struct{ SigninToken string }
		if err := json.Unmarshal([]byte(p.signin(token(by)).granted(t).body), &got); err != nil || got.SigninToken == "" {
			t.Fatalf("%v: %+v", err, got)
		}
		const page = "https://console.aws.amazon.com/"
		login := url.Values{"Action": {"login"}, "Destination": {page}, "SigninToken": {got.SigninToken}}
		if got := p.signin(login); got.status != http.StatusFound || got.header.Get("Location") != page {
			t.Errorf("login: %d %v", got.status, got.header)
		}
		login.Set("SigninToken", "other")
		if got := p.signin(login); got.status != http.StatusBadRequest {
			t.Errorf("login with another token: %d", got.status)
		}
	}
	wrong := role
	wrong.SecretAccessKey += "x"
	longer := token(role)
	longer.Set("SessionDuration", "43200")
	for name, form := range map[string]url.Values{
		"session": token(p.mfaSession()), "long-term": token(p.user), "wrong secret": token(wrong), "duration": longer, "nothing": {},
	} {
		if got := p.signin(form); got.status != http.StatusBadRequest {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
}

// TestDeniedByEC2: each reason has its words and its decoded form.
func TestDeniedByEC2(t *testing.T) {
	for name, test := range map[string]struct {
		user      stsim.User
		explicit  bool
		tail, has string
	}{
		"nothing allows it": {user: stsim.User{Denied: []string{"ec2:*"}}, tail: "because no identity-based policy allows the ec2:RunInstances action"},
		"without MFA":       {user: stsim.User{DeniedWithoutMFA: []string{"ec2:*"}}, explicit: true, tail: "with an explicit deny in an identity-based policy", has: "aws:MultiFactorAuthPresent"},
		"organization":      {user: stsim.User{DeniedByOrganization: []string{"ec2:*"}}, explicit: true, tail: "with an explicit deny in a service control policy"},
	} {
		p := newPlace(t)
		test.user.Account, test.user.Name = "111111111111", "eva"
		eva := longTerm(p.AddUser(test.user))
		got := p.query(eva, "ec2", "2016-11-15", "RunInstances", nil)
		text := got.text("Message")
		_, encoded, ok := strings.Cut(text, test.tail+". Encoded authorization failure message: ")
		if got.status != 403 || got.text("Code") != "UnauthorizedOperation" || !ok {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
		decoded := p.sts(p.user, "DecodeAuthorizationMessage", "EncodedMessage", encoded).granted(t).text("DecodedMessage")
		var message struct {
			ExplicitDeny bool
			Context      struct{ Principal struct{ Name string } }
		}
		if err := json.Unmarshal([]byte(decoded), &message); err != nil || message.ExplicitDeny != test.explicit ||
			message.Context.Principal.Name != "eva" || !strings.Contains(decoded, test.has) {
			t.Errorf("%s: %v %s", name, err, decoded)
		}
	}
}
