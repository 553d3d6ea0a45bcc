package stsim

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// signatureWindow is how far a signature's time may be off; STS allows 15 minutes (aws-cli#6676).
const signatureWindow = 15 * time.Minute

// authenticate finds the credential that signed a request, or how AWS refuses it.
func (w *world) authenticate(in *request, now time.Time) (*credential, *failure) {
	sig := in.sig
	if sig == nil {
		return nil, in.unsigned
	}
	key := w.credentials[sig.accessKeyID]
	if key == nil || key.token != sig.token || key.inactive || partitionOf(sig.region) != key.who.partition {
		return nil, invalidToken()
	}
	if key.unready > 0 {
		key.unready--
		return nil, invalidToken()
	}
	if refusal := sig.checkScope(now); refusal != nil {
		return nil, refusal
	}
	if !slices.Contains(sig.signedHeaders, "host") {
		return nil, badSignature("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
	}
	if !sig.covers(in.http) || !sig.matches(key.SecretAccessKey, in.http, in.body) {
		return nil, badSignature("The request signature we calculated does not match the signature you provided. " +
			"Check your AWS Secret Access Key and signing method. Consult the service documentation for details.")
	}
	if !key.expires.IsZero() && !now.Before(key.expires) {
		return nil, &failure{403, "ExpiredToken", "The security token included in the request is expired"}
	}
	return key, nil
}

// checkScope refuses a wrong time or credential scope, in the words of IAM User Guide "Troubleshoot Signature Version 4
// signing", aws-cli#6676 and aws-sdk-js#2565.
func (sig *signature) checkScope(now time.Time) *failure {
	stamp := sig.at.Format(basicFormat)
	if sig.end != terminator {
		return badSignature(fmt.Sprintf("Credential should be scoped with a valid terminator: '%s', not '%s'.", terminator, sig.end))
	}
	if day := stamp[:8]; sig.day != day {
		return badSignature(fmt.Sprintf("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '%s' != '%s', from '%s'.", sig.day, day, stamp))
	}
	present := now.Format(basicFormat)
	if edge := now.Truncate(time.Second).Add(-signatureWindow); sig.at.Before(edge) {
		return badSignature(fmt.Sprintf("Signature expired: %s is now earlier than %s (%s - 15 min.)", stamp, edge.Format(basicFormat), present))
	}
	if edge := now.Truncate(time.Second).Add(signatureWindow); sig.at.After(edge) {
		return badSignature(fmt.Sprintf("Signature not yet current: %s is still later than %s (%s + 15 min.)", stamp, edge.Format(basicFormat), present))
	}
	return nil
}

// covers says whether every x-amz-… header that was sent is signed, as it must be.
func (sig *signature) covers(r *http.Request) bool {
	for name := range r.Header {
		name = strings.ToLower(name)
		if strings.HasPrefix(name, "x-amz-") && !slices.Contains(sig.signedHeaders, name) {
			return false
		}
	}
	return true
}

// invalidToken refuses an unknown or inactive key, a session token that is missing or not the key's, and a key of
// another partition, all alike (aws-sdk-java#1879, aws-sdk-go-base#314).
func invalidToken() *failure {
	return &failure{403, "InvalidClientTokenId", "The security token included in the request is invalid."}
}

func badSignature(text string) *failure {
	return &failure{403, "SignatureDoesNotMatch", text}
}

// partitionOf is the partition of a region; an unknown region is taken for one of aws, as SDKs do.
func partitionOf(region string) string {
	for _, p := range []struct{ prefix, partition string }{
		{"cn-", "aws-cn"},
		{"us-gov-", "aws-us-gov"},
		{"eusc-", "aws-eusc"},
		{"us-iso-", "aws-iso"},
		{"us-isob-", "aws-iso-b"},
		{"eu-isoe-", "aws-iso-e"},
		{"us-isof-", "aws-iso-f"},
	} {
		if strings.HasPrefix(region, p.prefix) {
			return p.partition
		}
	}
	return "aws"
}
