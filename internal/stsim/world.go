package stsim

import (
	"maps"
	"path"
	"strings"
	"time"
)

// User is an IAM user, or the root user of an account. It may do everything but what it is denied.
type User struct {
	// Account is the twelve digits.
	Account string
	// Name is the user's name; of the root user it is not looked at.
	Name string
	// Partition is that of the ARN; "" means aws.
	Partition string
	// Path begins and ends in a slash; "" means "/".
	Path string
	// Root makes it the account's root user.
	Root bool
	// Denied are actions that no policy allows, as policies name them: "sts:GetFederationToken", "iam:*". Policies
	// cannot stop GetSessionToken and GetCallerIdentity.
	Denied []string
	// DeniedWithoutMFA are denied unless aws:MultiFactorAuthPresent, as the usual force-MFA policy does.
	DeniedWithoutMFA []string
	// DeniedByOrganization are denied by a service control policy.
	DeniedByOrganization []string
	// AllowedByName are actions of IAM that a policy allows on this very user alone, as AWS's sample for users who manage
	// their own MFA allows iam:ListMFADevices: a call without UserName is checked against "*", and refused (aws-cli#6947).
	AllowedByName []string
}

// Key is a long-term access key pair.
type Key struct {
	AccessKeyID, SecretAccessKey string
}

// ARN is the user's.
func (u User) ARN() string {
	prefix := "arn:" + orAWS(u.Partition) + ":iam::" + u.Account + ":"
	if u.Root {
		return prefix + "root"
	}
	return prefix + "user" + orSlash(u.Path) + u.Name
}

// user is a User with the id that IAM gave it.
type user struct {
	User
	id      string
	created time.Time
}

// credential is a key pair that may sign: long-term, or temporary with a token and an end.
type credential struct {
	Key
	token    string
	who      *principal
	created  time.Time
	expires  time.Time // zero if long-term
	inactive bool
	// unready is how many calls more the key is refused because it was made a moment ago.
	unready int
}

// world is all that STS and IAM know. The Server's lock is held around it.
type world struct {
	users       map[string]*user       // by ARN
	roles       map[string]*role       // by ARN
	devices     map[string]*device     // by serial number
	credentials map[string]*credential // by access key id
	denials     map[string]denial      // by encoded message
	regionsOff  map[[2]string]bool     // by account and region
	objects     map[string]object      // of S3, by path
	signins     map[string]*credential // by sign-in token
	identities  map[string]Identity    // by token

	tokenSize    int
	unreadyCalls int
	pageSize     int
	mfaInRoles   bool
	deafToMFA    bool
}

func newWorld() world {
	return world{
		users:       map[string]*user{},
		roles:       map[string]*role{},
		devices:     map[string]*device{},
		credentials: map[string]*credential{},
		denials:     map[string]denial{},
		regionsOff:  map[[2]string]bool{},
		objects:     map[string]object{},
		signins:     map[string]*credential{},
		identities:  map[string]Identity{},
		tokenSize:   343,
	}
}

// AddUser adds a user, or changes what an existing one is denied, and returns a new active key pair of it.
func (s *Server) AddUser(u User) Key {
	s.mu.Lock()
	defer s.mu.Unlock()
	owner := s.world.addUser(u, s.now())
	return s.world.addKey(owner, Key{newAccessKeyID("AKIA", u.Account), newSecret()}, s.now()).Key
}

// AddKey gives a user one more active key pair, as it is: IAM's quota of two does not count here. An unknown user is
// made, with Account and Name read from the ARN.
func (s *Server) AddKey(userARN string, k Key) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.world.addKey(s.world.userByARN(userARN), k, s.now())
}

// Deactivate makes a key inactive, as UpdateAccessKey does: sessions issued for it go on. An unknown one is left alone.
func (s *Server) Deactivate(accessKeyID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if key := s.world.credentials[accessKeyID]; key != nil {
		key.inactive = true
	}
}

// DeleteKey removes a key, as DeleteAccessKey does: sessions issued for it go on.
func (s *Server) DeleteKey(accessKeyID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.world.credentials, accessKeyID)
}

// KeysOf are the ids of a user's long-term keys and whether they are active.
func (s *Server) KeysOf(userARN string) map[string]bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	active := map[string]bool{}
	for _, key := range s.world.keysOf(s.world.userByARN(userARN)) {
		active[key.AccessKeyID] = !key.inactive
	}
	return active
}

// RenameUser gives a user another name, as UpdateUser does: keys and sessions go on, and the old name is unknown.
func (s *Server) RenameUser(userARN, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.world.userByARN(userARN)
	delete(s.world.users, userARN)
	u.Name = name
	s.world.users[u.ARN()] = u
	for _, key := range s.world.credentials {
		if key.who.arn == userARN {
			key.who.arn = u.ARN()
		}
	}
}

// DeleteUser removes a user with keys, devices and sessions. Nothing less ends a session of GetSessionToken: it outlives
// the key that it was issued for (CrowdStrike, "How Adversaries Can Persist with AWS User Federation").
func (s *Server) DeleteUser(userARN string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	gone := s.world.users[userARN]
	if gone == nil {
		return
	}
	delete(s.world.users, userARN)
	maps.DeleteFunc(s.world.credentials, func(_ string, key *credential) bool { return key.who.user == gone })
	maps.DeleteFunc(s.world.devices, func(_ string, d *device) bool { return d.owner == gone })
}

// SetTokenSize sets how many bytes long the session tokens issued from now on are; 343 before the first call. AWS says
// to assume no maximum, and issues up to 4096 (aws-sdk-go-v2 service/sts v1.51.0).
func (s *Server) SetTokenSize(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.world.tokenSize = n
}

// SetUnreadyCalls sets for how many calls a key made by CreateAccessKey from now on is refused as unknown: IAM takes
// 3 to 15 seconds to make a key known (go-secure-stdlib#10).
func (s *Server) SetUnreadyCalls(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.world.unreadyCalls = n
}

// SetPageSize sets how many items ListMFADevices gives at most in one answer, whatever MaxItems says: IAM may give fewer
// than it was asked for though there are more. 0 is no limit.
func (s *Server) SetPageSize(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.world.pageSize = n
}

// DisableRegion turns STS off in a region for an account.
func (s *Server) DisableRegion(account, region string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.world.regionsOff[[2]string{account, region}] = true
}

func (w *world) addUser(u User, now time.Time) *user {
	arn := u.ARN()
	known := w.users[arn]
	if known == nil {
		known = &user{id: newUniqueID("AIDA"), created: now}
		if u.Root {
			known.id = u.Account
		}
		w.users[arn] = known
	}
	known.User = u
	return known
}

// userByARN is the user of the ARN, made if need be.
func (w *world) userByARN(arn string) *user {
	if known := w.users[arn]; known != nil {
		return known
	}
	partition, account, resource := splitARN(arn)
	u := User{Account: account, Partition: partition, Root: resource == "root"}
	u.Path, u.Name = path.Split(strings.TrimPrefix(resource, "user"))
	return w.addUser(u, time.Time{})
}

func (w *world) addKey(owner *user, k Key, now time.Time) *credential {
	key := &credential{Key: k, who: longTerm(owner), created: now}
	w.credentials[k.AccessKeyID] = key
	return key
}

// splitARN gives the parts of an ARN that IAM's have; all "" if it is none.
func splitARN(arn string) (partition, account, resource string) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" {
		return "", "", ""
	}
	return parts[1], parts[4], parts[5]
}

func orAWS(partition string) string {
	if partition == "" {
		return "aws"
	}
	return partition
}

func orSlash(path string) string {
	if path == "" {
		return "/"
	}
	return path
}
