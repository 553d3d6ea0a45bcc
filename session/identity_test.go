package session

import (
	"errors"
	"strings"
	"testing"

	"daypass/creds"
	"daypass/internal/stsim"
)

// TestIdentityIsOneCall, whoever asks, and what answers otherwise is nobody.
func TestIdentityIsOneCall(t *testing.T) {
	w := newWorld(t)
	n, c := w.want.Network, w.want.Base.Credentials
	got, err := Identity(t.Context(), n, c)
	if err != nil || got.Account != "111111111111" || got.ARN != "arn:aws:iam::111111111111:user/ana" || !strings.HasPrefix(got.UserID, "AIDA") {
		t.Errorf("%+v, %v", got, err)
	}
	if w.sts.Count("") != 1 {
		t.Errorf("%d calls", w.sts.Count(""))
	}
	var refused *RefusedError
	wrong := creds.Credentials{AccessKeyID: c.AccessKeyID, SecretAccessKey: creds.NewSecret("another/secret/EXAMPLE")}
	if _, err := Identity(t.Context(), n, wrong); !errors.As(err, &refused) || refused.Call != GetCallerIdentity || strings.Contains(err.Error(), "another/") {
		t.Errorf("%v", err)
	}
	for _, body := range []string{"<html>", "<GetCallerIdentityResponse><GetCallerIdentityResult/></GetCallerIdentityResponse>"} {
		w.sts.Inject(stsim.Fault{Action: GetCallerIdentity, Body: body, Times: 1})
		if got, err := Identity(t.Context(), n, c); !errors.As(err, &refused) {
			t.Errorf("%s: %+v, %v", body, got, err)
		}
	}
}
