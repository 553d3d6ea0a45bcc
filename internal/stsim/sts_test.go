package stsim_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"daypass/internal/stsim"
)

const (
	wrongCode   = "MultiFactorAuthentication failed with invalid MFA one time pass code."
	wrongSerial = "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user."
	halfMFA     = "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code."
)

// TestWireForm holds the shape that every client parses.
func TestWireForm(t *testing.T) {
	p := newPlace(t)
	got := p.sts(p.user, "GetCallerIdentity").granted(t)
	id := got.header.Get("X-Amzn-Requestid")
	want := `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <GetCallerIdentityResult>
    <Arn>` + anaARN + `</Arn>
    <UserId>` + got.text("UserId") + `</UserId>
    <Account>111111111111</Account>
  </GetCallerIdentityResult>
  <ResponseMetadata>
    <RequestId>` + id + `</RequestId>
  </ResponseMetadata>
</GetCallerIdentityResponse>
`
	if got.body != want {
		t.Errorf("got\n%s\nwant\n%s", got.body, want)
	}
	if user := got.text("UserId"); len(user) != 21 || !strings.HasPrefix(user, "AIDA") {
		t.Errorf("UserId %s", user)
	}
	if len(id) != 36 || got.header.Get("Content-Type") != "text/xml" || got.header.Get("Date") == "" {
		t.Errorf("headers: %v", got.header)
	}

	got = p.sts(p.user, "GetSessionToken", "TokenCode", "123456")
	want = `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <Error>
    <Type>Sender</Type>
    <Code>AccessDenied</Code>
    <Message>` + halfMFA + `</Message>
  </Error>
  <RequestId>` + got.header.Get("X-Amzn-Requestid") + `</RequestId>
</ErrorResponse>
`
	if got.status != http.StatusForbidden || got.body != want {
		t.Errorf("got %d\n%s\nwant\n%s", got.status, got.body, want)
	}
}

func TestMFARefusals(t *testing.T) {
	p := newPlace(t)
	const hardware, fido = "GAHT12345678", "arn:aws:iam::111111111111:u2f/user/ana/key-1"
	bob := "arn:aws:iam::111111111111:mfa/bob"
	root := longTerm(p.AddUser(stsim.User{Account: account, Root: true}))
	p.AddDevice(anaARN, hardware, []byte("another seed"))
	p.AddDevice(anaARN, fido, []byte("a third seed"))
	p.AddDevice("arn:aws:iam::111111111111:user/bob", bob, []byte("bob's seed"))
	p.AddDevice("arn:aws:iam::111111111111:root", "arn:aws:iam::111111111111:mfa/root-account-mfa-device", []byte("root's seed"))
	session := p.mfaSession()
	used := p.Code(serial)
	p.sts(p.user, "GetSessionToken", "SerialNumber", serial, "TokenCode", used).granted(t)
	tests := []struct {
		name         string
		by           signer
		serial, code string
		message      string // "" if accepted
	}{
		{"right", p.user, serial, p.Code(serial), ""},
		{"used", p.user, serial, used, wrongCode},
		{"of another device", p.user, serial, p.Code(hardware), wrongCode},
		{"hardware serial", p.user, hardware, p.Code(hardware), ""},
		{"unknown serial", p.user, serial + "2", "123456", wrongSerial},
		{"user ARN for serial", p.user, anaARN, "123456", wrongSerial},
		{"somebody else's device", p.user, bob, p.Code(bob), wrongSerial},
		{"FIDO key", p.user, fido, p.Code(fido), wrongSerial},
		{"root's device", root, "arn:aws:iam::111111111111:mfa/root-account-mfa-device", p.Code("arn:aws:iam::111111111111:mfa/root-account-mfa-device"), wrongSerial},
		{"serial alone", p.user, serial, "", halfMFA},
		{"code alone", p.user, "", "123456", halfMFA},
		{"session with a code", session, serial, p.Code(serial), "Cannot call GetSessionToken with session credentials"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := p.on(t)
			var pairs []string
			if tt.serial != "" {
				pairs = append(pairs, "SerialNumber", tt.serial)
			}
			if tt.code != "" {
				pairs = append(pairs, "TokenCode", tt.code)
			}
			got := p.sts(tt.by, "GetSessionToken", pairs...)
			if tt.message == "" {
				got.granted(t)
				return
			}
			got.want(t, 403, "AccessDenied", tt.message)
		})
	}
}

