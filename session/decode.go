package session

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"daypass/creds"
)

// DecodeAuthorizationMessage is the action of STS that says why EC2 and others
// have denied a call.
const DecodeAuthorizationMessage = "DecodeAuthorizationMessage"

// decodeLimit bounds the call with all its attempts.
const decodeLimit = 30 * time.Second

// Decode has STS decode an authorization failure message; the answer is a
// document for ReadDenial. Of more than one reading of it the first that STS takes counts.
// c must belong to the account of the call that was denied. Errors are
// *NetworkConfigError before the call, *RefusedError and *UnreachableError after.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html
func Decode(ctx context.Context, n Network, c creds.Credentials, readings ...string) (document string, err error) {
	ctx, cancel := context.WithTimeout(ctx, decodeLimit)
	defer cancel()
	client, err := newClient(ctx, n)
	if err != nil {
		return "", err
	}
	for _, message := range readings {
		var refused *RefusedError
		document, err = client.decode(ctx, c, message)
		if !errors.As(err, &refused) || !refused.BadMessage() {
			break
		}
	}
	return document, err
}

func (c *client) decode(ctx context.Context, by creds.Credentials, message string) (string, error) {
	wire := &wire{}
	out, err := c.sts.DecodeAuthorizationMessage(wire.traced(ctx),
		&sts.DecodeAuthorizationMessageInput{EncodedMessage: aws.String(message)},
		func(o *sts.Options) { o.Credentials = signing(by) })
	if err != nil {
		return "", failure(ctx, DecodeAuthorizationMessage, wire, err, hider(by, ""))
	}
	if aws.ToString(out.DecodedMessage) == "" {
		return "", &RefusedError{Call: DecodeAuthorizationMessage, Code: "IncompleteAnswer", Message: "the answer holds no message"}
	}
	return *out.DecodedMessage, nil
}
