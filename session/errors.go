package session

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// Problem says what is wrong with a profile as a whole.
type Problem int

// What a ConfigError can be about; Detail is named behind each.
const (
	NothingToDo       Problem = iota // neither a role nor a serial; the kind of a base that SDKs can use without us, else empty
	BaseMissing                      // nothing
	CodeNeedsLongTerm                // the profile whose keys are temporary
	WishTooLong                      // "M of what can be issued"
	EnvironmentEmpty                 // credential_source = Environment without keys
	RegionMissing                    // the partition
	RegionInvalid                    // where the region comes from
	EndpointInvalid                  // where the endpoint comes from
	SerialMissing                    // the setting that needs a serial, and where it stands
	ListNeedsLongTerm                // the profile whose keys are temporary
	CallNeedsLongTerm                // likewise, for another call
	SigninNeedsRole                  // nothing
	SigninUnknown                    // the partition
	SigninForeign                    // the host of STS, which is not AWS's
	RegionForeign                    // "region, from where, is of one partition, and the ARNs are of another"
	VariantOfEndpoint                // "variant, from where, beside an endpoint from where"
	VariantOfGlobal                  // "variant, from where"
)

// ConfigError is a profile that can be read but leads nowhere.
type ConfigError struct {
	Profile string
	Problem Problem
	Detail  string
}

// Error names the problem for logs; cli has the words for people.
func (e *ConfigError) Error() string {
	problem := [...]string{
		"neither role_arn nor mfa_serial", "no usable base credentials", "an MFA code needs long-term keys",
		"min_remaining is longer than what is issued", "no keys in the environment", "no region", "bad region", "bad endpoint",
		"no mfa_serial", "devices are listed with long-term keys", "the call needs long-term keys",
		"signing in needs a role", "no sign-in page is known",
		"the console is AWS's, and STS is not",
		"the region is of another partition", "a variant of a given endpoint", "a variant of the global endpoint",
	}[e.Problem]
	return fmt.Sprintf("profile %q: %s (%s)", e.Profile, problem, e.Detail)
}

// RefusedError is the no of STS, or IAM, to a call.
type RefusedError struct {
	Call    string
	Code    string        // AWS's error code; "HTTP" and the status if the answer was not one of AWS
	Status  int           // of the HTTP answer
	Message string        // AWS's text, without any secret of ours
	Skew    time.Duration // STS's clock minus ours, where the answer told
	To      string        // where a redirect, which is not followed, leads: scheme and host, "" if the answer is none
	NoCode  bool          // no call of the plan up to this one carried a code, and one could have
}

// Error gives the call, AWS's code and its text.
func (e *RefusedError) Error() string {
	return fmt.Sprintf("%s was refused: %s: %s", e.Call, e.Code, e.Message)
}

// BadCode reports that STS looked at the code and did not take it: wrong, or
// used before. Both read the same.
// https://github.com/aws/aws-cli/issues/2279
func (e *RefusedError) BadCode() bool {
	return strings.Contains(e.Message, "invalid MFA one time pass code")
}

// BadSerial reports that STS knows no such device of this user.
func (e *RefusedError) BadSerial() bool {
	return strings.Contains(e.Message, "unable to validate MFA code")
}

// BadTime reports that the signature's time was refused, before anything else
// in the request was looked at.
// https://github.com/aws/aws-cli/issues/6676
func (e *RefusedError) BadTime() bool {
	switch e.Code {
	case "RequestExpired", "RequestTimeTooSkewed", "RequestInTheFuture":
		return true
	}
	return strings.HasPrefix(e.Message, "Signature expired:") || strings.HasPrefix(e.Message, "Signature not yet current:")
}

// BadSigner reports that the credentials that signed the call are no longer
// good, whatever their expiry says.
func (e *RefusedError) BadSigner() bool {
	switch e.Code {
	case "ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId":
		return true
	}
	return false
}

// BadMessage reports that STS cannot decode the message: it is cut or changed, too old,
// or of another account.
func (e *RefusedError) BadMessage() bool {
	return e.Code == "InvalidAuthorizationMessageException"
}

// Busy reports that STS was there and could not answer now.
func (e *RefusedError) Busy() bool {
	return e.Status >= 500 || strings.HasPrefix(e.Code, "Throttling") || e.Code == "RequestLimitExceeded"
}

// NotFound reports that IAM does not know what the call is about.
func (e *RefusedError) NotFound() bool { return e.Code == "NoSuchEntity" }

// Full reports that there are as many as there may be.
func (e *RefusedError) Full() bool { return e.Code == "LimitExceeded" }

// NotAWS reports that something else answered: a proxy, a captive portal.
func (e *RefusedError) NotAWS() bool { return strings.HasPrefix(e.Code, notAWS) }

// Service is the one that was called: "STS", "IAM", "the sign-in page" or "IAM
// Identity Center".
func (e *RefusedError) Service() string { return service(e.Call) }

func service(call string) string {
	switch call {
	case ListMFADevices, ListAccessKeys, CreateAccessKey, UpdateAccessKey, DeleteAccessKey:
		return "IAM"
	case GetSigninToken:
		return "the sign-in page"
	case getRoleCredentials:
		return "IAM Identity Center"
	}
	return "STS"
}