func TestRefusedCallsAndCodes(t *testing.T) {
	p := newPlace(t)
	code := p.Code(serial)
	p.sts(p.user, "GetSessionToken", "SerialNumber", serial, "TokenCode", code, "DurationSeconds", "1").want(t, 400, "ValidationError",
		"1 validation error detected: Value '1' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900")
	wrong := p.user
	wrong.SecretAccessKey = "x"
	if got := p.sts(wrong, "GetSessionToken", "SerialNumber", serial, "TokenCode", code); got.code != "SignatureDoesNotMatch" {
		t.Errorf("wrong secret: %s", got.code)
	}
	if p.Code(serial) != code {
		t.Error("a call that did not get as far as the code used it up")
	}
	p.role(p.user, devARN+"x", "SerialNumber", serial, "TokenCode", code).want(t, 403, "AccessDenied",
		"User: "+anaARN+" is not authorized to perform: sts:AssumeRole on resource: "+devARN+"x")
	p.sts(p.user, "GetSessionToken", "SerialNumber", serial, "TokenCode", code).want(t, 403, "AccessDenied", wrongCode)
}

func TestFieldChecks(t *testing.T) {
	p := newPlace(t)
	one := "1 validation error detected: Value '"
	tests := []struct {
		name, action string
		pairs        []string
		message      string
	}{
		{"code with a letter", "GetSessionToken", []string{"SerialNumber", serial, "TokenCode", "12345a"},
			one + `12345a' at 'tokenCode' failed to satisfy constraint: Member must satisfy regular expression pattern: [\d]*`},
		{"long code with a blank", "GetSessionToken", []string{"SerialNumber", serial, "TokenCode", "123 456"},
			`2 validation errors detected: Value '123 456' at 'tokenCode' failed to satisfy constraint: Member must satisfy regular expression pattern: [\d]*; Value '123 456' at 'tokenCode' failed to satisfy constraint: Member must have length less than or equal to 6`},
		{"short code", "GetSessionToken", []string{"SerialNumber", serial, "TokenCode", "12345"},
			one + "12345' at 'tokenCode' failed to satisfy constraint: Member must have length greater than or equal to 6"},
		{"short serial", "GetSessionToken", []string{"SerialNumber", "ana", "TokenCode", "123456"},
			one + "ana' at 'serialNumber' failed to satisfy constraint: Member must have length greater than or equal to 9"},
		{"serial with a blank", "GetSessionToken", []string{"SerialNumber", "arn:aws:iam mfa", "TokenCode", "123456"},
			one + `arn:aws:iam mfa' at 'serialNumber' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=/:,.@-]*`},
		{"short session", "GetSessionToken", []string{"DurationSeconds", "899"},
			one + "899' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900"},
		{"long session", "GetSessionToken", []string{"DurationSeconds", "129601"},
			one + "129601' at 'durationSeconds' failed to satisfy constraint: Member must have value less than or equal to 129600"},
		{"no number", "GetSessionToken", []string{"DurationSeconds", "1h"},
			one + "1h' at 'durationSeconds' failed to satisfy constraint: Member must be an integer"},
		{"long role", "AssumeRole", []string{"RoleArn", devARN, "RoleSessionName", "test", "DurationSeconds", "43201"},
			one + "43201' at 'durationSeconds' failed to satisfy constraint: Member must have value less than or equal to 43200"},
		{"nothing", "AssumeRole", nil,
			"2 validation errors detected: Value null at 'roleArn' failed to satisfy constraint: Member must not be null; Value null at 'roleSessionName' failed to satisfy constraint: Member must not be null"},
		{"session name with a colon", "AssumeRole", []string{"RoleArn", devARN, "RoleSessionName", "Session1:2"},
			one + `Session1:2' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]*`},
		{"long session name", "AssumeRole", []string{"RoleArn", devARN, "RoleSessionName", strings.Repeat("s", 65)},
			one + strings.Repeat("s", 65) + "' at 'roleSessionName' failed to satisfy constraint: Member must have length less than or equal to 64"},
		{"short external id", "AssumeRole", []string{"RoleArn", devARN, "RoleSessionName", "test", "ExternalId", "x"},
			one + "x' at 'externalId' failed to satisfy constraint: Member must have length greater than or equal to 2"},
		{"source identity with a colon", "AssumeRole", []string{"RoleArn", devARN, "RoleSessionName", "test", "SourceIdentity", "aws:ana"},
			one + `aws:ana' at 'sourceIdentity' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]*`},
		{"short role ARN", "AssumeRole", []string{"RoleArn", "Dev", "RoleSessionName", "test"},
			one + "Dev' at 'roleArn' failed to satisfy constraint: Member must have length greater than or equal to 20"},
		{"no ARN", "AssumeRole", []string{"RoleArn", "nothing-valid-in-here", "RoleSessionName", "test"}, "nothing-valid-in-here is invalid"},
		{"ARN without partition", "AssumeRole", []string{"RoleArn", "arn::b:::something/test-role", "RoleSessionName", "test"}, "arn::b:::something/test-role is invalid"},
		{"ARN without service", "AssumeRole", []string{"RoleArn", "arn:a::::something/test-role", "RoleSessionName", "test"}, "arn:a::::something/test-role is invalid"},
		{"ARN with too few colons", "AssumeRole", []string{"RoleArn", "arn:a:::something/test-role", "RoleSessionName", "test"}, "arn:a:::something/test-role is invalid"},
		{"ARN without resource", "AssumeRole", []string{"RoleArn", "arn:a:a::aaaaaaaaaa:", "RoleSessionName", "test"}, "arn:a:a::aaaaaaaaaa: is invalid"},
		{"long policy", "AssumeRole", []string{"RoleArn", devARN, "RoleSessionName", "test", "Policy", strings.Repeat(" ", 2049)},
			one + strings.Repeat(" ", 2049) + "' at 'policy' failed to satisfy constraint: Member must have length less than or equal to 2048"},
		{"policy outside Latin-1", "GetFederationToken", []string{"Name", "bob", "Policy", `"€"`},
			one + `"€"' at 'policy' failed to satisfy constraint: Member must satisfy regular expression pattern: [\u0009\u000A\u000D\u0020-\u00FF]+`},
		{"long federated name", "GetFederationToken", []string{"Name", strings.Repeat("b", 33)},
			one + strings.Repeat("b", 33) + "' at 'name' failed to satisfy constraint: Member must have length less than or equal to 32"},
		{"tag key", "AssumeRole", []string{"RoleArn", devARN, "RoleSessionName", "test", "Tags.member.1.Key", "a*", "Tags.member.1.Value", ""},
			one + `a*' at 'tags.1.member.key' failed to satisfy constraint: Member must satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]+`},
		{"tag without value", "AssumeRole", []string{"RoleArn", devARN, "RoleSessionName", "test", "Tags.member.1.Key", "a"},
			"1 validation error detected: Value null at 'tags.1.member.value' failed to satisfy constraint: Member must not be null"},
		{"no message", "DecodeAuthorizationMessage", nil,
			"1 validation error detected: Value null at 'encodedMessage' failed to satisfy constraint: Member must not be null"},
		{"short key id", "GetAccessKeyInfo", []string{"AccessKeyId", "AKIA"},
			one + "AKIA' at 'accessKeyId' failed to satisfy constraint: Member must have length greater than or equal to 16"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := p.on(t)
			p.sts(p.user, tt.action, tt.pairs...).want(t, 400, "ValidationError", tt.message)
		})
	}
}

