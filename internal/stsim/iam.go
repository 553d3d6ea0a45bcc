package stsim

import (
	"encoding/base64"
	"slices"
	"strings"
	"time"
)

// keyQuota is AccessKeysPerUser; inactive keys count (s3-credentials#64).
const keyQuota = 2

var (
	userNameLimit = limit{"UserName", 1, 128, namePattern}
	markerLimit   = limit{"Marker", 1, 320, ""}
)

var iamActions = map[string]action{
	"CreateAccessKey": (*world).createAccessKey,
	"DeleteAccessKey": (*world).deleteAccessKey,
	"GetUser":         (*world).getUser,
	"ListAccessKeys":  (*world).listAccessKeys,
	"ListMFADevices":  (*world).listMFADevices,
	"UpdateAccessKey": (*world).updateAccessKey,
}

// barredFromIAM says whose sessions may not call IAM: those of GetSessionToken without MFA, and federated users. AWS
// refuses them as if their token were bad (cloudyr/aws.iam#15, aws-sdk-js#460).
func (p *principal) barredFromIAM() bool {
	return p.kind == kindFederated || p.kind == kindSession && p.mfaAt.IsZero()
}

func (w *world) getUser(c *call) ([]element, *failure) {
	u, refusal := w.iamUser(c, "GetUser")
	if refusal != nil {
		return nil, refusal
	}
	return []element{group("User",
		leaf("Path", orSlash(u.Path)),
		leaf("UserName", u.Name),
		leaf("UserId", u.id),
		leaf("Arn", u.ARN()),
		leaf("CreateDate", timestamp(u.created)),
	)}, nil
}

func (w *world) listMFADevices(c *call) ([]element, *failure) {
	marker, most := c.may(markerLimit), c.number("MaxItems", 1, 1000, 100)
	u, refusal := w.iamUser(c, "ListMFADevices")
	if refusal != nil {
		return nil, refusal
	}
	after, err := base64.StdEncoding.DecodeString(marker)
	if err != nil {
		return nil, invalid("Invalid Marker.") // the text is a guess
	}
	var own []*device
	for _, d := range w.devices {
		if d.owner == u && d.serial > string(after) {
			own = append(own, d)
		}
	}
	slices.SortFunc(own, func(a, b *device) int { return strings.Compare(a.serial, b.serial) })
	if w.pageSize > 0 {
		most = min(most, w.pageSize)
	}
	members := []element{}
	for _, d := range own[:min(most, len(own))] {
		members = append(members, group("member",
			leaf("UserName", u.Name),
			leaf("SerialNumber", d.serial),
			leaf("EnableDate", timestamp(d.enabled)),
		))
	}
	devices := group("MFADevices", members...)
	if len(own) <= most {
		return []element{devices, leaf("IsTruncated", "false")}, nil
	}
	marker = base64.StdEncoding.EncodeToString([]byte(own[most-1].serial))
	return []element{devices, leaf("IsTruncated", "true"), leaf("Marker", marker)}, nil
}

func (w *world) listAccessKeys(c *call) ([]element, *failure) {
	u, refusal := w.iamUser(c, "ListAccessKeys")
	if refusal != nil {
		return nil, refusal
	}
	members := []element{}
	for _, key := range w.keysOf(u) {
		members = append(members, group("member", key.metadata(u)...))
	}
	return []element{group("AccessKeyMetadata", members...), leaf("IsTruncated", "false")}, nil
}

func (w *world) createAccessKey(c *call) ([]element, *failure) {
	u, refusal := w.iamUser(c, "CreateAccessKey")
	if refusal != nil {
		return nil, refusal
	}
	if len(w.keysOf(u)) >= keyQuota {
		return nil, &failure{409, "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2"}
	}
	key := w.addKey(u, Key{newAccessKeyID("AKIA", u.Account), newSecret()}, c.now)
	key.unready = w.unreadyCalls
	return []element{group("AccessKey", append(key.metadata(u), leaf("SecretAccessKey", key.SecretAccessKey))...)}, nil
}

func (w *world) updateAccessKey(c *call) ([]element, *failure) {
	status := c.need(limit{"Status", 1, 16, ""})
	if status != "" && status != "Active" && status != "Inactive" {
		c.fail("Status", status, "satisfy enum value set: [Active, Inactive]")
	}
	key, refusal := w.iamKey(c, "UpdateAccessKey")
	if refusal != nil {
		return nil, refusal
	}
	key.inactive = status == "Inactive"
	return nil, nil
}

func (w *world) deleteAccessKey(c *call) ([]element, *failure) {
	key, refusal := w.iamKey(c, "DeleteAccessKey")
	if refusal != nil {
		return nil, refusal
	}
	delete(w.credentials, key.AccessKeyID)
	return nil, nil
}

// iamUser is the user that a call is about: UserName in the caller's account, else the caller.
func (w *world) iamUser(c *call, action string) (*user, *failure) {
	name := c.may(userNameLimit)
	if refusal := c.refusal(); refusal != nil {
		return nil, refusal
	}
	if name == "" && c.who.user == nil {
		return nil, invalid("Must specify userName when calling with non-User credentials")
	}
	u, resource := c.who.user, "*"
	if name != "" {
		u, resource = w.userByName(c.who, name), "user "+name
	}
	if u == nil {
		return nil, noSuchEntity("The user with name " + name + " cannot be found.")
	}
	if own := c.who.user; own != nil && (name == "" || u != own) && anyMatches(own.AllowedByName, "iam:"+action) {
		return nil, notAuthorized(c.who.arn, "iam:"+action, resource)
	}
	return u, c.allowed("iam:"+action, "user "+u.Name)
}

// iamKey is the key that a call is about, which must be the user's.
func (w *world) iamKey(c *call, action string) (*credential, *failure) {
	id := c.need(accessKeyLimit)
	u, refusal := w.iamUser(c, action)
	if refusal != nil {
		return nil, refusal
	}
	key := w.credentials[id]
	if key == nil || key.who.user != u || key.who.kind != kindLongTerm {
		return nil, noSuchEntity("The Access Key with id " + id + " cannot be found.")
	}
	return key, nil
}

func (w *world) userByName(caller *principal, name string) *user {
	for _, u := range w.users {
		if u.Account == caller.account && orAWS(u.Partition) == caller.partition && u.Name == name && !u.Root {
			return u
		}
	}
	return nil
}

// keysOf are a user's long-term keys, the oldest first.
func (w *world) keysOf(u *user) []*credential {
	var keys []*credential
	for _, key := range w.credentials {
		if key.who.user == u && key.who.kind == kindLongTerm {
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, func(a, b *credential) int {
		if byAge := a.created.Compare(b.created); byAge != 0 {
			return byAge
		}
		return strings.Compare(a.AccessKeyID, b.AccessKeyID)
	})
	return keys
}

func (k *credential) metadata(u *user) []element {
	status := "Active"
	if k.inactive {
		status = "Inactive"
	}
	return []element{
		leaf("UserName", u.Name),
		leaf("AccessKeyId", k.AccessKeyID),
		leaf("Status", status),
		leaf("CreateDate", timestamp(k.created.Truncate(time.Second))),
	}
}

func noSuchEntity(text string) *failure {
	return &failure{404, "NoSuchEntity", text}
}
