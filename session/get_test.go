package session

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"daypass/creds"
	"daypass/internal/stsim"
	"daypass/profile"
)

// memory is a Cache that counts.
type memory struct {
	mutex   sync.Mutex
	entries map[string]creds.Issued
	locks   map[string]*sync.Mutex
	gets    int
	lockN   int
	puts    []string // calls, in order
	full    error    // what Put ends with
}

func newMemory() *memory {
	return &memory{entries: map[string]creds.Issued{}, locks: map[string]*sync.Mutex{}}
}

func (m *memory) Get(_ context.Context, key string) (creds.Issued, bool) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.gets++
	i, ok := m.entries[key]
	return i, ok
}

func (m *memory) Put(ctx context.Context, key string, i creds.Issued) error {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if m.full != nil {
		return m.full
	}
	m.puts = append(m.puts, i.Call)
	m.entries[key] = i
	return nil
}

func (m *memory) lock(key string) *sync.Mutex {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.lockN++
	if m.locks[key] == nil {
		m.locks[key] = &sync.Mutex{}
	}
	return m.locks[key]
}

func (m *memory) Lock(_ context.Context, key string) (func(), error) {
	l := m.lock(key)
	l.Lock()
	return l.Unlock, nil
}

func (m *memory) TryLock(key string) (func(), bool, error) {
	l := m.lock(key)
	if !l.TryLock() {
		return nil, false, nil
	}
	return l.Unlock, true, nil
}

// person answers with what the device shows, or not at all.
type person struct {
	code    func() string
	away    error // what Available ends with
	cancels error // what Ask ends with
	asked   int
	answers []Answer
}

func (p *person) Available() error { return p.away }

func (p *person) Ask(ctx context.Context, _ Question, try func(context.Context, string) (Answer, error)) error {
	for {
		p.asked++
		if p.cancels != nil {
			return p.cancels
		}
		answer, err := try(ctx, p.code())
		p.answers = append(p.answers, answer)
		if err == nil || answer != Refused && answer != Lost || len(p.answers) == 3 {
			return err
		}
	}
}

// world is one user with one device, one role of an hour and one of twelve.
type world struct {
	t      *testing.T
	sts    *stsim.Server
	cache  *memory
	person *person
	p      profile.Profile
	want   Want
}

func newWorld(t *testing.T) *world {
	t.Helper()
	for _, name := range []string{"AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_CA_BUNDLE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_IAM", "AWS_RETRY_MODE", "AWS_MAX_ATTEMPTS", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"} {
		t.Setenv(name, "")
	}
	w := &world{t: t, sts: stsim.New(), cache: newMemory()}
	url, stop, err := w.sts.Listen()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	user := stsim.User{Account: "111111111111", Name: "ana"}
	key := w.sts.AddUser(user)
	w.sts.AddDevice(user.ARN(), serial, []byte("seed"))
	w.sts.AddRole(stsim.Role{ARN: roleA, RequireMFA: true, MaxSessionDuration: 12 * time.Hour, Principals: []string{user.ARN()}})
	w.sts.AddRole(stsim.Role{ARN: roleB, Principals: []string{user.ARN(), roleA}})
	w.person = &person{code: func() string { return w.sts.Code(serial) }}
	w.p = profile.Profile{Name: "dev", MFASession: true, MFASerial: setting(serial)}
	w.want = Want{Login: "ana", Network: Network{Partition: "aws", Region: Sourced{"eu-west-1", ""}, Endpoint: Sourced{url, "test"}},
		Base: Base{Kind: profile.CredentialsFile, ID: key.AccessKeyID, Credentials: creds.Credentials{
			AccessKeyID: key.AccessKeyID, SecretAccessKey: creds.NewSecret(key.SecretAccessKey)}}}
	return w
}

