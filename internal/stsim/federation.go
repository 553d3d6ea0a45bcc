package stsim

// getFederationToken takes no MFA, and a permission unlike GetSessionToken. Its sessions are the meet of the user's
// policies and those passed: nothing if none were passed.
func (w *world) getFederationToken(c *call) ([]element, *failure) {
	name := c.need(federatedLimit)
	life := c.sessionLife()
	in := c.readSession()
	if refusal := c.refusal(); refusal != nil {
		return nil, refusal
	}
	in.transitive = nil // is no parameter of this call
	if refusal := in.check(nil); refusal != nil {
		return nil, refusal
	}
	if c.who.kind != kindLongTerm {
		return nil, accessDenied("Cannot call GetFederationToken with session credentials")
	}
	who := &principal{
		kind:      kindFederated,
		partition: c.who.partition,
		account:   c.who.account,
		arn:       "arn:" + c.who.partition + ":sts::" + c.who.account + ":federated-user/" + name,
		id:        c.who.account + ":" + name,
		user:      c.who.user,
		powerless: in.policy == "" && len(in.policyARNs) == 0,
	}
	if refusal := c.allowed("sts:GetFederationToken", who.arn); refusal != nil {
		return nil, refusal
	}
	if len(in.tags) > 0 {
		if refusal := c.allowed("sts:TagSession", who.arn); refusal != nil {
			return nil, refusal
		}
	}
	key := w.issue(c, who, life, in.size(w.tokenSize))
	result := append(key.elements(),
		group("FederatedUser", leaf("FederatedUserId", who.id), leaf("Arn", who.arn)),
		in.packedSize())
	return append(result, key.sizes()...), nil
}