func TestUnknownOperations(t *testing.T) {
	p := newPlace(t)
	p.sts(p.user, "GetSecret").want(t, 400, "InvalidAction", "Could not find operation GetSecret for version 2011-06-15")
	p.query(p.user, "sts", "2010-05-08", "GetCallerIdentity", nil).want(t, 400, "InvalidAction", "Could not find operation GetCallerIdentity for version 2010-05-08")
	p.iam(p.user, "GetCallerIdentity").want(t, 400, "InvalidAction", "Could not find operation GetCallerIdentity for version 2010-05-08")
}

func TestSessionsOfUsersMayCallLittle(t *testing.T) {
	p := newPlace(t)
	session := p.mfaSession()
	plain := p.session(p.sts(p.user, "GetSessionToken"))
	federated := p.session(p.sts(p.user, "GetFederationToken", "Name", "bob", "Policy", `{"Statement":[]}`))
	denied := func(arn, action, resource string) string {
		return strings.TrimSuffix("User: "+arn+" is not authorized to perform: "+action+" on resource: "+resource, " on resource: ")
	}
	bob := "arn:aws:sts::111111111111:federated-user/bob"
	tests := []struct {
		name    string
		by      signer
		action  string
		pairs   []string
		message string
	}{
		{"session", session, "GetSessionToken", nil, "Cannot call GetSessionToken with session credentials"},
		{"session", session, "GetFederationToken", []string{"Name", "bob"}, "Cannot call GetFederationToken with session credentials"},
		{"session", session, "DecodeAuthorizationMessage", []string{"EncodedMessage", "x"}, denied(anaARN, "sts:DecodeAuthorizationMessage", "")},
		{"session without MFA", plain, "GetSessionToken", nil, "Cannot call GetSessionToken with session credentials"},
		{"federated", federated, "AssumeRole", []string{"RoleArn", devARN, "RoleSessionName", "test"}, denied(bob, "sts:AssumeRole", devARN)},
		{"federated", federated, "GetFederationToken", []string{"Name", "bob"}, "Cannot call GetFederationToken with session credentials"},
	}
	for _, tt := range tests {
		t.Run(tt.name+" "+tt.action, func(t *testing.T) {
			p := p.on(t)
			p.sts(tt.by, tt.action, tt.pairs...).want(t, 403, "AccessDenied", tt.message)
		})
	}
	for name, by := range map[string]signer{"MFA session": session, "plain session": plain, "federated": federated} {
		p.sts(by, "GetCallerIdentity").granted(t)
		got := p.iam(by, "GetUser")
		if name == "MFA session" {
			got.granted(t)
			continue
		}
		got.want(t, 403, "InvalidClientTokenId", invalidToken)
	}
}

