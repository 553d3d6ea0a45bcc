package cli

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"os/user"
	"runtime"
	"slices"
	"strings"
	"time"

	"daypass/cache"
	"daypass/internal/keyring"
	"daypass/internal/state"
	"daypass/mfa"
	"daypass/profile"
	"daypass/session"
)

// limits bound one command. The Go SDK kills a credential_process at 60 s.
// https://github.com/aws/aws-sdk-go-v2/blob/main/credentials/processcreds/provider.go
type limits struct {
	ask   time.Duration // a person is asked until then
	total time.Duration
}

// reserve is what is kept for STS after the last moment of asking.
const reserve = 10 * time.Second

var (
	programLimits = limits{45 * time.Second, 55 * time.Second}
	personLimits  = limits{5 * time.Minute, 5*time.Minute + reserve}
)

// get is one way from a profile's name to its credentials.
type get struct {
	app     *app
	options options
	limits  limits
	strict  bool // nobody to ask for a wished renewal is an error
	fresh   bool // remembered failures do not count: a person began this

	profile *profile.Profile
	plan    plan
	dir     *state.Dir
	cache   *cache.Cache
}

// plan is what a profile comes to.
type plan struct {
	network session.Network
	base    session.Base
	steps   []session.Step
}

// run returns the credentials of the profile called name.
func (g *get) run(ctx context.Context, name string) (session.Result, error) {
	a := g.app
	a.profile = name
	g.options.fromEnvironment(a.Getenv)
	if slices.Contains(callers(a.Getenv), name) {
		return session.Result{}, &loopError{append(callers(a.Getenv), name)}
	}
	if err := g.load(name); err != nil {
		return session.Result{}, err
	}
	wish, err := g.options.wish(g.profile)
	if err != nil {
		return session.Result{}, err
	}
	if g.plan, err = a.plan(g.profile, g.options.region, wish); err != nil {
		return session.Result{}, err
	}
	if g.cache, err = a.openCache(g.options, g.profile, g.dir); err != nil {
		return session.Result{}, err
	}
	if t := g.profile.PromptTimeout; a.automatic && t > 0 {
		g.limits = limits{t, t + reserve}
	}
	age, err := maxAge(g.profile)
	if err != nil {
		return session.Result{}, err
	}
	ctx, cancel := context.WithDeadline(ctx, time.Now().Add(g.limits.total))
	defer cancel()
	log, done := g.log()
	defer done()
	getter := &session.Getter{
		Cache: waiting{g.cache, g}, Codes: codes{g},
		Base: g.plan.base, Network: g.plan.network, Steps: g.plan.steps, Profile: name,
		Now: a.Now, Log: log,
		MinRemaining: wish, MaxAge: age, Refresh: g.options.refresh, Strict: g.strict,
	}
	return getter.Get(ctx)
}

func (g *get) load(name string) (err error) {
	g.dir = g.app.stateDir()
	g.profile, err = profile.Load(g.app.files(), name, g.app.Self)
	return err
}

// plan works out what p comes to.
func (a *app) plan(p *profile.Profile, region string, wish time.Duration) (plan, error) {
	network, err := session.ReadNetwork(p, a.Getenv, region)
	if err != nil {
		return plan{}, err
	}
	base, err := session.ReadBase(p, a.Getenv)
	if err != nil {
		return plan{network: network, base: base}, err
	}
	steps, err := session.Plan(p, session.Want{Base: base, Network: network, Login: login(), MinRemaining: wish})
	return plan{network, base, steps}, err
}

// login is the login name of the uid; the environment's could be anybody's.
func login() string {
	u, err := user.Current()
	if err != nil {
		return "user"
	}
	return u.Username[strings.LastIndexByte(u.Username, '\\')+1:] // DOMAIN\name on Windows
}

func maxAge(p *profile.Profile) (time.Duration, error) {
	s, ok := p.Lookup("mfa_max_age")
	if !ok || s.Value == "" {
		return 0, nil
	}
	d, err := profile.ParseDuration(s.Value)
	if err != nil {
		return 0, &profile.Error{Profile: p.Name, File: s.File, Line: s.Line, Key: s.Key, Message: err.Error()}
	}
	return d, nil
}

// openCache opens the store that the flag, the environment or the profile names.
func (a *app) openCache(o options, p *profile.Profile, dir *state.Dir) (*cache.Cache, error) {
	name, from := o.store, "--store or DAYPASS_STORE"
	if name == "" && p != nil {
		name, from = p.Store, fmt.Sprintf("the store of profile %q", p.Name)
	}
	open := a.Store
	if open == nil {
		open = a.realStore
	}
	s, err := open(name, a.attended(o))
	if err != nil {
		return nil, &usageError{fmt.Errorf("%s: %w", from, err)}
	}
	return &cache.Cache{Store: s, State: dir, Now: a.Now}, nil
}

func (a *app) realStore(name string, attended bool) (cache.Store, error) {
	switch name {
	case "", "auto", "keyring":
		return cache.Keyring{OS: &keyring.Keyring{Attended: attended, Getenv: a.Getenv}}, nil
	case "none":
		return cache.None{}, nil
	}
	return nil, fmt.Errorf("no store is called %q; there are auto, keyring and none", name)
}

