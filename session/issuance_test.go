package session

import (
	"errors"
	"testing"
	"time"

	"daypass/internal/stsim"
	"daypass/profile"
)

// TestIssuancesAreTold: each credentials that STS issued, by what CloudTrail has
// of them, and none that were there.
func TestIssuancesAreTold(t *testing.T) {
	w := newWorld(t)
	w.sts.AddRole(stsim.Role{ARN: roleA, RequireMFA: true, Principals: []string{"arn:aws:iam::111111111111:user/ana"}, SetSourceIdentity: true})
	w.sts.AddRole(stsim.Role{ARN: roleB, Principals: []string{roleA}, SetSourceIdentity: true})
	w.withRole(roleA, roleB)
	w.p.Roles[0].Settings = map[string]profile.Setting{"source_identity": setting("ana")}
	var told []Issuance
	listen := func(g *Getter) { g.Issued = func(i Issuance) { told = append(told, i) } }
	got := w.must(listen)
	if len(told) != 3 {
		t.Fatalf("told %+v", told)
	}
	for i, want := range []Issuance{
		{Call: GetSessionToken}, {Call: AssumeRole, RoleARN: roleA, SessionName: "daypass-ana", SourceIdentity: "ana"},
		{Call: AssumeRole, RoleARN: roleB, SessionName: "daypass-ana", SourceIdentity: "ana"},
	} {
		is := told[i]
		if is.Call != want.Call || is.RoleARN != want.RoleARN || is.SessionName != want.SessionName || is.SourceIdentity != want.SourceIdentity ||
			is.Profile != "dev" || len(is.RequestID) != 36 || is.AccessKeyID == "" || is.Expiration.IsZero() || time.Since(is.At) > time.Hour {
			t.Errorf("%d: %+v", i, is)
		}
	}
	if told[0].RequestID == told[1].RequestID || told[1].RequestID == told[2].RequestID || told[2].AccessKeyID != got.AccessKeyID {
		t.Errorf("told %+v", told)
	}
	told = nil
	w.must(listen)
	if told != nil {
		t.Errorf("a hit is told: %+v", told)
	}
	w.cache.full = errors.New("full")
	w.must(listen, func(g *Getter) { g.Refresh = true })
	if len(told) != 3 {
		t.Errorf("what is not kept is told %d times", len(told))
	}
}