// pass lets time pass for what is cached: it is as if all of it had been issued
// earlier. The clocks stay, since the SDK's cannot be moved.
func (w *world) pass(d time.Duration) {
	for key, i := range w.cache.entries {
		i.Expiration, i.IssuedAt = i.Expiration.Add(-d), i.IssuedAt.Add(-d)
		if !i.CodedAt.IsZero() {
			i.CodedAt = i.CodedAt.Add(-d)
		}
		w.cache.entries[key] = i
	}
}

func (w *world) plan() []Step {
	w.t.Helper()
	steps, err := Plan(&w.p, w.want)
	if err != nil {
		w.t.Fatal(err)
	}
	return steps
}

func (w *world) get(change ...func(*Getter)) (Result, error) {
	w.t.Helper()
	g := &Getter{Cache: w.cache, Codes: w.person, Base: w.want.Base, Network: w.want.Network, Steps: w.plan(),
		Profile: "dev", Now: time.Now, Log: slog.New(slog.DiscardHandler), MinRemaining: w.want.MinRemaining}
	for _, c := range change {
		c(g)
	}

	return g.Get(context.Background())
}

func (w *world) must(change ...func(*Getter)) Result {
	w.t.Helper()
	r, err := w.get(change...)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// expect compares the counts of questions, sessions and roles so far.
func (w *world) expect(what string, asked, sessions, roles int) {
	w.t.Helper()
	got := [3]int{w.person.asked, w.sts.Count("GetSessionToken"), w.sts.Count("AssumeRole")}
	if want := [3]int{asked, sessions, roles}; got != want {
		w.t.Errorf("%s: questions, sessions, roles %v, want %v", what, got, want)
	}
}

func (w *world) withRole(arns ...string) {
	w.p.Roles = nil
	for _, arn := range arns {
		w.p.Roles = append(w.p.Roles, role(arn, 0))
	}
}

func TestHitIsOneReadAndNothingElse(t *testing.T) {
	w := newWorld(t)
	w.withRole(roleA, roleB)
	first := w.must()
	w.expect("cold", 1, 1, 2)
	w.cache.gets, w.cache.lockN = 0, 0
	w.sts.Reset()
	w.person.away = errors.New("nobody")
	second := w.must()
	if !second.Cached || second.AccessKeyID != first.AccessKeyID {
		t.Errorf("the second answer is another: %+v", second)
	}
	if w.cache.gets != 1 || w.cache.lockN != 0 || w.sts.Connections() != 0 {
		t.Errorf("a hit took %d reads, %d locks, %d connections", w.cache.gets, w.cache.lockN, w.sts.Connections())
	}
}

func TestOneConnectionForTheChain(t *testing.T) {
	w := newWorld(t)
	w.withRole(roleA)
	w.must()
	if n := w.sts.Connections(); n != 1 {
		t.Errorf("two calls took %d connections", n)
	}
}

func TestOneCodeServesEveryRole(t *testing.T) {
	w := newWorld(t)
	w.withRole(roleA)
	w.must()
	w.withRole(roleB)
	w.want.Network.Region.Value = "us-east-2"
	b := w.must()
	w.expect("two roles in two regions", 1, 1, 2)
	if b.AccountID != "333333333333" || b.RoleARN != roleB || b.Profile != "dev" {
		t.Errorf("not the role's: %+v", b)
	}
	w.p.Roles = nil
	s := w.must()
	w.expect("the session itself", 1, 1, 2)
	if s.AccountID != "111111111111" || s.Call != GetSessionToken {
		t.Errorf("not the session: %+v", s)
	}
}

func TestRoleOverAnHourCarriesItsOwnCode(t *testing.T) {
	w := newWorld(t)
	w.p.Roles = []profile.Role{role(roleA, 8*time.Hour)}
	r := w.must()
	w.expect("cold", 1, 0, 1)
	if left := r.Left(time.Now()); left < 7*time.Hour {
		t.Errorf("%s left", left)
	}
}

// TestFreshness walks a role of an hour and a session of twelve through the day.
func TestFreshness(t *testing.T) {
	w := newWorld(t)
	w.withRole(roleA)
	w.must()
	w.pass(43 * time.Minute)
	w.must()
	w.expect("17 min left: a hit", 1, 1, 1)
	w.pass(2 * time.Minute)
	w.must()
	w.expect("15 min left: renewed from the session", 1, 1, 2)
	w.pass(11*time.Hour + 10*time.Minute)
	w.must()
	w.expect("5 min of the session left: it still mints", 1, 1, 3)
	w.pass(54 * time.Minute)
	held := w.must()
	w.expect("the session is over, 6 min of the role left: the rest is handed out", 1, 1, 3)
	if again := w.must(); again.AccessKeyID != held.AccessKeyID {
		t.Error("the rest is another one each time")
	}
	w.pass(2 * time.Minute)
	w.must()
	w.expect("4 min left: asked", 2, 2, 4)
}

func TestHalfOfAShortLifeIsFresh(t *testing.T) {
	w := newWorld(t)
	w.p.Roles = []profile.Role{role(roleA, 15*time.Minute)}
	w.must()
	w.pass(7 * time.Minute)
	w.must()
	w.expect("8 of 15 min left", 1, 1, 1)
	w.pass(time.Minute)
	w.must()
	w.expect("7 of 15 min left", 1, 1, 2)
}

func TestBelowFiveMinutesWithNobodyToAsk(t *testing.T) {
	w := newWorld(t)
	w.must()
	w.person.away = errors.New("no terminal")
	w.pass(12*time.Hour - 2*time.Minute)
	if r := w.must(); r.Failed == nil || !r.Cached {
		t.Errorf("2 min left: %+v", r)
	}
	w.pass(61 * time.Second)
	locks := w.cache.lockN
	_, err := w.get()
	var unasked *UnaskedError
	if !errors.As(err, &unasked) || !errors.Is(err, w.person.away) {
		t.Errorf("59 s left: %v", err)
	}
	if w.cache.lockN != locks {
		t.Error("a lock was taken though nobody can be asked")
	}
	w.expect("never asked again", 1, 1, 0)
}

// TestWhatIsLeftIsHandedOut: whatever stops the renewal.
func TestWhatIsLeftIsHandedOut(t *testing.T) {
	for name, trouble := range map[string]func(*world){
		"network": func(w *world) { w.want.Network.Endpoint.Value = "http://127.0.0.1:1" },
		"denied": func(w *world) {
			w.sts.Inject(stsim.Fault{Action: AssumeRole, Status: 403, Code: "AccessDenied", Message: "no"})
		},
		"server error": func(w *world) {
			w.sts.Inject(stsim.Fault{Action: AssumeRole, Status: 400, Code: "Whatever", Message: "no"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("AWS_MAX_ATTEMPTS", "1")
			w := newWorld(t)
			w.withRole(roleA)
			w.want.Network.Attempts.Value = "1"
			steps := w.plan()
			w.must()
			w.pass(50 * time.Minute)
			trouble(w)
			same := func(g *Getter) { g.Steps = steps } // the endpoint is in the key
			r := w.must(same)
			if r.Failed == nil || r.Left(time.Now()) < 9*time.Minute {
				t.Errorf("10 min left: %+v", r)
			}
			w.pass(9*time.Minute + 30*time.Second)
			if _, err := w.get(same); err == nil {
				t.Error("30 s left: handed out")
			}
		})
	}
}

func TestCancelledWithSomethingLeft(t *testing.T) {
	w := newWorld(t)
	w.must()
	w.pass(12*time.Hour - 2*time.Minute)
	w.person.cancels = errors.New("cancelled")
	if r := w.must(); !errors.Is(r.Failed, w.person.cancels) {
		t.Errorf("2 min left: %+v", r)
	}
}

func TestNobodyWaitsWhileSomethingIsLeft(t *testing.T) {
	w := newWorld(t)
	w.must()
	w.pass(12*time.Hour - 2*time.Minute)
	unlock, _ := w.cache.Lock(context.Background(), w.plan()[0].Key)
	defer unlock()
	if r := w.must(); !errors.Is(r.Failed, ErrBusy) {
		t.Errorf("2 min left and another asks: %+v", r)
	}
	w.expect("not asked", 1, 1, 0)
}

func TestMinRemaining(t *testing.T) {
	w := newWorld(t)
	w.must()
	w.want.MinRemaining = 2 * time.Hour
	w.pass(9 * time.Hour)
	w.must()
	w.expect("3 h left of 2 wished", 1, 1, 0)
	w.pass(90 * time.Minute)
	w.person.away = errors.New("nobody")
	if r := w.must(); r.Failed == nil {
		t.Error("90 min left, nobody to ask: the failure is not told")
	}
	if _, err := w.get(func(g *Getter) { g.Strict = true }); !errors.Is(err, w.person.away) {
		t.Errorf("strict: %v", err)
	}
	w.person.away = nil
	w.must()
	w.expect("90 min left of 2 h wished", 2, 2, 0)
	w.want.MinRemaining = 16 * time.Minute
	w.pass(12*time.Hour - 15*time.Minute)
	w.must()
	w.expect("15 min left; 16 min are no wish", 2, 2, 0)
}

func TestRefresh(t *testing.T) {
	w := newWorld(t)
	w.withRole(roleA)
	w.must()
	refresh := func(g *Getter) { g.Refresh = true }
	w.must(refresh)
	w.expect("all of it is new", 2, 2, 2)
	w.person.cancels = errors.New("cancelled")
	if _, err := w.get(refresh); !errors.Is(err, w.person.cancels) {
		t.Errorf("what was there before does not count: %v", err)
	}
}

// TestRefreshOfSeveral: what one profile of a run was given serves the next.
func TestRefreshOfSeveral(t *testing.T) {
	w := newWorld(t)
	w.withRole(roleA)
	w.must()
	run := time.Now()
	refresh := func(g *Getter) { g.Refresh, g.Since = true, run }
	w.must(refresh)
	w.expect("the first gets all anew", 2, 2, 2)
	w.withRole(roleB)
	w.must(refresh)
	w.expect("the second has the session of the first", 2, 2, 3)
	w.must(refresh)
	w.expect("what the run has got serves it again", 2, 2, 3)
}

// TestRefusedWithoutACode marks what a device might have prevented.
func TestRefusedWithoutACode(t *testing.T) {
	for _, test := range []struct {
		name  string
		spoil func(*world)
		want  bool
	}{
		{"a role that wants MFA", func(w *world) { w.p.MFASerial = profile.Setting{} }, true},
		{"the last of a chain", func(w *world) {
			w.p.MFASerial, w.p.Roles = profile.Setting{}, []profile.Role{role(roleB, 0), role(roleA, 0)}
		}, true},
		{"no such role, with a session", func(w *world) { w.withRole(roleC) }, false},
		{"no such role, with a code of its own", func(w *world) { w.withRole(roleC); w.p.MFASession = false }, false},
		{"keys that no code goes with", func(w *world) {
			w.p.MFASerial = profile.Setting{}
			w.want.Base.Credentials.SessionToken = creds.NewSecret("token")
		}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			w.withRole(roleA)
			test.spoil(w)
			_, err := w.get()
			var refused *RefusedError
			if !errors.As(err, &refused) || refused.NoCode != test.want {
				t.Errorf("%#v", err)
			}
		})
	}
}

func TestMaxAge(t *testing.T) {
	w := newWorld(t)
	w.must()
	w.pass(time.Hour)
	w.must(func(g *Getter) { g.MaxAge = 2 * time.Hour })
	w.expect("young enough", 1, 1, 0)
	w.person.away = errors.New("nobody")
	if _, err := w.get(func(g *Getter) { g.MaxAge = 30 * time.Minute }); !errors.Is(err, w.person.away) {
		t.Errorf("too old to be handed out: %v", err)
	}
	w.person.away = nil
	w.withRole(roleA)
	w.must(func(g *Getter) { g.MaxAge = 30 * time.Minute })
	w.expect("too old to mint", 2, 2, 1)
	w.p.Roles = []profile.Role{role(roleA, 2*time.Hour)}
	w.must()
	w.pass(time.Hour)
	w.must(func(g *Getter) { g.MaxAge = 30 * time.Minute })
	w.expect("a role with a code of its own that is too old", 4, 2, 3)
}

// TestMaxAgeOfWhatARoleRestsOn: fresh role credentials of an old session are not
// handed out, along a chain, and to see it costs no second read.
func TestMaxAgeOfWhatARoleRestsOn(t *testing.T) {
	young := func(g *Getter) { g.MaxAge = 90 * time.Minute }
	for name, roles := range map[string][]profile.Role{
		"of a session":                         {role(roleA, 0)},
		"of a session, by another":             {role(roleA, 0), role(roleB, 0)},
		"of a role with a code of its own":     {role(roleA, 3*time.Hour), role(roleB, 0)},
		"a role of three hours, of its code's": {role(roleA, 3*time.Hour)},
	} {
		w := newWorld(t)
		w.p.Roles = roles
		w.must()
		w.pass(50 * time.Minute) // the last role ends, and is minted anew
		w.must()
		w.pass(30 * time.Minute)
		w.cache.gets = 0
		held := w.must(young)
		if w.person.asked != 1 || !held.Cached || w.cache.gets != 1 {
			t.Errorf("%s, 80 min after the code: %d questions, %d reads", name, w.person.asked, w.cache.gets)
		}
		w.pass(15 * time.Minute)
		if w.must(); w.person.asked != 1 {
			t.Errorf("%s: %d questions without the wish", name, w.person.asked)
		}
		w.person.away = errors.New("nobody")
		if _, err := w.get(young); !errors.Is(err, w.person.away) {
			t.Errorf("%s: handed out 95 min after the code: %v", name, err)
		}
		w.person.away = nil
		if got := w.must(young); w.person.asked != 2 || got.AccessKeyID == held.AccessKeyID {
			t.Errorf("%s: %d questions after 95 min", name, w.person.asked)
		}
	}
}

// TestMaxAgeOfAnEntryThatDoesNotTell: it is not handed out, and no code is asked
// for while the session is young.
func TestMaxAgeOfAnEntryThatDoesNotTell(t *testing.T) {
	w := newWorld(t)
	w.withRole(roleA)
	w.must()
	key := w.plan()[1].Key
	held := w.cache.entries[key]
	held.CodedAt = time.Time{}
	w.cache.entries[key] = held
	w.must(func(g *Getter) { g.MaxAge = time.Hour })
	w.expect("minted anew", 1, 1, 2)
	if w.cache.entries[key].CodedAt.IsZero() {
		t.Error("it still does not tell")
	}
	w.onlyRole()
	w.must()
	w.must(func(g *Getter) { g.MaxAge = time.Nanosecond })
	w.expect("without a code there is no age", 1, 1, 3)
}

func TestSessionOfADeactivatedKey(t *testing.T) {
	w := newWorld(t)
	w.withRole(roleA)
	w.must()
	w.pass(50 * time.Minute)
	// As if the session had been revoked: the key works, the session does not.
	session := w.plan()[0].Key
	held := w.cache.entries[session]
	held.SessionToken = creds.NewSecret("revoked")
	w.cache.entries[session] = held
	w.must()
	w.expect("a session that STS no longer takes is got anew", 2, 2, 3)
}

func TestPutFailingStopsNothing(t *testing.T) {
	w := newWorld(t)
	w.withRole(roleA)
	w.cache.full = errors.New("no room")
	w.must()
	w.expect("printed all the same", 1, 1, 1)
}

func TestClockAhead(t *testing.T) {
	w := newWorld(t)
	w.sts.Skew(-13 * time.Hour)
	_, err := w.get()
	var clock *ClockError
	if !errors.As(err, &clock) || clock.Skew.Round(time.Minute) != -13*time.Hour {
		t.Errorf("13 h ahead: %v", err)
	}
}
