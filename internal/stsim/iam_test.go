package stsim_test

import (
	"regexp"
	"strings"
	"testing"

	"daypass/internal/stsim"
)

func TestIAMKeys(t *testing.T) {
	p := newPlace(t)
	p.iam(p.user, "GetUser").granted(t)
	created := p.iam(p.user, "CreateAccessKey").granted(t)
	if !strings.Contains(created.body, `<CreateAccessKeyResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">`) {
		t.Errorf("namespace: %s", created.body)
	}
	fresh := p.session(created)
	if created.text("UserName") != "ana" || created.text("Status") != "Active" || fresh.SessionToken != "" {
		t.Errorf("created %s", created.body)
	}
	p.sts(fresh, "GetCallerIdentity").granted(t)
	p.iam(p.user, "CreateAccessKey").want(t, 409, "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2")

	p.iam(fresh, "UpdateAccessKey", "AccessKeyId", p.user.AccessKeyID, "Status", "Inactive").granted(t)
	p.sts(p.user, "GetCallerIdentity").want(t, 403, "InvalidClientTokenId", invalidToken)
	p.iam(fresh, "CreateAccessKey").want(t, 409, "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2")
	list := p.iam(fresh, "ListAccessKeys").granted(t)
	if strings.Count(list.body, "<member>") != 2 || strings.Count(list.body, "<Status>Inactive</Status>") != 1 || strings.Contains(list.body, "Secret") {
		t.Errorf("listed %s", list.body)
	}
	p.iam(fresh, "UpdateAccessKey", "AccessKeyId", p.user.AccessKeyID, "Status", "Active").granted(t)
	p.sts(p.user, "GetCallerIdentity").granted(t)
	p.iam(fresh, "DeleteAccessKey", "AccessKeyId", p.user.AccessKeyID).granted(t)
	p.sts(p.user, "GetCallerIdentity").want(t, 403, "InvalidClientTokenId", invalidToken)
	p.iam(fresh, "DeleteAccessKey", "AccessKeyId", p.user.AccessKeyID).want(t, 404, "NoSuchEntity", "The Access Key with id "+p.user.AccessKeyID+" cannot be found.")
}

func TestIAMRefusals(t *testing.T) {
	p := newPlace(t)
	bob := p.AddUser(stsim.User{Account: account, Name: "bob", Denied: []string{"iam:*"}})
	eva := p.AddUser(stsim.User{Account: account, Name: "eva", Path: "/team/", AllowedByName: []string{"iam:ListMFADevices"}})
	role := p.session(p.role(p.user, devARN))
	tests := []struct {
		name          string
		by            signer
		action        string
		pairs         []string
		status        int
		code, message string
	}{
		{"unknown user", p.user, "GetUser", []string{"UserName", "mallory"}, 404, "NoSuchEntity", "The user with name mallory cannot be found."},
		{"another user", p.user, "GetUser", []string{"UserName", "bob"}, 200, "", ""},
		{"another user's key", p.user, "DeleteAccessKey", []string{"AccessKeyId", bob.AccessKeyID}, 404, "NoSuchEntity", "The Access Key with id " + bob.AccessKeyID + " cannot be found."},
		{"a session's key", p.user, "DeleteAccessKey", []string{"AccessKeyId", role.AccessKeyID}, 404, "NoSuchEntity", "The Access Key with id " + role.AccessKeyID + " cannot be found."},
		{"wrong status", p.user, "UpdateAccessKey", []string{"AccessKeyId", p.user.AccessKeyID, "Status", "Off"}, 400, "ValidationError",
			"1 validation error detected: Value 'Off' at 'status' failed to satisfy constraint: Member must satisfy enum value set: [Active, Inactive]"},
		{"no key id", p.user, "DeleteAccessKey", nil, 400, "ValidationError", "1 validation error detected: Value null at 'accessKeyId' failed to satisfy constraint: Member must not be null"},
		{"allowed by name", longTerm(eva), "ListMFADevices", []string{"UserName", "eva"}, 200, "", ""},
		{"allowed by name, and none given", longTerm(eva), "ListMFADevices", nil, 403, "AccessDenied", "User: arn:aws:iam::111111111111:user/team/eva is not authorized to perform: iam:ListMFADevices on resource: *"},
		{"allowed by name, another user", longTerm(eva), "ListMFADevices", []string{"UserName", "ana"}, 403, "AccessDenied", "User: arn:aws:iam::111111111111:user/team/eva is not authorized to perform: iam:ListMFADevices on resource: user ana"},
		{"allowed by name, another action", longTerm(eva), "GetUser", nil, 200, "", ""},
		{"too many items", p.user, "ListMFADevices", []string{"MaxItems", "1001"}, 400, "ValidationError",
			"1 validation error detected: Value '1001' at 'maxItems' failed to satisfy constraint: Member must have value less than or equal to 1000"},
		{"no marker of IAM's", p.user, "ListMFADevices", []string{"Marker", "?"}, 400, "ValidationError", "Invalid Marker."},
		{"denied", longTerm(bob), "ListMFADevices", nil, 403, "AccessDenied", "User: arn:aws:iam::111111111111:user/bob is not authorized to perform: iam:ListMFADevices on resource: user bob"},
		{"role without a name", role, "ListMFADevices", nil, 400, "ValidationError", "Must specify userName when calling with non-User credentials"},
		{"role with a name", role, "ListMFADevices", []string{"UserName", "ana"}, 200, "", ""},
		{"MFA session", p.mfaSession(), "ListAccessKeys", nil, 200, "", ""},
		{"session without MFA", p.session(p.sts(p.user, "GetSessionToken")), "ListAccessKeys", nil, 403, "InvalidClientTokenId", invalidToken},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := p.on(t)
			p.iam(tt.by, tt.action, tt.pairs...).want(t, tt.status, tt.code, tt.message)
		})
	}
}

