package stsim_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"daypass/internal/stsim"
)

// unsigned sends a call of AssumeRoleWithWebIdentity.
func (p *place) unsigned(token, role string, pairs ...string) answer {
	form := url.Values{"Action": {"AssumeRoleWithWebIdentity"}, "Version": {"2011-06-15"}, "WebIdentityToken": {token}, "RoleArn": {role}, "RoleSessionName": {"job"}}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	r, err := http.NewRequest(http.MethodPost, p.url, strings.NewReader(form.Encode()))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return p.send(r)
}

func TestWebIdentity(t *testing.T) {
	p := newPlace(t)
	const role, other = "arn:aws:iam::222222222222:role/Job", "arn:aws:iam::222222222222:role/Next"
	p.AddRole(stsim.Role{ARN: role})
	p.AddRole(stsim.Role{ARN: other, MaxSessionDuration: 12 * time.Hour})
	p.AddIdentity("eyJ.token", stsim.Identity{Subject: "job", Roles: []string{role}})
	p.AddIdentity("eyJ.late", stsim.Identity{Roles: []string{role}, Expires: p.Now()})

	a := p.unsigned("eyJ.token", role).granted(t)
	if got := a.text("SubjectFromWebIdentityToken"); got != "job" {
		t.Errorf("subject %q", got)
	}
	job := p.session(a)
	if got := p.sts(job, "GetCallerIdentity").granted(t).text("Arn"); got != "arn:aws:sts::222222222222:assumed-role/Job/job" {
		t.Errorf("is %q", got)
	}
	p.role(job, other).granted(t)
	p.role(job, other, "DurationSeconds", "7200").wantStart(t, 400, "ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit")
	p.unsigned("eyJ.token", other).wantStart(t, 403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")
	p.unsigned("eyJ.token", role+"/none").wantStart(t, 403, "AccessDenied", "Not authorized")
	p.unsigned("eyJ.token", role, "DurationSeconds", "3601").wantStart(t, 400, "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration")
	p.unsigned("eyJ.none", role).wantStart(t, 400, "InvalidIdentityToken", "")
	p.unsigned("eyJ.late", role).wantStart(t, 400, "ExpiredTokenException", "Token expired")
	p.unsigned("x", role).wantStart(t, 400, "ValidationError", "")
}
