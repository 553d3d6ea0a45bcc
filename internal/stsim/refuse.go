package stsim

import (
	"net/http"
	"strings"
)

// refuse gives a failure the shape of the service that was called.
func (in *request) refuse(f *failure) reply {
	asJSON := strings.Contains(in.http.Header.Get("Accept"), "application/json")
	service := ""
	if in.sig != nil {
		service = in.sig.service
	}
	switch {
	case service == "s3":
		return s3Error(f)
	case in.http.Header.Get("X-Amz-Target") != "":
		return jsonError(f)
	case service == "iam":
		return queryError(f, iamNamespace, asJSON)
	}
	return queryError(f, stsNamespace, asJSON)
}

// s3Error tells S3's clients a failure in S3's words: Amazon S3 API Reference, "Error responses".
func s3Error(f *failure) reply {
	told := *f
	switch f.code {
	case "InvalidClientTokenId":
		told = failure{403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records."}
	case "ExpiredToken":
		told = failure{400, "ExpiredToken", "The provided token has expired."}
	case "SignatureDoesNotMatch":
		if strings.HasPrefix(f.message, "Signature ") {
			told = failure{403, "RequestTimeTooSkewed", "The difference between the request time and the current time is too large."}
		}
	}
	id := newRequestID()
	return reply{
		status:      told.status,
		code:        told.code,
		contentType: "application/xml",
		requestID:   id,
		body:        group("Error", leaf("Code", told.code), leaf("Message", told.message), leaf("RequestId", id)).document(""),
	}
}

// jsonError tells a failure to clients of the JSON protocols, whose names for these differ: DynamoDB Developer Guide,
// "Error handling".
func jsonError(f *failure) reply {
	code := map[string]string{
		"InvalidClientTokenId":       "UnrecognizedClientException",
		"ExpiredToken":               "ExpiredTokenException",
		"SignatureDoesNotMatch":      "InvalidSignatureException",
		"MissingAuthenticationToken": "MissingAuthenticationTokenException",
		"IncompleteSignature":        "IncompleteSignatureException",
		"AccessDenied":               "AccessDeniedException",
	}[f.code]
	if code == "" {
		code = f.code
	}
	return reply{
		status:      http.StatusBadRequest,
		code:        code,
		contentType: "application/x-amz-json-1.1",
		requestID:   newRequestID(),
		body: marshal(struct {
			Type    string `json:"__type"`
			Message string `json:"message"`
		}{code, f.message}),
	}
}