func TestListMFADevices(t *testing.T) {
	p := newPlace(t)
	p.AddDevice(anaARN, "GAHT12345678", []byte("seed"))
	p.AddDevice("arn:aws:iam::111111111111:user/bob", "arn:aws:iam::111111111111:mfa/bob", []byte("seed"))
	got := p.iam(p.user, "ListMFADevices").granted(t)
	if strings.Count(got.body, "<member>") != 2 || got.text("SerialNumber") != "GAHT12345678" || got.text("UserName") != "ana" || got.text("IsTruncated") != "false" {
		t.Errorf("listed %s", got.body)
	}
}

// TestListMFADevicesByPages: the pages are what was asked for or fewer, and together all there is.
func TestListMFADevicesByPages(t *testing.T) {
	for _, test := range []struct {
		most  string // MaxItems
		size  int    // SetPageSize
		pages int
	}{{"2", 0, 3}, {"100", 1, 5}, {"2", 3, 3}, {"5", 0, 1}, {"100", 0, 1}} {
		p := newPlace(t)
		p.SetPageSize(test.size)
		for _, name := range []string{"a", "b", "c", "d"} {
			p.AddDevice(anaARN, "arn:aws:iam::111111111111:mfa/"+name, []byte("seed"))
		}
		pages, devices := 0, ""
		for marker := []string{"MaxItems", test.most}; marker != nil; pages++ {
			got := p.iam(p.user, "ListMFADevices", marker...).granted(t)
			for _, serial := range regexp.MustCompile(`mfa/(\w+)</SerialNumber>`).FindAllStringSubmatch(got.body, -1) {
				devices += serial[1] + " "
			}
			next := got.text("Marker")
			if (next != "") != (got.text("IsTruncated") == "true") {
				t.Fatalf("a marker belongs to what is truncated: %s", got.body)
			}
			marker = append(marker[:2:2], "Marker", next)
			if next == "" {
				marker = nil
			}
		}
		if pages != test.pages || devices != "a ana b c d " {
			t.Errorf("MaxItems %s, size %d: %d pages of %s", test.most, test.size, pages, devices)
		}
	}
}

func TestFreshKeyIsUnknownForAWhile(t *testing.T) {
	p := newPlace(t)
	p.SetUnreadyCalls(3)
	fresh := p.session(p.iam(p.user, "CreateAccessKey"))
	for range 3 {
		p.sts(fresh, "GetCallerIdentity").want(t, 403, "InvalidClientTokenId", invalidToken)
	}
	p.sts(fresh, "GetCallerIdentity").granted(t)
}
