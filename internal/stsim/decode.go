package stsim

import "encoding/base64"

// denial is an encoded authorization failure message and who may read it.
type denial struct {
	account string
	decoded []byte
}

// encodedSize is the length of the messages in two recorded samples (terraforming-aws#73).
const encodedSize = 523

// The decoded message's shape is that of terraforming-aws#73.
type (
	values struct {
		Items []value `json:"items"`
	}
	value struct {
		Value string `json:"value"`
	}
	condition struct {
		Key    string `json:"key"`
		Values values `json:"values"`
	}
	none struct {
		Items []struct{} `json:"items"`
	}
	decodedMessage struct {
		Allowed           bool `json:"allowed"`
		ExplicitDeny      bool `json:"explicitDeny"`
		MatchedStatements none `json:"matchedStatements"`
		Failures          none `json:"failures"`
		Context           struct {
			Principal struct {
				ID   string `json:"id"`
				Name string `json:"name"`
				ARN  string `json:"arn"`
			} `json:"principal"`
			Action     string `json:"action"`
			Resource   string `json:"resource"`
			Conditions struct {
				Items []condition `json:"items"`
			} `json:"conditions"`
		} `json:"context"`
	}
)

// Encode mints an encoded authorization failure message, as EC2 puts into its UnauthorizedOperation errors: a refusal of
// the action on the resource to the user. Callers of the user's account can have it decoded.
func (s *Server) Encode(userARN, action, resource string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	owner := s.world.userByARN(userARN)
	var message decodedMessage
	message.MatchedStatements.Items = []struct{}{}
	message.Failures.Items = []struct{}{}
	message.Context.Principal.ID = owner.id
	message.Context.Principal.Name = owner.Name
	message.Context.Principal.ARN = owner.ARN()
	message.Context.Action = action
	message.Context.Resource = resource
	message.Context.Conditions.Items = []condition{{
		Key:    "aws:Account",
		Values: values{[]value{{owner.Account}}},
	}}
	encoded := base64.RawURLEncoding.EncodeToString(randomBytes(encodedSize))[:encodedSize]
	s.world.denials[encoded] = denial{owner.Account, marshal(message)}
	return encoded
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
