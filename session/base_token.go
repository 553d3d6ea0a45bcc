package session

import (
	"context"
	"errors"
	"io"
	"os"
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
	f, err := os.Open(path)
	if err != nil {
		return "", errors.Unwrap(err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxToken+2)) // a line's end is none of it
	if err != nil {
		return "", errors.Unwrap(err)
	}
	token := strings.TrimSpace(string(text))
	if len(token) < 4 || len(token) > maxToken {
		return "", errors.New("it holds no token")
	}
	return token, nil
}

// tokenStep is the call that trades the identity token of a base for its role.
func tokenStep(r profile.Role, login string) (Step, error) {
	s, err := roleStep(r, Given{}, login)
	if err != nil {
		return Step{}, err
	}
	for _, key := range []string{"external_id", "source_identity", "session_tags", "transitive_session_tags"} {
		if setting, ok := r.Lookup(key); ok {
			return Step{}, &profile.Error{Profile: r.Profile, File: setting.File, Line: setting.Line, Key: setting.Key,
				Message: "STS takes none beside an identity token"}
		}
	}
	s.Call = AssumeRoleWithWebIdentity
	return s, nil
}
