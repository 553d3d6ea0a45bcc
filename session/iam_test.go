package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"daypass/creds"
	"daypass/internal/stsim"
)

// keeper is a world with a client for ana's access keys.
type keeper struct {
	*lister
	keys   *AccessKeys
	signer creds.Credentials
}

func newKeeper(t *testing.T) *keeper {
	t.Helper()
	l := newLister(t)
	l.env["AWS_MAX_ATTEMPTS"] = "2"
	keys, err := OpenAccessKeys(t.Context(), &l.p, env(l.env), "", "ana")
	if err != nil {
		t.Fatal(err)
	}
	return &keeper{l, keys, l.want.Base.Credentials}
}

// list gives ids, those of inactive keys in brackets.
func (k *keeper) list() []string {
	k.t.Helper()
	all, err := k.keys.List(k.t.Context(), k.signer)
	if err != nil {
		k.t.Fatal(err)
	}
	var ids []string
	for _, key := range all {
		if time.Since(key.Created).Abs() > time.Hour || key.Created.Location() != time.UTC {
			k.t.Errorf("%s was made at %s", key.ID, key.Created)
		}
		if !key.Active {
			key.ID = "(" + key.ID + ")"
		}
		ids = append(ids, key.ID)
	}
	slices.Sort(ids)
	return ids
}

func TestAccessKeys(t *testing.T) {
	k := newKeeper(t)
	ctx := t.Context()
	if got := k.list(); !slices.Equal(got, []string{k.signer.AccessKeyID}) {
		t.Errorf("got %v", got)
	}
	made, at, err := k.keys.Create(ctx, k.signer)
	if err != nil || time.Since(at).Abs() > time.Hour || len(k.list()) != 2 {
		t.Fatalf("%v of %s, %v", made, at, err)
	}
	var refused *RefusedError
	if _, _, err := k.keys.Create(ctx, k.signer); !errors.As(err, &refused) || !refused.Full() || refused.Service() != "IAM" {
		t.Errorf("a third key: %v", err)
	}
	old := k.signer
	k.signer = made // it signs from now on
	if err := k.keys.Deactivate(ctx, k.signer, old.AccessKeyID); err != nil || !slices.Contains(k.list(), "("+old.AccessKeyID+")") {
		t.Errorf("deactivated: %v, %v", k.list(), err)
	}
	if err := k.keys.Delete(ctx, k.signer, old.AccessKeyID); err != nil || !slices.Equal(k.list(), []string{made.AccessKeyID}) {
		t.Errorf("deleted: %v, %v", k.list(), err)
	}
	for what, err := range map[string]error{"Delete": k.keys.Delete(ctx, k.signer, old.AccessKeyID), "Deactivate": k.keys.Deactivate(ctx, k.signer, old.AccessKeyID)} {
		if refused = nil; !errors.As(err, &refused) || !refused.NotFound() {
			t.Errorf("%s of a key that is gone: %v", what, err)
		}
	}
}

// TestCreateOnce: whatever became of the answer, there was one request, and what
// may have been carried out is told from what was not.
func TestCreateOnce(t *testing.T) {
	const half = `<CreateAccessKeyResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><CreateAccessKeyResult><AccessKey>` +
		`<UserName>ana</UserName><SecretAccessKey>TheNewSecretOfTheNewKeyTheNewSecretOfThe</SecretAccessKey>`
	for name, c := range map[string]struct {
		fault stsim.Fault
		lost  bool
	}{
		"dropped":         {stsim.Fault{Drop: true}, true},
		"a server error":  {stsim.Fault{Status: 500, Code: "ServiceFailure", Message: "sorry"}, true},
		"a gateway":       {stsim.Fault{Status: 504, Body: "<html>"}, true},
		"a portal":        {stsim.Fault{Body: "<html>log in"}, true},
		"cut off":         {stsim.Fault{Body: half}, true},
		"without an id":   {stsim.Fault{Body: half + "</AccessKey></CreateAccessKeyResult></CreateAccessKeyResponse>"}, true},
		"refused":         {stsim.Fault{Code: "AccessDenied", Message: "no", Status: 403}, false},
		"throttled":       {stsim.Fault{Code: "Throttling", Message: "Rate exceeded"}, false},
		"a repeated text": {stsim.Fault{Code: "ValidationError", Message: "what you sent"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKeeper(t)
			c.fault.Action = CreateAccessKey
			k.sts.Inject(c.fault)
			_, _, err := k.keys.Create(t.Context(), k.signer)
			var lost *LostKeyError
			if errors.As(err, &lost) != c.lost || err == nil {
				t.Errorf("got %v", err)
			}
			if n := k.sts.Count(CreateAccessKey); n != 1 {
				t.Errorf("%d requests", n)
			}
			for _, verb := range []string{"%v", "%+v", "%#v"} {
				if strings.Contains(fmt.Sprintf(verb, err), "NewSecret") {
					t.Errorf("the error tells the secret: "+verb, err)
				}
			}
		})
	}
}

