package session

import (
	"context"
	"errors"
	"strings"

	"daypass/creds"
	"daypass/profile"
)

// AssumeRoleWithWebIdentity is the action of STS that takes an identity token in
// place of a signature.
const AssumeRoleWithWebIdentity = "AssumeRoleWithWebIdentity"

// maxToken is the longest token that STS takes, in bytes.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
const maxToken = 20000

// identityToken reads the token of a web_identity_token_file. It is read anew in
// each run: whoever writes the file replaces it every few minutes.
func (b Base) identityToken(file profile.Setting) getter {
	return func(context.Context, Means, Network) (creds.Credentials, error) {
		token, err := readToken(file.Value)
		if err != nil {
			return creds.Credentials{}, b.failed(TokenUnreadable, file.Value, err)
		}
		return creds.Credentials{SessionToken: creds.NewSecret(token)}, nil
	}
}

func readToken(path string) (string, error) {
	text, err := readFile(path, maxToken+2) // a line's end is none of it
	if err != nil {
		return "", errors.Unwrap(err)
	}
	token := strings.TrimSpace(string(text))
	if len(token) < 4 || len(token) > maxToken {
		return "", errors.New("it holds no token")
	}
	return token, nil
}

// tokenStep is the call that trades the identity token of a base for its role r, and
// g in place of its settings. It takes less than AssumeRole.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
func tokenStep(r profile.Role, g Given, login string) (Step, error) {
	const none = "STS takes none beside an identity token"
	for _, p := range parameters() {
		setting, set := r.Lookup(p.setting)
		switch {
		case p.token:
		case p.give(&Step{}, g):
			return Step{}, p.wrong(none)
		case set:
			return Step{}, &profile.Error{Profile: r.Profile, File: setting.File, Line: setting.Line, Key: setting.Key, Message: none}
		}
	}
	s, err := roleStep(r, g, login)
	s.Call = AssumeRoleWithWebIdentity
	return s, err
}
