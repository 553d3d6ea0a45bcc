package stsim

import (
	"encoding/base64"
	"net/http"
)

// denial is an encoded authorization failure message and who may read it.
type denial struct {
	account string
	decoded []byte
}

// encodedSize is the length of the messages in two recorded samples (terraforming-aws#73).
const encodedSize = 523

// The decoded message's shape is that of terraforming-aws#73, and that of its statements the sample in the AWS CLI's
// reference of decode-authorization-message.
type (
	items[T any] struct {
		Items []T `json:"items"`
	}
	value struct {
		Value string `json:"value"`
	}
	condition struct {
		Key    string       `json:"key"`
		Values items[value] `json:"values"`
	}
	statement struct {
		StatementID     string           `json:"statementId"`
		Effect          string           `json:"effect"`
		Principals      items[value]     `json:"principals"`
		PrincipalGroups items[value]     `json:"principalGroups"`
		Actions         items[value]     `json:"actions"`
		Resources       items[value]     `json:"resources"`
		Conditions      items[condition] `json:"conditions"`
	}
	caller struct {
		ID   string `json:"id"`
		Name string `json:"name,omitempty"` // a role's session has none
		ARN  string `json:"arn"`
	}
	decodedMessage struct {
		Allowed           bool             `json:"allowed"`
		ExplicitDeny      bool             `json:"explicitDeny"`
		MatchedStatements items[statement] `json:"matchedStatements"`
		Failures          items[string]    `json:"failures"`
		Context           struct {
			Principal  caller           `json:"principal"`
			Action     string           `json:"action"`
			Resource   string           `json:"resource"`
			Conditions items[condition] `json:"conditions"`
		} `json:"context"`
	}
)

// list is never null, as AWS's are not.
func list[T any](all ...T) items[T] { return items[T]{append([]T{}, all...)} }

func conditionOf(key, v string) condition { return condition{key, list(value{v})} }

// Encode mints an encoded authorization failure message, as EC2 puts into its UnauthorizedOperation errors: a refusal of
// the action on the resource to the user. Callers of the user's account can have it decoded.
func (s *Server) Encode(userARN, action, resource string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.world.encode(longTerm(s.world.userByARN(userARN)), action, resource, implicit, false)
}

// reason is why a policy denies an action.
type reason int

const (
	allowedAction reason = iota
	implicit             // no policy allows it
	withoutMFA           // the usual force-MFA policy denies it
	organization         // a service control policy denies it
)

// tails are what EC2 and others say of it (IAM User Guide, "Troubleshoot access denied error messages").
func (r reason) tail(action string) string {
	switch r {
	case withoutMFA:
		return "with an explicit deny in an identity-based policy"
	case organization:
		return "with an explicit deny in a service control policy"
	}
	return "because no identity-based policy allows the " + action + " action"
}

// encode mints a message; mfa says whether the call was made with MFA, which only temporary credentials tell (IAM User
// Guide, "AWS global condition context keys").
func (w *world) encode(who *principal, action, resource string, why reason, mfa bool) string {
	message := decodedMessage{
		ExplicitDeny:      why == withoutMFA || why == organization,
		MatchedStatements: list[statement](),
		Failures:          list[string](),
	}
	if why == withoutMFA {
		message.MatchedStatements = list(statement{
			StatementID: "MustBeSignedInWithMFA", Effect: "DENY", Principals: list(value{who.id}), PrincipalGroups: list[value](),
			Actions: list(value{"iam:ListMFADevices"}, value{"sts:GetSessionToken"}), Resources: list(value{"*"}),
			Conditions: list(conditionOf("aws:MultiFactorAuthPresent", "false")),
		})
	}
	context := &message.Context
	context.Principal = caller{ID: who.id, ARN: who.arn}
	if who.user != nil {
		context.Principal.Name = who.user.Name
	}
	context.Action, context.Resource = action, resource
	context.Conditions = list(conditionOf("aws:Account", who.account))
	if who.kind != kindLongTerm {
		present := map[bool]string{true: "true", false: "false"}[mfa]
		context.Conditions.Items = append(context.Conditions.Items, conditionOf("aws:MultiFactorAuthPresent", present))
	}
	encoded := base64.RawURLEncoding.EncodeToString(randomBytes(encodedSize))[:encodedSize]
	w.denials[encoded] = denial{who.account, marshal(message)}
	return encoded
}

// ec2Denied is EC2's refusal of an operation, with its encoded message (EC2 API Reference, "Error codes").
func (w *world) ec2Denied(c *call, operation string, why reason) reply {
	action := "ec2:" + operation
	resource := "arn:" + c.who.partition + ":ec2:" + c.region + ":" + c.who.account + ":instance/*"
	text := "You are not authorized to perform this operation. User: " + c.who.arn + " is not authorized to perform: " + action +
		" on resource: " + resource + " " + why.tail(action) + ". Encoded authorization failure message: " +
		w.encode(c.who, action, resource, why, !c.mfaAt.IsZero())
	id := newRequestID()
	body := group("Response",
		group("Errors", group("Error", leaf("Code", "UnauthorizedOperation"), leaf("Message", text))),
		leaf("RequestID", id))
	return reply{status: http.StatusForbidden, code: "UnauthorizedOperation", contentType: "text/xml;charset=UTF-8", requestID: id, body: body.document("")}
}

func (w *world) decodeAuthorizationMessage(c *call) ([]element, *failure) {
	encoded := c.need(messageLimit)
	if refusal := c.refusal(); refusal != nil {
		return nil, refusal
	}
	if refusal := c.allowed("sts:DecodeAuthorizationMessage", ""); refusal != nil {
		return nil, refusal
	}
	found, ok := w.denials[encoded]
	if !ok || found.account != c.who.account {
		return nil, &failure{400, "InvalidAuthorizationMessageException", "Message is invalid"} // the text is a guess
	}
	return []element{leaf("DecodedMessage", string(found.decoded))}, nil
}
