package session

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"daypass/creds"
)

// GetSigninToken is the action of the sign-in page that trades credentials for a
// sign-in token. No SDK has it.
const GetSigninToken = "getSigninToken"

// mostSignin is more than any answer of the sign-in page has, in bytes.
const mostSignin = 1 << 16

// Signin is where the console of a partition is signed in to.
type Signin struct {
	Federation string // the URL of the federation endpoint
	Console    string // the console's host
	Region     string // where the console begins, empty if it may choose
	Post       bool   // credentials travel in a body, not in the URL
}

// ReadSignin returns the sign-in page for n; federation, unless it is empty, stands
// in for its endpoint. The error is a *ConfigError of that profile if no page is
// known: credentials of an STS that is not AWS's are sent to none of AWS's.
//
// AWS documents that the credentials are sent in the URL of a GET, which logs and
// proxies keep. Its own toolkits send them as a form instead, but for GovCloud,
// whose page takes none:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_enable-console-custom-url.html
// https://docs.aws.amazon.com/general/latest/gr/signin-service.html
// https://github.com/aws/aws-toolkit-jetbrains (AwsConsoleUrlFactory.kt)
func ReadSignin(profile string, n Network, federation string) (Signin, error) {
	if host, _ := n.Foreign(); host != "" && federation == "" {
		return Signin{}, &ConfigError{Profile: profile, Problem: SigninForeign, Detail: host}
	}
	for _, known := range []struct {
		partition, home, domain, console string
		post                             bool
	}{
		{"aws", "us-east-1", "signin.aws.amazon.com", "console.aws.amazon.com", true},
		{"aws-cn", "cn-north-1", "signin.amazonaws.cn", "console.amazonaws.cn", true},
		{"aws-us-gov", "us-gov-west-1", "signin.amazonaws-us-gov.com", "console.amazonaws-us-gov.com", false},
		{"aws-eusc", "eusc-de-east-1", "signin.amazonaws-eusc.eu", "console.amazonaws-eusc.eu", false},
	} {
		if known.partition != n.Partition {
			continue
		}
		s := Signin{Federation: federation, Console: known.console, Post: known.post}
		if n.Region.From != "" {
			s.Region = n.Region.Value
		}
		host := known.domain
		if region := n.Region.Value; region != known.home && region != "aws-global" {
			host = region + "." + host
		}
		if federation == "" {
			s.Federation = "https://" + host + "/federation"
		}
		return s, nil
	}
	return Signin{}, &ConfigError{Profile: profile, Problem: SigninUnknown, Detail: n.Partition}
}

// Destination returns the address of a page of the console: that of a service
// ("s3"), the home page if service is empty, or an address of the console as it
// is. The error is a *ParameterError.
func (s Signin) Destination(page string) (string, error) {
	if strings.Contains(page, "://") {
		u, err := url.Parse(page)
		if err != nil || u.Scheme != "https" || u.User != nil || u.Port() != "" || u.Host != s.Console && !strings.HasSuffix(u.Host, "."+s.Console) {
			return "", &ParameterError{"destination", "is no https address of " + s.Console}
		}
		return page, nil
	}
	if !alphanumeric(page, "-") {
		return "", &ParameterError{"destination", "is neither a service, such as s3, nor an https address"}
	}
	if page == "" {
		page = "console"
	}
	query := ""
	if s.Region != "" {
		query = "?region=" + s.Region
	}
	return "https://" + s.Console + "/" + page + "/home" + query, nil
}

// URL trades c, credentials of a role, for an address that signs in whoever opens
// it within 15 minutes, and leads to destination. Errors are *NetworkConfigError
// before the call, *RefusedError and *UnreachableError after; none repeats an
// address, since those hold c or the sign-in token.
func (s Signin) URL(ctx context.Context, n Network, c creds.Credentials, destination string) (creds.Secret, error) {
	n.Endpoint, n.FIPS, n.DualStack = Sourced{}, Sourced{}, Sourced{} // which are about STS
	cfg, err := n.config(ctx)
	if err != nil {
		return creds.Secret{}, err
	}
	token, err := s.token(ctx, n.wired(cfg.HTTPClient), c)
	if err != nil {
		return creds.Secret{}, err
	}
	query := url.Values{"Action": {"login"}, "Destination": {destination}, "SigninToken": {token}}
	return creds.NewSecret(s.Federation + "?" + query.Encode()), nil
}

// token gets the sign-in token. It names no duration: the session lasts as long
// as c, and the page refuses more for a role that was assumed by a session.
// https://github.com/99designs/aws-vault/issues/77
func (s Signin) token(ctx context.Context, client aws.HTTPClient, c creds.Credentials) (string, error) {
	wire, hide := &wire{}, hider(c, "")
	request, err := s.request(wire.traced(ctx), c)
	if err != nil {
		return "", &UnreachableError{Call: GetSigninToken, Err: fmt.Errorf("the address of the page is none")}
	}
	answer, err := client.Do(request)
	if err != nil {
		return "", failure(ctx, GetSigninToken, wire, err, hide)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, mostSignin))
	if err != nil {
		return "", failure(ctx, GetSigninToken, wire, err, hide)
	}
	var got struct{ SigninToken string }
	refused := &RefusedError{Call: GetSigninToken, Status: answer.StatusCode, Code: fmt.Sprint(notAWS, answer.StatusCode)}
	switch {
	case answer.StatusCode == http.StatusOK && json.Unmarshal(text, &got) == nil && got.SigninToken != "":
		return got.SigninToken, nil
	case answer.StatusCode == http.StatusBadRequest, answer.StatusCode == http.StatusForbidden:
		refused.Code, refused.Message = http.StatusText(answer.StatusCode), "the credentials were not taken"
	default:
		refused.Message = "the answer was not one of the sign-in page"
	}
	return "", refused
}

func (s Signin) request(ctx context.Context, c creds.Credentials) (*http.Request, error) {
	session, err := json.Marshal(map[string]string{
		"sessionId": c.AccessKeyID, "sessionKey": c.SecretAccessKey.Reveal(), "sessionToken": c.SessionToken.Reveal(),
	})
	if err != nil {
		return nil, err
	}
	form := url.Values{"Action": {GetSigninToken}, "SessionType": {"json"}, "Session": {string(session)}}.Encode()
	if !s.Post {
		return http.NewRequestWithContext(ctx, http.MethodGet, s.Federation+"?"+form, nil)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.Federation, strings.NewReader(form))
	if err == nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return request, err
}
