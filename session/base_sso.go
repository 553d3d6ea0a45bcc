package session

import (
	"context"
	"errors"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/credentials/ssocreds"
	"github.com/aws/aws-sdk-go-v2/service/sso"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"daypass/creds"
	"daypass/profile"
)

// getRoleCredentials is the action by which IAM Identity Center gives credentials.
const getRoleCredentials = "GetRoleCredentials"

// signedIn gets the credentials of a role in IAM Identity Center, by the token that
// "aws sso login" keeps. The SDK renews that token if it can, in its file.
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-sso-credentials.html
func (b Base) signedIn(p *profile.Profile, getenv func(string) string) (id string, get getter) {
	portal, tokens := readEndpoint(p, "sso", getenv), readEndpoint(p, "sso_oidc", getenv)
	value := func(key string) string {
		s, _ := p.Base.Defines(key)
		return s.Value
	}
	return definition(p.Base, portal.Value), func(ctx context.Context, _ Means, n Network) (creds.Credentials, error) {
		ctx, cancel := context.WithTimeout(ctx, madeLimit)
		defer cancel()
		region, _ := p.Base.Defines("sso_region")
		at := func(endpoint Sourced) Network {
			n.Region, n.Endpoint = sourced(region), endpoint
			return n
		}
		cfg, err := at(portal).config(ctx)
		if err != nil {
			return creds.Credentials{}, err
		}
		client := sso.NewFromConfig(cfg, func(o *sso.Options) {
			o.BaseEndpoint, o.HTTPClient = optional(portal.Value), at(portal).wired(o.HTTPClient)
		})
		provider := ssocreds.New(client, value("sso_account_id"), value("sso_role_name"), value("sso_start_url"), func(o *ssocreds.Options) {
			if name := value("sso_session"); name != "" {
				path, err := ssocreds.StandardCachedTokenFilepath(name)
				if err != nil { // there is no home folder: no token either
					path = ""
				}
				renewing := ssooidc.NewFromConfig(cfg, func(o *ssooidc.Options) {
					o.BaseEndpoint, o.HTTPClient = optional(tokens.Value), at(tokens).wired(o.HTTPClient)
				})
				o.SSOTokenProvider = ssocreds.NewSSOTokenProvider(renewing, path)
			}
		})
		wire := &wire{}
		c, err := provider.Retrieve(wire.traced(ctx))
		if err != nil && needsSignIn(err) {
			return creds.Credentials{}, b.failed(SignInNeeded, value("sso_session"), nil)
		}
		return b.made(ctx, wire, c, err)
	}
}

// needsSignIn reports that no token is there, or none that is taken. All that the
// SDK says of a file it says in words.
func needsSignIn(err error) bool {
	var answer *smithyhttp.ResponseError
	var operation *smithy.OperationError
	if !errors.As(err, &operation) {
		return true
	}
	if !errors.As(err, &answer) {
		return false
	}
	status := answer.HTTPStatusCode()
	return status == http.StatusUnauthorized || operation.OperationName == "CreateToken" && status == http.StatusBadRequest
}
