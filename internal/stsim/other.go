package stsim

import (
	"net/http"
	"regexp"
)

// elementName is what may name an XML element.
var elementName = regexp.MustCompile(`\A[A-Za-z]+\z`)

// anythingElse proves to a client of another service that its credentials are good: it gets 200 and next to nothing.
func (w *world) anythingElse(in *request, c *call) reply {
	operation := in.operation()
	action, mfa := in.sig.service+":"+operation, !c.mfaAt.IsZero()
	if why := c.who.denied(action, mfa); why != allowedAction && in.sig.service == "ec2" {
		return w.ec2Denied(c, operation, why)
	}
	if refusal := c.who.refused(action, "", mfa); refusal != nil {
		return in.refuse(refusal)
	}
	id := newRequestID()
	out := reply{status: http.StatusOK, requestID: id}
	switch {
	case in.sig.service == "s3":
		return w.s3(in, c)
	case in.http.Header.Get("X-Amz-Target") != "":
		out.contentType = "application/x-amz-json-1.1"
		out.body = []byte("{}")
	default:
		out.contentType = "text/xml"
		out.body = group(operation+"Response", leaf("requestId", id)).document("")
	}
	return out
}

// operation is the action's name as policies have it and answers are called by, "Anything" where none can be read.
func (in *request) operation() string {
	switch {
	case in.sig.service == "s3":
		return in.s3Operation()
	case elementName.MatchString(in.action):
		return in.action
	}
	return "Anything"
}