// TestCreateUnsent: where nothing was sent there is nothing to look for.
func TestCreateUnsent(t *testing.T) {
	k := newKeeper(t)
	k.env["AWS_ENDPOINT_URL_IAM"] = "http://127.0.0.1:1"
	keys, err := OpenAccessKeys(t.Context(), &k.p, env(k.env), "", "ana")
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = keys.Create(t.Context(), k.signer)
	var lost *LostKeyError
	var unreachable *UnreachableError
	if errors.As(err, &lost) || !errors.As(err, &unreachable) || unreachable.Service() != "IAM" {
		t.Errorf("got %v", err)
	}
}

func TestCreateStopped(t *testing.T) {
	k := newKeeper(t)
	stopped := errors.New("stopped by a test")
	ctx, cancel := context.WithCancelCause(t.Context())
	k.sts.Inject(stsim.Fault{Action: CreateAccessKey, Hang: true})
	go func() {
		for k.sts.Count(CreateAccessKey) == 0 {
			time.Sleep(time.Millisecond)
		}
		cancel(stopped)
	}()
	_, _, err := k.keys.Create(ctx, k.signer)
	var lost *LostKeyError
	if !errors.As(err, &lost) || !errors.Is(err, stopped) {
		t.Errorf("got %v", err)
	}
}

// TestAccessKeysOfWhoMayManageOnlyHisOwn: AWS's sample policy refuses calls that
// name nobody.
func TestAccessKeysOfWhoMayManageOnlyHisOwn(t *testing.T) {
	k := newKeeper(t)
	eva := stsim.User{Account: "111111111111", Name: "eva", Path: "/team/", AllowedByName: []string{"iam:*"}}
	key := k.sts.AddUser(eva)
	k.signer = creds.Credentials{AccessKeyID: key.AccessKeyID, SecretAccessKey: creds.NewSecret(key.SecretAccessKey)}
	for _, user := range []string{"", UserName(eva.ARN())} {
		keys, err := OpenAccessKeys(t.Context(), &k.p, env(k.env), "", user)
		if err != nil {
			t.Fatal(err)
		}
		made, _, err := keys.Create(t.Context(), k.signer)
		if (err == nil) != (user == "eva") {
			t.Errorf("%q: %v", user, err)
		}
		if err == nil {
			if err := errors.Join(keys.Deactivate(t.Context(), k.signer, made.AccessKeyID), keys.Delete(t.Context(), k.signer, made.AccessKeyID)); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestAnEmptyListOfAccessKeys(t *testing.T) {
	k := newKeeper(t)
	k.sts.Inject(stsim.Fault{Body: `<ListAccessKeysResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><ListAccessKeysResult></ListAccessKeysResult></ListAccessKeysResponse>`})
	var refused *RefusedError
	if all, err := k.keys.List(t.Context(), k.signer); !errors.As(err, &refused) || refused.Code != "IncompleteAnswer" {
		t.Errorf("%v, %v", all, err)
	}
}

func TestUserName(t *testing.T) {
	for arn, want := range map[string]string{
		"arn:aws:iam::111111111111:user/ana": "ana", "arn:aws-cn:iam::111111111111:user/team/a:b/eva": "eva",
		"arn:aws:iam::111111111111:root": "", "arn:aws:sts::111111111111:assumed-role/r/s": "", "": "",
	} {
		if got := UserName(arn); got != want {
			t.Errorf("%s: %q", arn, got)
		}
	}
}
