package stsim

import (
	"encoding/json"
	"net/http"
	"time"
)

// signinPath is where the console's sign-in page trades credentials for a sign-in token, and a token for the console
// (IAM User Guide, "Enable custom identity broker access to the AWS console").
const signinPath = "/federation"

// signin answers as the sign-in page: getSigninToken takes credentials of a role or a federated user and no
// SessionDuration, which AWS takes of next to nobody (aws-vault#77); login takes a token.
func (w *world) signin(in *request, now time.Time) reply {
	switch in.action {
	case "getSigninToken":
		return w.signinToken(in, now)
	case "login":
		if w.signins[in.form.Get("SigninToken")] != nil && in.form.Get("Destination") != "" {
			return reply{status: http.StatusFound, location: in.form.Get("Destination")}
		}
	}
	return invalidCredentials()
}

func (w *world) signinToken(in *request, now time.Time) reply {
	var session struct{ SessionID, SessionKey, SessionToken string }
	if json.Unmarshal([]byte(in.form.Get("Session")), &session) != nil || in.form.Has("SessionDuration") {
		return invalidCredentials()
	}
	key := w.credentials[session.SessionID]
	switch {
	case key == nil, key.SecretAccessKey != session.SessionKey, key.token != session.SessionToken, !now.Before(key.expires):
		return invalidCredentials()
	case key.who.kind != kindRole && key.who.kind != kindFederated:
		return invalidCredentials()
	}
	token := newToken(500)
	w.signins[token] = key
	return reply{status: http.StatusOK, contentType: "application/json", body: marshal(struct{ SigninToken string }{token})}
}

// invalidCredentials is a page that says no more than that (aws-vault#77).
func invalidCredentials() reply {
	return reply{status: http.StatusBadRequest, code: "InvalidCredentials", contentType: "text/html", body: []byte("<html>Invalid credentials parameter</html>")}
}
