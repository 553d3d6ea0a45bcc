package session

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"daypass/profile"
)

// BaseProblem says why there are no base credentials.
type BaseProblem int

// What a BaseError can be about; Detail is named behind each.
const (
	ProgramFailed    BaseProblem = iota // the program; Err says how
	ProgramSlow                         // the program
	BaseUnreadable                      // what gave something else than credentials: the program, of which Err may say more, the host
	BaseExpired                         // nothing
	TokenUnreadable                     // the file of the token, behind the variable if one names it, or the variable; Err says why
	SignInNeeded                        // the sso_session, empty if there is none
	BaseRefused                         // the status of the HTTP answer, empty if it came within one
	BaseUnreachable                     // the host; Err says why, of IAM Identity Center as an *UnreachableError
	MetadataOff                         // the variable that switches it off
	ContainerMissing                    // the variables that would say where it is
	ContainerForeign                    // the variable that names a host to which no token may go
)

// BaseError is base credentials that could not be had. It has nothing of what a
// program printed, a file held or a server answered.
type BaseError struct {
	Kind    profile.Kind
	Profile string // whose base it is
	Problem BaseProblem
	Detail  string
	Err     error // nil if the problem says it all
}

// Error names the problem for logs; cli has the words for people.
func (e *BaseError) Error() string {
	problem := [...]string{
		"the program failed", "the program did not end in time", "the answer holds no credentials", "they have expired",
		"the token cannot be read", "nobody is signed in", "refused", "no answer", "switched off", "no address",
		"not an address of a container's",
	}[e.Problem]
	text := fmt.Sprintf("base %s of profile %q: %s (%s)", e.Kind, e.Profile, problem, e.Detail)
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns Err.
func (e *BaseError) Unwrap() error { return e.Err }

// failed is the *BaseError about b.
func (b *Base) failed(problem BaseProblem, detail string, err error) error {
	return &BaseError{Kind: b.Kind, Profile: b.Profile, Problem: problem, Detail: detail, Err: err}
}

// failure turns the SDK's error about base credentials into ours. Of its text
// nothing is kept: it quotes what it cannot read.
func (b *Base) failure(ctx context.Context, w *wire, err error) error {
	var answer *smithyhttp.ResponseError
	var lost *smithyhttp.RequestSendError
	var said smithy.APIError
	host, _ := w.host.Load().(string)
	if met := w.met.Load(); met != nil {
		err = errors.Join(err, *met)
	}
	switch {
	case stopped(ctx):
		return context.Cause(ctx)
	case errors.As(err, &answer) && answer.HTTPStatusCode() >= 300:
		return b.failed(BaseRefused, strconv.Itoa(answer.HTTPStatusCode()), nil)
	case w.lost.Load() != nil: // others are on this machine
		e := unreachable(getRoleCredentials, w, err, func(s string) string { return s })
		e.Err = plain(err)
		return b.failed(BaseUnreachable, e.Host, e)
	case slow(err):
		return b.failed(BaseUnreachable, host, errSlow)
	case errors.As(err, &lost):
		return b.failed(BaseUnreachable, host, plain(err))
	case errors.As(err, &said) && !errors.As(err, &answer):
		return b.failed(BaseRefused, "", nil)
	}
	return b.failed(BaseUnreadable, host, nil)
}

var (
	errSlow   = errors.New("no answer in time")
	errNoHTTP = errors.New("no answer that could be read")
)

// plain is the network's reason, without what came over the network.
func plain(err error) error {
	var op *net.OpError
	var certificate *tls.CertificateVerificationError
	var refused *proxyError
	switch {
	case errors.As(err, &refused):
		return refused
	case errors.As(err, &op):
		return op
	case errors.As(err, &certificate):
		return certificate
	}
	return errNoHTTP
}
