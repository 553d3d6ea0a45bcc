package session

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"daypass/creds"
)

// GetCallerIdentity is the action of STS that tells whose credentials signed it.
const GetCallerIdentity = "GetCallerIdentity"

// identityLimit bounds the question, with all its attempts.
const identityLimit = 30 * time.Second

// Caller is whose some credentials are.
type Caller struct {
	Account string // its id: twelve digits, where it is AWS's
	ARN     string // of the user, or of the role's session
	UserID  string // unique, as policies have it in aws:userid
}

// Identity asks STS whose c are, which AWS allows everybody and which needs no
// code: that it answers shows that c are good. Errors are *NetworkConfigError
// before the call, *RefusedError and *UnreachableError after.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
func Identity(ctx context.Context, n Network, c creds.Credentials) (Caller, error) {
	ctx, cancel := context.WithTimeout(ctx, identityLimit)
	defer cancel()
	client, err := newClient(ctx, n)
	if err != nil {
		return Caller{}, err
	}
	wire := &wire{}
	out, err := client.sts.GetCallerIdentity(wire.traced(ctx), nil, func(o *sts.Options) { o.Credentials = signing(c) })
	if err != nil {
		return Caller{}, failure(ctx, GetCallerIdentity, wire, err, hider(c, ""))
	}
	caller := Caller{aws.ToString(out.Account), aws.ToString(out.Arn), aws.ToString(out.UserId)}
	if caller.ARN == "" {
		return Caller{}, &RefusedError{Call: GetCallerIdentity, Code: "IncompleteAnswer", Message: "the answer names nobody"}
	}
	return caller, nil
}
