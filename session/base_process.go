package session

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"daypass/creds"
	"daypass/profile"
)

// Programs runs programs that the user's files name.
type Programs interface {
	// Run runs a program to its end, without a shell, and returns what it printed:
	// more than limit bytes are an error. Errors name the program, never its
	// arguments or its output; once the program's time is up they are
	// context.DeadlineExceeded, and the cause of ctx if somebody ended that.
	Run(ctx context.Context, args []string, limit int) ([]byte, error)
}

// programOutput is what a program may print, in bytes: botocore and the Go SDK
// know no limit, and the largest session token has 4 KB.
const programOutput = 64 << 10

// program gets credentials from another program's credential_process.
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
func (b Base) program(command profile.Setting) getter {
	return func(ctx context.Context, by Means, _ Network) (creds.Credentials, error) {
		args, err := profile.SplitCommand(command.Value)
		if err != nil || len(args) == 0 {
			return creds.Credentials{}, b.failed(ProgramFailed, command.Shown(), errors.New("not a command"))
		}
		out, err := by.Programs.Run(ctx, args, programOutput)
		switch {
		case stopped(ctx):
			return creds.Credentials{}, context.Cause(ctx)
		case errors.Is(err, context.DeadlineExceeded):
			return creds.Credentials{}, b.failed(ProgramSlow, args[0], nil)
		case err != nil:
			return creds.Credentials{}, b.failed(ProgramFailed, args[0], err)
		}
		c, ok, problem := parseProcess(out)
		if !ok {
			return creds.Credentials{}, b.failed(BaseUnreadable, args[0], problem)
		}
		return c, nil
	}
}

// errExpiration does not quote what was read.
var errExpiration = errors.New("its Expiration is no time like 2026-03-02T09:14:07Z")

// parseProcess reads what a credential_process prints. What it cannot read it says
// next to nothing about: encoding/json quotes what it stumbles over, and that may be
// a part of a secret. The error is nil if it says nothing.
func parseProcess(out []byte) (c creds.Credentials, ok bool, problem error) {
	var answer struct {
		Version                                    int
		AccessKeyID, SecretAccessKey, SessionToken string
		Expiration                                 *string
	}
	err := json.Unmarshal(out, &answer)
	if err != nil || answer.Version != 1 || answer.SecretAccessKey == "" || !inHeader(answer.AccessKeyID) || answer.SessionToken != "" && !inHeader(answer.SessionToken) {
		return creds.Credentials{}, false, nil
	}
	c = creds.Credentials{
		AccessKeyID:     answer.AccessKeyID,
		SecretAccessKey: creds.NewSecret(answer.SecretAccessKey),
		SessionToken:    creds.NewSecret(answer.SessionToken),
	}
	if answer.Expiration == nil {
		return c, true, nil
	}
	c.Expiration, err = parseTime(*answer.Expiration)
	if err != nil {
		return creds.Credentials{}, false, errExpiration
	}
	return c, true, nil
}

// parseTime reads RFC 3339, and an offset without a colon as botocore does.
func parseTime(s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t, err = time.Parse("2006-01-02T15:04:05Z0700", s)
	}
	return t.UTC().Truncate(time.Second), err
}

// inHeader reports whether s can be sent in the header of a request.
func inHeader(s string) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }) < 0
}