func TestSessionLife(t *testing.T) {
	p := newPlace(t)
	root := longTerm(p.AddUser(stsim.User{Account: account, Root: true}))
	now := time.Now().Truncate(time.Second)
	p.SetClock(func() time.Time { return now })
	tests := []struct {
		name string
		by   signer
		ask  string
		want time.Duration
	}{
		{"default", p.user, "", 12 * time.Hour},
		{"longest", p.user, "129600", 36 * time.Hour},
		{"shortest", p.user, "900", 15 * time.Minute},
		{"root's default", root, "", time.Hour},
		{"root's more", root, "43200", time.Hour},
		{"root's less", root, "1800", 30 * time.Minute},
	}
	for _, tt := range tests {
		var pairs []string
		if tt.ask != "" {
			pairs = []string{"DurationSeconds", tt.ask}
		}
		for _, action := range []string{"GetSessionToken", "GetFederationToken"} {
			got := p.sts(tt.by, action, append(pairs, "Name", "bob")...).granted(t).text("Expiration")
			if want := now.Add(tt.want).UTC().Format("2006-01-02T15:04:05Z"); got != want {
				t.Errorf("%s, %s: ends %s, want %s", action, tt.name, got, want)
			}
		}
	}
}

func TestIdentities(t *testing.T) {
	p := newPlace(t)
	p.AddRole(stsim.Role{ARN: "arn:aws:iam::222222222222:role/a/b/Ops", Principals: []string{account}})
	root := longTerm(p.AddUser(stsim.User{Account: account, Root: true}))
	nested := longTerm(p.AddUser(stsim.User{Account: account, Name: "eve", Path: "/team/x/"}))
	role := p.role(p.user, "arn:aws:iam::222222222222:role/a/b/Ops")
	federation := p.sts(p.user, "GetFederationToken", "Name", "bob")
	tests := []struct {
		name, arn, account, idPrefix string
		by                           signer
	}{
		{"user", anaARN, account, "AIDA", p.user},
		{"user with a path", "arn:aws:iam::111111111111:user/team/x/eve", account, "AIDA", nested},
		{"root", "arn:aws:iam::111111111111:root", account, account, root},
		{"session", anaARN, account, "AIDA", p.mfaSession()},
		{"role", "arn:aws:sts::222222222222:assumed-role/Ops/test", other, "AROA", p.session(role)},
		{"federated", "arn:aws:sts::111111111111:federated-user/bob", account, account + ":bob", p.session(federation)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := p.on(t)
			got := p.sts(tt.by, "GetCallerIdentity").granted(t)
			if got.text("Arn") != tt.arn || got.text("Account") != tt.account || !strings.HasPrefix(got.text("UserId"), tt.idPrefix) {
				t.Errorf("got %s", got.body)
			}
		})
	}
	if id := role.text("AssumedRoleId"); !strings.HasSuffix(id, ":test") || len(id) != 26 {
		t.Errorf("AssumedRoleId %s", id)
	}
	if federation.text("FederatedUserId") != account+":bob" || federation.text("PackedPolicySize") != "0" {
		t.Errorf("federation: %s", federation.body)
	}
	for _, by := range []signer{p.user, p.session(role)} {
		if got := p.sts(p.user, "GetAccessKeyInfo", "AccessKeyId", by.AccessKeyID).granted(t).text("Account"); got != account && got != other {
			t.Errorf("%s is of account %s", by.AccessKeyID, got)
		}
	}
}