// attended reports whether somebody could unlock the keyring, which is done in a
// window: on Linux there must be a display, elsewhere one may be asked for one
// unless this is an SSH session.
func (a *app) attended(o options) bool {
	switch {
	case o.noPrompt:
		return false
	case runtime.GOOS == "darwin", runtime.GOOS == "windows":
		return a.Getenv("SSH_CONNECTION") == "" && a.Getenv("SSH_TTY") == ""
	}
	return a.Getenv("DISPLAY") != "" || a.Getenv("WAYLAND_DISPLAY") != ""
}

// log opens debug.log if it is wanted.
func (g *get) log() (*slog.Logger, func()) {
	if !g.options.debug {
		return slog.New(slog.DiscardHandler), func() {}
	}
	w := debugLog{g.dir}
	log := slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug}))
	log.Debug("begin", "version", buildVersion(), "profile", g.profile.Name, "steps", len(g.plan.steps))
	return log, func() { log.Debug("end", "profile", g.profile.Name) }
}

// debugLog appends lines to debug.log.
type debugLog struct{ dir *state.Dir }

func (d debugLog) Write(line []byte) (int, error) {
	return len(line), d.dir.Append("debug.log", line, 1<<20)
}

// callersVariable tells a child of ours which profiles are being resolved.
const callersVariable = "DAYPASS_CALLERS"

func callers(getenv func(string) string) []string {
	var names []string
	for _, escaped := range strings.Split(getenv(callersVariable), ",") {
		if name, err := url.PathUnescape(escaped); err == nil && name != "" {
			names = append(names, name)
		}
	}
	return names
}

// loopError is a profile whose own resolving asked for it.
type loopError struct{ profiles []string }

func (e *loopError) Error() string {
	return "profiles ask for each other: " + strings.Join(e.profiles, " → ")
}

// until is when nobody is asked any more.
func (g *get) until() time.Time { return g.app.started.Add(g.limits.ask) }

// waiting is the cache, with the waits that a person is told of.
type waiting struct {
	*cache.Cache
	get *get
}

// Lock waits no longer than a person is asked, since that is what the holder does.
func (w waiting) Lock(ctx context.Context, key string) (func(), error) {
	if unlock, ok, err := w.TryLock(key); ok || err != nil {
		return unlock, err
	}
	c := codes{w.get}
	asker, err := c.asker()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithDeadline(ctx, time.Now().Add(w.get.until().Sub(w.get.app.Now())))
	defer cancel()
	told, stop := context.WithCancel(ctx)
	defer stop()
	go asker.Waiting(told, c.request(session.Question{Profile: w.get.profile.Name, Serial: w.get.profile.MFASerial.Value}))
	return w.Cache.Lock(ctx, key)
}

// codes lets session ask through mfa.
type codes struct{ *get }

func (c codes) Available(q session.Question) error {
	asker, err := c.asker()
	if err != nil {
		return err
	}
	return asker.Available(c.request(q))
}

// Ask asks until the person's time is up or the caller has died. What a code is
// used for outlives the caller: its next try finds the session.
func (c codes) Ask(ctx context.Context, q session.Question, try func(context.Context, string) (session.Answer, error)) error {
	asker, err := c.asker()
	if err != nil {
		return err
	}
	c.app.catchSignals()
	asking, done := c.app.watchCaller(ctx)
	defer done()
	return asker.Ask(asking, c.request(q), func(_ context.Context, code string) (mfa.Outcome, error) {
		if c.app.callerGone() { // since the last look
			return mfa.Unsent, errCallerGone
		}
		answer, err := try(ctx, code)
		return outcomes[answer], err
	})
}

var outcomes = map[session.Answer]mfa.Outcome{
	session.Accepted: mfa.Accepted,
	session.Refused:  mfa.Refused,
	session.Lost:     mfa.Lost,
	session.Unsent:   mfa.Unsent,
	session.Failed:   mfa.Failed,
}

func (c codes) request(q session.Question) mfa.Request {
	caller := ""
	if c.app.automatic { // else the person knows who asks
		caller = mfa.Caller()
	}
	return mfa.Request{
		Profile: q.Profile, Serial: q.Serial, Host: q.Host, Plain: q.Plain,
		Caller: caller, NotKept: notKept(c.cache.Trouble()),
		Since: q.Since, Until: c.until(), NoWait: q.NoWait,
	}
}

func (c codes) asker() (*mfa.Asker, error) {
	p, o := c.profile, c.options
	process, err := profile.SplitCommand(p.MFAProcess.Value)
	if err != nil {
		return nil, err
	}
	names := append(callers(c.app.Getenv), p.Name)
	for i := range names {
		names[i] = url.PathEscape(names[i])
	}
	return &mfa.Asker{
		TokenCode: o.tokenCode, Process: process, NoPrompt: o.noPrompt, Prompt: p.Prompt,
		Fresh: c.fresh || o.refresh || o.tokenCode != "",
		State: c.dir, Now: c.app.Now, Environ: c.app.Environ(),
		Callers: strings.Join(names, ","), Terminal: c.app.Terminal,
	}, nil
}
