package session

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"daypass/creds"
	"daypass/profile"
)

// The actions of IAM on access keys.
const (
	ListAccessKeys  = "ListAccessKeys"
	CreateAccessKey = "CreateAccessKey"
	UpdateAccessKey = "UpdateAccessKey"
	DeleteAccessKey = "DeleteAccessKey"
)

// iamLimit bounds one action, with all its pages and attempts.
const iamLimit = 30 * time.Second

// iamClient makes the client of IAM that p and the environment describe. region is
// one given on the command line, or empty.
func iamClient(ctx context.Context, p *profile.Profile, getenv func(string) string, region string) (*iam.Client, error) {
	n, err := readNetwork(p, "iam", getenv, region)
	if err != nil {
		return nil, err
	}
	cfg, err := n.config(ctx)
	if err != nil {
		return nil, err
	}
	return iam.NewFromConfig(cfg, func(o *iam.Options) {
		o.HTTPClient, o.BaseEndpoint = steady{n.wired(o.HTTPClient)}, optional(n.Endpoint.Value)
	}), nil
}

func signedBy(signer creds.Credentials) func(*iam.Options) {
	return func(o *iam.Options) { o.Credentials = signing(signer) }
}

// UserName is the name of the user with that ARN, empty if it is no user's. The
// root user has none.
func UserName(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 || !strings.HasPrefix(parts[5], "user/") {
		return ""
	}
	return parts[5][strings.LastIndexByte(parts[5], '/')+1:]
}

// AccessKey is an access key as IAM lists it.
type AccessKey struct {
	ID      string
	Active  bool
	Created time.Time // UTC; zero if IAM did not say
}

// AccessKeys calls IAM about the access keys of one user.
type AccessKeys struct {
	client *iam.Client
	user   string
}

// OpenAccessKeys makes the client. user is the name of the user, since policies
// that let users manage their own keys do not allow a call that names nobody;
// empty for the root user, who has no name. region is one given on the command
// line, or empty. Errors are *ConfigError and *NetworkConfigError. Those of all
// methods are *RefusedError and *UnreachableError.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_examples_aws_my-sec-creds-self-manage.html
func OpenAccessKeys(ctx context.Context, p *profile.Profile, getenv func(string) string, region, user string) (*AccessKeys, error) {
	client, err := iamClient(ctx, p, getenv, region)
	if err != nil {
		return nil, err
	}
	return &AccessKeys{client, user}, nil
}

// List returns the user's keys, in IAM's order.
func (a *AccessKeys) List(ctx context.Context, signer creds.Credentials) ([]AccessKey, error) {
	var keys []AccessKey
	err := act(ctx, ListAccessKeys, signer, func(ctx context.Context) error {
		pages := iam.NewListAccessKeysPaginator(a.client, &iam.ListAccessKeysInput{UserName: optional(a.user)},
			func(o *iam.ListAccessKeysPaginatorOptions) { o.StopOnDuplicateToken = true })
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx, signedBy(signer))
			if err != nil {
				return err
			}
			if page.AccessKeyMetadata == nil { // an empty answer: IAM's list may be empty, but is there
				return &RefusedError{Call: ListAccessKeys, Code: "IncompleteAnswer", Message: "the answer holds no list of access keys"}
			}
			for _, m := range page.AccessKeyMetadata {
				keys = append(keys, AccessKey{aws.ToString(m.AccessKeyId), m.Status == types.StatusTypeActive, aws.ToTime(m.CreateDate).UTC()})
			}
		}
		return nil
	})
	return keys, err
}

// LostKeyError is a CreateAccessKey whose answer did not arrive whole: there may be
// a new key, and nobody has its secret.
type LostKeyError struct{ Err error }

// Error is that of Err.
func (e *LostKeyError) Error() string { return e.Err.Error() }

// Unwrap returns what became of the answer.
func (e *LostKeyError) Unwrap() error { return e.Err }

// Create makes a new key and returns it, with the time that IAM gives it. It has
// one attempt: a second would make a second key. Where it is not known whether
// there is a new key, the error is a *LostKeyError.
func (a *AccessKeys) Create(ctx context.Context, signer creds.Credentials) (key creds.Credentials, created time.Time, err error) {
	err = act(ctx, CreateAccessKey, signer, func(ctx context.Context) error {
		out, err := a.client.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: optional(a.user)}, signedBy(signer),
			func(o *iam.Options) { o.Retryer = aws.NopRetryer{} })
		if err != nil {
			return err
		}
		k := out.AccessKey
		if k == nil || aws.ToString(k.AccessKeyId) == "" || aws.ToString(k.SecretAccessKey) == "" {
			return &RefusedError{Call: CreateAccessKey, Code: "IncompleteAnswer", Message: "the answer holds no complete key"}
		}
		key = creds.Credentials{AccessKeyID: *k.AccessKeyId, SecretAccessKey: creds.NewSecret(*k.SecretAccessKey)}
		created = aws.ToTime(k.CreateDate).UTC()
		return nil
	})
	if unclear(err) {
		err = &LostKeyError{err}
	}
	return key, created, err
}

// unclear reports that the request of err may have been carried out.
func unclear(err error) bool {
	var refused *RefusedError
	var lost *UnreachableError
	switch {
	case err == nil:
		return false
	case errors.As(err, &lost):
		return lost.Sent
	case errors.As(err, &refused):
		return refused.Status >= 500 || refused.NotAWS() || refused.Code == "IncompleteAnswer"
	}
	return true // stopped by somebody while it was on its way
}

// Deactivate makes a key inactive: calls signed by it are refused from then on.
// Sessions that were issued for it go on.
func (a *AccessKeys) Deactivate(ctx context.Context, signer creds.Credentials, id string) error {
	return act(ctx, UpdateAccessKey, signer, func(ctx context.Context) error {
		_, err := a.client.UpdateAccessKey(ctx, &iam.UpdateAccessKeyInput{
			AccessKeyId: &id, Status: types.StatusTypeInactive, UserName: optional(a.user),
		}, signedBy(signer))
		return err
	})
}

// Delete deletes a key.
func (a *AccessKeys) Delete(ctx context.Context, signer creds.Credentials, id string) error {
	return act(ctx, DeleteAccessKey, signer, func(ctx context.Context) error {
		_, err := a.client.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{AccessKeyId: &id, UserName: optional(a.user)}, signedBy(signer))
		return err
	})
}

// act bounds an action and turns the SDK's errors into ours.
func act(ctx context.Context, action string, signer creds.Credentials, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, iamLimit)
	defer cancel()
	wire := &wire{}
	err := do(wire.traced(ctx))
	var refused *RefusedError
	if err == nil || errors.As(err, &refused) {
		return err
	}
	return failure(ctx, action, wire, err, hider(signer, ""))
}
