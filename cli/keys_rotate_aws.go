package cli

import (
	"context"
	"errors"
	"fmt"

	"daypass/creds"
	"daypass/keys"
	"daypass/session"
)

// This file has the calls to AWS that keys rotate makes.

// Session is a session of p, asked for or from the cache, or p where there is no
// device. A code that was given is one code. In the place of one that was refused
// another is asked for, if that was from the cache.
func (r *rotation) Session(ctx context.Context, p keys.Pair, refused string) (creds.Credentials, error) {
	g := r.get
	if g.profile.MFASerial.Value == "" {
		return p.Credentials(), nil
	}
	if refused != "" && !r.session.Cached {
		return r.session.Credentials, nil
	}
	g.options.refresh = refused != ""
	var err error
	g.plan.base = r.base(p)
	if g.plan.steps, err = steps(g.profile, g.plan.base, g.plan.network, 0, session.Given{}); err != nil {
		return creds.Credentials{}, err
	}
	r.session, err = g.obtain(ctx)
	if err == nil && !r.session.Cached {
		g.asker.TokenCode = ""
	}
	return r.session.Credentials, signedBy(p.AccessKeyID, err)
}

// Check asks STS whether it knows p.
func (r *rotation) Check(ctx context.Context, p keys.Pair) (string, error) {
	caller, err := session.Identity(ctx, r.get.plan.network, p.Credentials())
	return caller.ARN, signedBy(p.AccessKeyID, err)
}

// List lists the user's keys.
func (r *rotation) List(ctx context.Context, signer creds.Credentials) ([]keys.Listed, error) {
	if err := r.openIAM(ctx, signer); err != nil {
		return nil, err
	}
	all, err := r.keys.List(ctx, signer)
	listed := make([]keys.Listed, 0, len(all))
	for _, k := range all {
		listed = append(listed, keys.Listed{AccessKeyID: k.ID, Active: k.Active, Created: k.Created})
	}
	return listed, ofKey(err)
}

// Create makes a key, if the code for a session of it can still be had: the session that
// Begin has counted on may have been refused, and another have taken the one that was given.
func (r *rotation) Create(ctx context.Context, signer creds.Credentials) (keys.Pair, error) {
	if r.get.profile.MFASerial.Value != "" {
		if err := r.codes(1); err != nil {
			return keys.Pair{}, err
		}
	}
	if err := r.openIAM(ctx, signer); err != nil {
		return keys.Pair{}, err
	}
	key, created, err := r.keys.Create(ctx, signer)
	return keys.Pair{AccessKeyID: key.AccessKeyID, Secret: key.SecretAccessKey, Created: created}, ofKey(err)
}

// Deactivate makes a key inactive.
func (r *rotation) Deactivate(ctx context.Context, signer creds.Credentials, id string) error {
	if err := r.openIAM(ctx, signer); err != nil {
		return err
	}
	return ofKey(r.keys.Deactivate(ctx, signer, id))
}

// Delete deletes a key.
func (r *rotation) Delete(ctx context.Context, signer creds.Credentials, id string) error {
	if err := r.openIAM(ctx, signer); err != nil {
		return err
	}
	return ofKey(r.keys.Delete(ctx, signer, id))
}

// openIAM asks STS for the name of the user, who may have another by now than when
// the key was kept: IAM says of a name that it does not know what it says of a key.
func (r *rotation) openIAM(ctx context.Context, signer creds.Credentials) error {
	if r.keys != nil {
		return nil
	}
	caller, err := session.Identity(ctx, r.get.plan.network, signer)
	if err == nil {
		r.keys, err = session.OpenAccessKeys(ctx, r.get.profile, r.get.app.Getenv, r.get.options.region, session.UserName(caller.ARN))
	}
	return signedBy(signer.AccessKeyID, err)
}

// unknownError is a key, or a session, that STS does not know.
type unknownError struct {
	id  string // its access key id
	err error  // wraps keys.ErrUnknown
}

func (e *unknownError) Error() string { return e.err.Error() }

func (e *unknownError) Unwrap() error { return e.err }

// signedBy is ofKey for a call to STS that the key of that id has signed. Of IAM's answers
// it is not made: IAM may say the same of a key that STS knows.
func signedBy(id string, err error) error {
	err = ofKey(err)
	if errors.Is(err, keys.ErrUnknown) {
		err = &unknownError{id, err}
	}
	return err
}

// ofKey is err as a rotation knows it.
func ofKey(err error) error {
	var refused *session.RefusedError
	var lost *session.LostKeyError
	switch {
	case errors.As(err, &lost):
		return fmt.Errorf("%w: %w", keys.ErrLost, err)
	case !errors.As(err, &refused):
		return err
	case refused.NotFound() && (refused.Call == session.UpdateAccessKey || refused.Call == session.DeleteAccessKey):
		return fmt.Errorf("%w: %w", keys.ErrGone, err)
	case refused.BadSigner():
		return fmt.Errorf("%w: %w", keys.ErrUnknown, err)
	case refused.Full():
		return fmt.Errorf("%w: %w", keys.ErrFull, err)
	}
	return err
}
