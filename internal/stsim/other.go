package stsim

import (
	"net/http"
	"regexp"
)

// elementName is what may name an XML element.
var elementName = regexp.MustCompile(`\A[A-Za-z]+\z`)

// anythingElse proves to a client of another service that its credentials are good: it gets 200 and next to nothing.
func anythingElse(in *request, c *call) reply {
	if refusal := c.who.refused(in.sig.service+":"+in.operation(), "", !c.mfaAt.IsZero()); refusal != nil {
		return in.refuse(refusal)
	}
	id := newRequestID()
	out := reply{status: http.StatusOK, requestID: id}
	switch {
	case in.sig.service == "s3":
		out.contentType = "application/xml"
		out.body = listBuckets(c).document("http://s3.amazonaws.com/doc/2006-03-01/")
	case in.http.Header.Get("X-Amz-Target") != "":
		out.contentType = "application/x-amz-json-1.1"
		out.body = []byte("{}")
	default:
		out.contentType = "text/xml"
		out.body = group(in.operation()+"Response", leaf("requestId", id)).document("")
	}
	return out
}

// operation is the action's name as policies have it and answers are called by, "Anything" where none can be read.
func (in *request) operation() string {
	switch {
	case in.sig.service == "s3" && in.action == "GET /":
		return "ListAllMyBuckets"
	case elementName.MatchString(in.action):
		return in.action
	}
	return "Anything"
}

// listBuckets is S3's ListAllMyBuckets with one bucket, which is called after the account.
func listBuckets(c *call) element {
	return group("ListAllMyBucketsResult",
		group("Owner", leaf("ID", c.who.id), leaf("DisplayName", c.who.account)),
		group("Buckets", group("Bucket",
			leaf("Name", "stsim-"+c.who.account),
			leaf("CreationDate", timestamp(c.now)),
		)),
	)
}