func TestAccessKeyInfoReadsTheAccountFromTheID(t *testing.T) {
	p := newPlace(t)
	elsewhere := newPlace(t)
	key := elsewhere.AddUser(stsim.User{Account: "000000000042", Name: "x"})
	if got := p.sts(p.user, "GetAccessKeyInfo", "AccessKeyId", key.AccessKeyID).text("Account"); got != "000000000042" {
		t.Errorf("got account %s", got)
	}
}

func TestTokenSize(t *testing.T) {
	p := newPlace(t)
	for _, n := range []int{343, 1000, 4096, 9000} {
		p.SetTokenSize(n)
		got := p.sts(p.user, "GetSessionToken").granted(t)
		if len(got.text("SessionToken")) != n {
			t.Errorf("token of %d, want %d", len(got.text("SessionToken")), n)
		}
		p.sts(p.session(got), "GetCallerIdentity").granted(t)
	}
	p.SetTokenSize(343)
	got := p.sts(p.user, "GetSessionToken", "MinimumSessionTokenSize", "2048").granted(t)
	if len(got.text("SessionToken")) != 2048 || got.text("SessionTokenSize") != "2048" || got.text("SessionTokenUtilization") != "50" {
		t.Errorf("got %s", got.body)
	}
	if token := got.text("SessionToken"); !strings.HasPrefix(token, "FwoGZXIvYXdzE") {
		t.Errorf("token %s", token[:20])
	}
}

func TestDisabledRegion(t *testing.T) {
	p := newPlace(t)
	p.DisableRegion(account, "ap-east-1")
	p.DisableRegion(other, "eu-west-1")
	p.AddRole(stsim.Role{ARN: "arn:aws:iam::222222222222:role/Ops", Principals: []string{account}})
	by := p.user
	by.region = "ap-east-1"
	refusal := "STS is not activated in this region for account:111111111111. Your account administrator can activate STS in this region using the IAM Console."
	p.sts(by, "GetSessionToken").want(t, 403, "RegionDisabledException", refusal)
	p.sts(by, "GetCallerIdentity").granted(t)
	by.region = "eu-west-1"
	p.sts(by, "GetSessionToken").granted(t)
	p.role(by, "arn:aws:iam::222222222222:role/Ops").want(t, 403, "RegionDisabledException", strings.Replace(refusal, account, other, 1))
}