// UnreachableError is a call that got no answer of the service.
type UnreachableError struct {
	Call string
	Host string
	Sent bool // the request, and a code in it, was on the wire
	Slow bool // no answer came in time
	Cert bool // the certificate of the other side was not accepted
	Name bool // a name could not be resolved

	Way         Way
	AtProxy     bool // it is the proxy that was not reached, did not answer or refused
	ProxyStatus int  // what the proxy answered when it refused, else 0

	Err error
}

// Error gives the call, the host and the network's error.
func (e *UnreachableError) Error() string { return fmt.Sprintf("%s to %s: %v", e.Call, e.Host, e.Err) }

// Service is the one that was called, as RefusedError has it.
func (e *UnreachableError) Service() string { return service(e.Call) }

// Unwrap returns the error of the network.
func (e *UnreachableError) Unwrap() error { return e.Err }

const (
	notAWS = "HTTP "
	// noCode is what the SDK calls an error whose answer has no code.
	noCode = "UnknownError"
)

// failure turns the SDK's error about a call into ours.
func failure(ctx context.Context, call string, w *wire, err error, hide func(string) string) error {
	if stopped(ctx) {
		return context.Cause(ctx)
	}
	var api smithy.APIError
	var response *smithyhttp.ResponseError
	answered := errors.As(err, &response) && response.HTTPStatusCode() > 0
	if answered && response.Response.Request != nil {
		hide = alsoHiding(hide, password(proxyFor(response.Response.Request.URL)))
	}
	if errors.As(err, &api) && answered && api.ErrorCode() != noCode {
		return &RefusedError{Call: call, Code: hide(api.ErrorCode()), Status: response.HTTPStatusCode(), Message: hide(api.ErrorMessage()), Skew: skewOf(response)}
	}
	if answered {
		return &RefusedError{Call: call, Code: fmt.Sprint(notAWS, response.HTTPStatusCode()), Status: response.HTTPStatusCode(),
			Message: "the answer was not one of " + service(call), Skew: skewOf(response), To: hide(redirect(response))}
	}
	return unreachable(call, w, err, hide)
}

func unreachable(call string, w *wire, err error, hide func(string) string) *UnreachableError {
	host, _ := w.host.Load().(string)
	e := &UnreachableError{Call: call, Host: hide(host), Sent: w.sent.Load(), Slow: slow(err), Cert: distrusted(err), Name: unresolved(err)}
	if l := w.lost.Load(); l != nil {
		hide = alsoHiding(hide, password(l.proxy))
		e.Host, e.Way, e.AtProxy = hide(l.hostPort()), l.way(), l.atProxy
	}
	var refused *proxyError
	if errors.As(err, &refused) {
		e.ProxyStatus = refused.status
	}
	e.Err = reason(err, hide)
	return e
}

// redirect is where an answer leads, without the path, which is any text.
func redirect(r *smithyhttp.ResponseError) string {
	if r.Response == nil || r.Response.Response == nil || r.HTTPStatusCode()/100 != 3 {
		return ""
	}
	to, err := r.Response.Location()
	if err != nil {
		return "nowhere"
	}
	return to.Scheme + "://" + to.Host
}

func unresolved(err error) bool {
	var name *net.DNSError
	var address *net.AddrError // the name has none that is of use here
	return errors.As(err, &name) && !name.IsTimeout || errors.As(err, &address)
}

func slow(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout()
}

func distrusted(err error) bool {
	var tlsError *tls.CertificateVerificationError
	return errors.As(err, &tlsError)
}

// reason is the innermost telling error: the SDK wraps it in its own words, and
// a url.Error repeats the address.
func reason(err error, hide func(string) string) error {
	var proxy *proxyError
	if errors.As(err, &proxy) {
		return errors.New(proxy.Error())
	}
	var op *net.OpError
	if errors.As(err, &op) {
		return errors.New(hide(op.Error()))
	}
	var u *url.Error
	if errors.As(err, &u) {
		return errors.New(hide(u.Err.Error()))
	}
	return errors.New(hide(err.Error()))
}

func skewOf(r *smithyhttp.ResponseError) time.Duration {
	if r.Response == nil || r.Response.Response == nil {
		return 0
	}
	date, err := http.ParseTime(r.Response.Header.Get("Date"))
	if err != nil {
		return 0
	}
	return time.Until(date).Round(time.Second)
}

// NetworkConfigError is a network setting that the SDK cannot work with. From
// says where it stands, empty if the environment's settings as a whole.
type NetworkConfigError struct {
	From string
	Err  error
}

// Error gives the setting's place and what is wrong.
func (e *NetworkConfigError) Error() string {
	if e.From == "" {
		return fmt.Sprintf("network settings: %v", e.Err)
	}
	return fmt.Sprintf("network settings: %s: %v", e.From, e.Err)
}

// Unwrap returns the cause.
func (e *NetworkConfigError) Unwrap() error { return e.Err }

// ClockError is an answer whose credentials have expired already by the local
// clock: no SDK on this machine would use them.
type ClockError struct {
	Skew time.Duration // STS's clock minus the local one
}

// Error says how far the clocks differ.
func (e *ClockError) Error() string {
	return fmt.Sprintf("the credentials have expired on arrival: the clocks differ by %s", e.Skew)
}
