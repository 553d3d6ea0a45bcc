package stsim_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"daypass/internal/stsim"
)

// client is a real STS client, configured from nothing but its arguments, that retries without waiting.
func (p *place) client(by signer) *sts.Client {
	p.t.Helper()
	for _, name := range []string{"AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_IAM", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_CA_BUNDLE"} {
		p.t.Setenv(name, "")
	}
	c, err := config.LoadDefaultConfig(context.Background(),
		config.WithSharedConfigFiles([]string{}),
		config.WithSharedCredentialsFiles([]string{}),
		config.WithRegion(by.region),
		config.WithBaseEndpoint(p.url),
		config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(by.AccessKeyID, by.SecretAccessKey, by.SessionToken)),
		config.WithRetryer(func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) {
				o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
			})
		}),
	)
	if err != nil {
		p.t.Fatal(err)
	}
	return sts.NewFromConfig(c)
}

func TestSDKSessionThenRole(t *testing.T) {
	p := newPlace(t)
	ctx := context.Background()
	earliest := p.Now().Truncate(time.Second).Add(900 * time.Second)
	session, err := p.client(p.user).GetSessionToken(ctx, &sts.GetSessionTokenInput{
		SerialNumber:    aws.String(serial),
		TokenCode:       aws.String(p.Code(serial)),
		DurationSeconds: aws.Int32(900),
	})
	if err != nil {
		t.Fatal(err)
	}
	if end, latest := *session.Credentials.Expiration, p.Now().Add(900*time.Second); end.Before(earliest) || end.After(latest) {
		t.Errorf("session ends %v, want %v to %v", end, earliest, latest)
	}
	if *session.SessionTokenSize != 343 || len(*session.Credentials.SessionToken) != 343 {
		t.Errorf("token size %d, said to be %d", len(*session.Credentials.SessionToken), *session.SessionTokenSize)
	}
	by := signer{aws.Credentials{
		AccessKeyID:     *session.Credentials.AccessKeyId,
		SecretAccessKey: *session.Credentials.SecretAccessKey,
		SessionToken:    *session.Credentials.SessionToken,
	}, "eu-west-1"}
	role, err := p.client(by).AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: aws.String(devARN), RoleSessionName: aws.String("test")})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := *role.AssumedRoleUser.Arn, "arn:aws:sts::111111111111:assumed-role/Dev/test"; got != want {
		t.Errorf("assumed %s, want %s", got, want)
	}
	who, err := p.client(by).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		t.Fatal(err)
	}
	if *who.Arn != anaARN || *who.Account != account {
		t.Errorf("the session is %s of %s", *who.Arn, *who.Account)
	}
}

func TestSDKErrorCodes(t *testing.T) {
	p := newPlace(t)
	ctx := context.Background()
	wrong := p.user
	wrong.SecretAccessKey += "x"
	_, err := p.client(wrong).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	wantCode(t, err, "SignatureDoesNotMatch")
	unknown := signer{aws.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "x"}, "us-east-1"}
	_, err = p.client(unknown).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	wantCode(t, err, "InvalidClientTokenId")
	_, err = p.client(p.user).GetSessionToken(ctx, &sts.GetSessionTokenInput{SerialNumber: aws.String(serial), TokenCode: aws.String("000000x")})
	wantCode(t, err, "ValidationError")
}

func TestSDKSkewedClock(t *testing.T) {
	p := newPlace(t)
	p.Skew(20 * time.Minute)
	client := p.client(p.user)
	_, err := client.GetCallerIdentity(context.Background(), &sts.GetCallerIdentityInput{}, func(o *sts.Options) { o.RetryMaxAttempts = 1 })
	wantCode(t, err, "SignatureDoesNotMatch")
	if _, err := p.client(p.user).GetCallerIdentity(context.Background(), &sts.GetCallerIdentityInput{}); err != nil {
		t.Errorf("the SDK did not learn the time from the Date header: %v", err)
	}
}

func TestSDKRetriesThrottling(t *testing.T) {
	p := newPlace(t)
	p.Inject(stsim.Fault{Action: "GetCallerIdentity", Times: 2, Code: "Throttling", Message: "Rate exceeded"})
	if _, err := p.client(p.user).GetCallerIdentity(context.Background(), &sts.GetCallerIdentityInput{}); err != nil {
		t.Fatal(err)
	}
	if n := p.Count("GetCallerIdentity"); n != 3 {
		t.Errorf("%d requests, want 3", n)
	}
	if n := p.Accepted("GetCallerIdentity"); n != 1 {
		t.Errorf("%d accepted, want 1", n)
	}
}

func TestSDKDroppedAnswerHasUsedTheCode(t *testing.T) {
	p := newPlace(t)
	p.Inject(stsim.Fault{Action: "GetSessionToken", Times: 1, Drop: true})
	in := &sts.GetSessionTokenInput{SerialNumber: aws.String(serial), TokenCode: aws.String(p.Code(serial))}
	_, err := p.client(p.user).GetSessionToken(context.Background(), in)
	wantCode(t, err, "AccessDenied") // the SDK's second attempt carried the used code
	if n := p.Accepted("GetSessionToken"); n != 1 {
		t.Errorf("%d accepted, want 1", n)
	}
	in.TokenCode = aws.String(p.Code(serial))
	if _, err := p.client(p.user).GetSessionToken(context.Background(), in); err != nil {
		t.Error(err)
	}
}

func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) {
		t.Errorf("got %v, want %s", err, code)
		return
	}
	if api.ErrorCode() != code {
		t.Errorf("got %s %q, want %s", api.ErrorCode(), api.ErrorMessage(), code)
	}
}

var _ http.Handler = (*stsim.Server)(nil)
