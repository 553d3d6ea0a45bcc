package session

import (
	"errors"
	"testing"

	"daypass/creds"
	"daypass/internal/stsim"
)

func TestDecode(t *testing.T) {
	w := newWorld(t)
	encoded := w.sts.Encode("arn:aws:iam::111111111111:user/ana", "ec2:RunInstances", "*")
	document, err := Decode(t.Context(), w.want.Network, w.want.Base.Credentials, encoded)
	if err != nil {
		t.Fatal(err)
	}
	d, err := ReadDenial(document)
	if err != nil || d.Action != "ec2:RunInstances" || d.Principal != "arn:aws:iam::111111111111:user/ana" || d.Explicit {
		t.Errorf("%+v, %v", d, err)
	}
	for name, c := range map[string]creds.Credentials{"cut": w.want.Base.Credentials, "session": w.must().Credentials} {
		var refused *RefusedError
		_, err := Decode(t.Context(), w.want.Network, c, encoded[:500])
		if !errors.As(err, &refused) || refused.Call != DecodeAuthorizationMessage ||
			refused.Code != map[string]string{"cut": "InvalidAuthorizationMessageException", "session": "AccessDenied"}[name] {
			t.Errorf("%s: %v", name, err)
		}
	}
	w.sts.Reset()
	readings := []string{encoded + "status", encoded, encoded[:500]}
	if got, err := Decode(t.Context(), w.want.Network, w.want.Base.Credentials, readings...); err != nil || got != document {
		t.Errorf("%q, %v", got, err)
	}
	if n := w.sts.Count(DecodeAuthorizationMessage); n != 2 {
		t.Errorf("%d calls", n)
	}
	w.sts.Inject(stsim.Fault{Action: DecodeAuthorizationMessage, Body: "<x/>"})
	var refused *RefusedError
	if got, err := Decode(t.Context(), w.want.Network, w.want.Base.Credentials, encoded, encoded); !errors.As(err, &refused) {
		t.Errorf("%q, %v", got, err)
	}
	if n := w.sts.Count(DecodeAuthorizationMessage); n != 3 {
		t.Errorf("%d calls: no other failure is one of the reading", n)
	}
}