func TestDeniedActions(t *testing.T) {
	p := newPlace(t)
	p.AddUser(stsim.User{Account: account, Name: "ana", Denied: []string{"sts:GetSessionToken", "sts:GetCallerIdentity", "sts:TagSession", "sts:Decode*"}, DeniedWithoutMFA: []string{"sts:assumerole", "s3:*"}})
	bob := " on resource: arn:aws:sts::111111111111:federated-user/bob"
	p.sts(p.user, "GetFederationToken", "Name", "bob").granted(t)
	p.sts(p.user, "GetFederationToken", "Name", "bob", "Tags.member.1.Key", "k", "Tags.member.1.Value", "").want(t, 403, "AccessDenied",
		"User: "+anaARN+" is not authorized to perform: sts:TagSession"+bob)
	p.sts(p.user, "DecodeAuthorizationMessage", "EncodedMessage", "x").want(t, 403, "AccessDenied",
		"User: "+anaARN+" is not authorized to perform: sts:DecodeAuthorizationMessage")
	eve := longTerm(p.AddUser(stsim.User{Account: account, Name: "eve", Denied: []string{"sts:GetFed*"}}))
	p.sts(eve, "GetFederationToken", "Name", "bob").want(t, 403, "AccessDenied",
		"User: arn:aws:iam::111111111111:user/eve is not authorized to perform: sts:GetFederationToken"+bob)
	p.sts(p.user, "GetSessionToken").granted(t)
	p.sts(p.user, "GetCallerIdentity").granted(t)
	p.role(p.user, devARN).want(t, 403, "AccessDenied", "User: "+anaARN+" is not authorized to perform: sts:AssumeRole on resource: "+devARN)
	p.role(p.user, devARN, "SerialNumber", serial, "TokenCode", p.Code(serial)).granted(t)
	p.role(p.mfaSession(), devARN).granted(t)
	if got := p.send(p.signedGet(p.user, "s3", time.Now())); got.status != http.StatusForbidden || !strings.Contains(got.body, "<Code>AccessDenied</Code>") {
		t.Errorf("s3 without MFA: %d %s", got.status, got.body)
	}
	p.send(p.signedGet(p.mfaSession(), "s3", time.Now())).granted(t)
}

func TestDecodeAuthorizationMessage(t *testing.T) {
	p := newPlace(t)
	p.AddRole(stsim.Role{ARN: "arn:aws:iam::222222222222:role/Ops", Principals: []string{account}})
	encoded := p.Encode(anaARN, "ec2:RunInstances", "arn:aws:ec2:us-east-1:111111111111:instance/*")
	if len(encoded) != 523 || strings.Trim(encoded, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") != "" {
		t.Errorf("encoded message: %s", encoded)
	}
	got := p.sts(p.user, "DecodeAuthorizationMessage", "EncodedMessage", encoded).granted(t)
	var message struct {
		Allowed bool
		Context struct {
			Principal struct{ ARN string }
			Action    string
		}
	}
	if err := json.Unmarshal([]byte(got.text("DecodedMessage")), &message); err != nil {
		t.Fatal(err)
	}
	if message.Allowed || message.Context.Principal.ARN != anaARN || message.Context.Action != "ec2:RunInstances" {
		t.Errorf("got %+v", message)
	}
	for name, wrong := range map[string]string{"cut": encoded[:500], "with a line break": encoded[:70] + "\n" + encoded[70:]} {
		if got := p.sts(p.user, "DecodeAuthorizationMessage", "EncodedMessage", wrong); got.status != 400 || got.code != "InvalidAuthorizationMessageException" {
			t.Errorf("%s: %d %s", name, got.status, got.code)
		}
	}
	elsewhere := p.session(p.role(p.user, "arn:aws:iam::222222222222:role/Ops"))
	if got := p.sts(elsewhere, "DecodeAuthorizationMessage", "EncodedMessage", encoded); got.code != "InvalidAuthorizationMessageException" {
		t.Errorf("from another account: %d %s", got.status, got.code)
	}
}
