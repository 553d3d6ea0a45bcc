package stsim

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// packedSpace is the room for packed policies and tags in a session token, beside what every token holds.
const packedSpace = maxTokenSize - 343

// sessionInput is what AssumeRole and GetFederationToken are passed to narrow and mark a session.
type sessionInput struct {
	policy     string
	policyARNs []string
	tags       []string // keys
	transitive []string // keys
	packed     int      // bytes that policies and tags take in the token; AWS packs tighter
	tokenSize  int      // MinimumSessionTokenSize
}

func (c *call) readSession() sessionInput {
	in := sessionInput{
		policy:     c.may(policyLimit),
		policyARNs: c.members("PolicyArns", policyARNLimit, 10),
		tags:       c.members("Tags", tagKeyLimit, 50),
		transitive: c.members("TransitiveTagKeys", transitiveLimit, 50),
		tokenSize:  c.number("MinimumSessionTokenSize", 0, maxTokenSize, 0),
	}
	for n := range in.tags {
		in.packed += len(c.needAt(memberName("Tags", n+1, tagValueLimit.name), tagValueLimit))
	}
	for _, part := range slices.Concat(in.policyARNs, in.tags, []string{in.policy}) {
		in.packed += len(part)
	}
	return in
}

// check refuses what the limits of single parameters cannot. inherited are the transitive tags of the caller's session.
// The texts about tags are recorded from AWS in localstack's test_sts snapshot (April 2025).
func (in *sessionInput) check(inherited []string) *failure {
	if in.policy != "" {
		if refusal := checkPolicy(in.policy); refusal != nil {
			return refusal
		}
	}
	for i, key := range in.tags {
		if containsFold(in.tags[:i], key) {
			return badParameter("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		}
		if containsFold(inherited, key) {
			return badParameter("One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.")
		}
	}
	for _, key := range in.transitive {
		if !containsFold(in.tags, key) {
			return badParameter("The specified transitive tag key must be included in the requested tags.")
		}
	}
	if in.packed <= packedSpace {
		return nil
	}
	percent := in.packed * 100 / packedSpace
	if in.policy == "" && len(in.policyARNs) == 0 {
		// configure-aws-credentials#1898
		return &failure{400, "PackedPolicyTooLarge", fmt.Sprintf("Packed size of session tags consumes %d%% of allotted space.", percent)}
	}
	return &failure{400, "PackedPolicyTooLarge", fmt.Sprintf("Packed policy consumes %d%% of allotted space, please use smaller policy.", percent)}
}

// size is how long the session's token gets.
func (in *sessionInput) size(least int) int {
	return max(least+in.packed, in.tokenSize)
}

// packedSize is the output of that name, which STS leaves out of AssumeRole's answer if nothing was passed.
func (in *sessionInput) packedSize() element {
	return number("PackedPolicySize", in.packed*100/packedSpace)
}

// checkPolicy refuses what is no policy document, in the words of STS's JSON parser (amazon.aws#2778).
func checkPolicy(policy string) *failure {
	var document map[string]json.RawMessage
	err := json.Unmarshal([]byte(policy), &document)
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax) && strings.HasPrefix(syntax.Error(), "unexpected end"):
		return malformedPolicy("Unexpected end-of-input")
	case errors.As(err, &syntax):
		char := policy[syntax.Offset-1]
		return malformedPolicy(fmt.Sprintf("Unexpected character ('%c' (code %d)): expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')", char, char))
	case document["Statement"] == nil:
		return malformedPolicy("Syntax errors in policy.")
	}
	return nil
}

func malformedPolicy(text string) *failure {
	return &failure{400, "MalformedPolicyDocument", text}
}

func badParameter(text string) *failure {
	return &failure{400, "InvalidParameterValue", text}
}

func containsFold(keys []string, key string) bool {
	return slices.ContainsFunc(keys, func(other string) bool { return strings.EqualFold(other, key) })
}
