package cli

import (
	"context"
	"fmt"
	"log/slog"
	"os/user"
	"slices"
	"strings"
	"time"

	"daypass/cache"
	"daypass/internal/state"
	"daypass/keys"
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

// longestPrompt is the longest prompt_timeout.
const longestPrompt = 24 * time.Hour

// prompts are the values of the setting prompt.
var prompts = []string{mfa.ByTerminal, mfa.ByDialog, mfa.ByPinentry, noPrompt}

const noPrompt = "none"

var (
	programLimits = limits{45 * time.Second, 55 * time.Second}
	personLimits  = limits{5 * time.Minute, 5*time.Minute + reserve}
)

// get is one way from a profile's name to its credentials.
type get struct {
	app     *app
	options options
	limits  limits
	strict  bool      // nobody to ask for a wished renewal is an error
	fresh   bool      // remembered failures do not count: a person began this
	since   time.Time // a run over several profiles began then; zero: this is all of it

	profile *profile.Profile
	wish    time.Duration // renew what has less left, 0: no wish
	maxAge  time.Duration // of an MFA session, 0: any
	plan    plan
	dir     *state.Dir
	keys    *keys.Keys
	cache   *cache.Cache
	asker   *mfa.Asker
	begun   time.Time // the limits count from here
	asked   bool      // a person was

	unkept   error // why what a code has bought is not kept, nil if it is
	foretold bool  // the question said that it would not be
}

// plan is what a profile comes to.
type plan struct {
	network session.Network
	base    session.Base
	steps   []session.Step
}

// run returns the credentials of the profile called name.
func (g *get) run(ctx context.Context, name string) (session.Result, error) {
	if err := g.prepare(ctx, name); err != nil {
		return session.Result{}, err
	}
	return g.obtain(ctx)
}

// obtain returns the credentials that were prepared for.
func (g *get) obtain(ctx context.Context) (session.Result, error) {
	g.app.profile, g.app.prompt = g.profile.Name, g.profile.Prompt
	g.begun = g.app.Now()
	ctx, cancel := context.WithTimeout(ctx, g.limits.total)
	defer cancel()
	log, done := g.log()
	defer done()
	getter := &session.Getter{
		Cache: waiting{g.cache, g}, Codes: codes{g}, Means: g.means(),
		Replan: func(b session.Base) ([]session.Step, error) {
			return steps(g.profile, b, g.plan.network, g.wish, g.options.given)
		},
		Base: g.plan.base, Network: g.plan.network, Steps: g.plan.steps, Profile: g.profile.Name,
		Now: g.app.Now, Log: log,
		MinRemaining: g.wish, MaxAge: g.maxAge, Refresh: g.options.refresh, Since: g.since, Strict: g.strict,
		Issued: g.app.record,
	}
	return getter.Get(ctx)
}

// region is the region that was set, "" if none was.
func (g *get) region() string {
	if r := g.plan.network.Region; r.From != "" {
		return r.Value
	}
	return ""
}

// prepare reads what the command line, the environment and the files say.
func (g *get) prepare(ctx context.Context, name string) (err error) {
	a := g.app
	a.profile = name
	g.begin()
	if g.profile, err = a.load(ctx, name, g.keys); err != nil {
		return err
	}
	if err := g.readSettings(); err != nil {
		return err
	}
	if g.plan, err = a.plan(g.profile, g.options.region, g.wish, g.options.given); err != nil {
		return err
	}
	return g.open()
}

func (g *get) begin() {
	g.options.fromEnvironment(g.app.Getenv)
	g.options.anew = g.fresh || g.options.refresh
	g.dir = g.app.stateDir()
	g.keys = g.app.longTerm(g.options, g.dir)
}

// open opens what the profile's settings are about.
func (g *get) open() (err error) {
	if g.cache, err = g.app.openCache(g.options, g.profile, g.dir); err != nil {
		return err
	}
	g.asker, err = g.newAsker()
	return err
}

// readSettings reads the profile's settings that are about this way, not about
// what is got.
func (g *get) readSettings() (err error) {
	p := g.profile
	if g.wish, err = g.options.wish(p); err != nil {
		return err
	}
	if t := p.PromptTimeout; t > longestPrompt {
		s, _ := p.Lookup("prompt_timeout")
		return badSetting(p, s, fmt.Sprintf("more than %s", longestPrompt))
	} else if g.app.automatic && t > 0 {
		g.limits = limits{t, t + reserve}
	}
	if s, ok := p.Lookup("prompt"); ok && !slices.Contains(prompts, s.Value) {
		return badSetting(p, s, fmt.Sprintf("%q is not one of %s", s.Value, strings.Join(prompts, ", ")))
	}
	g.maxAge, err = g.options.age(p)
	return err
}

func badSetting(p *profile.Profile, s profile.Setting, message string) error {
	return &profile.Error{Profile: p.Name, File: s.File, Line: s.Line, Key: s.Key, Message: message}
}

// plan works out what p comes to, with what is given of its last role.
func (a *app) plan(p *profile.Profile, region string, wish time.Duration, given session.Given) (plan, error) {
	network, err := session.ReadNetwork(p, a.getenvOf(p.Name), region)
	if err != nil {
		return plan{}, err
	}
	base, err := session.ReadBase(p, a.Getenv)
	if err != nil {
		return plan{network: network, base: base}, err
	}
	steps, err := steps(p, base, network, wish, given)
	return plan{network, base, steps}, err
}

func steps(p *profile.Profile, base session.Base, network session.Network, wish time.Duration, given session.Given) ([]session.Step, error) {
	steps, err := session.Plan(p, session.Want{Base: base, Network: network, Login: loginName(), MinRemaining: wish, Given: given})
	return steps, commandLine(err)
}

// loginName is that of the uid; the environment's could be anybody's.
func loginName() string {
	u, err := user.Current()
	if err != nil {
		return "user"
	}
	return u.Username[strings.LastIndexByte(u.Username, '\\')+1:] // DOMAIN\name on Windows
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
