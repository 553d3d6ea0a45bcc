package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"daypass/cache"
	"daypass/creds"
	"daypass/internal/tty"
	"daypass/profile"
	"daypass/session"
)

func (a *app) explainCommand() *cobra.Command {
	var o options
	var asJSON bool
	cmd := &cobra.Command{
		Use:               "explain [P]",
		Short:             "Show which settings count and which STS calls follow, without making one",
		ValidArgsFunction: a.completeProfiles,
		RunE: func(cmd *cobra.Command, args []string) error {
			args, err := o.readRole(cmd, args, 1)
			if err != nil {
				return err
			}
			name, err := a.oneProfile(args, o)
			if err != nil {
				return err
			}
			a.profile = name
			x, err := a.explain(name, o)
			show := x.text
			if asJSON {
				show = x.json
			}
			return ran(errors.Join(show(a), err))
		},
	}
	o.profileFlags(cmd)
	o.getFlags(cmd)
	o.roleFlags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	_ = cmd.RegisterFlagCompletionFunc("profile", a.completeProfiles)
	return cmd
}

// explanation is what explain shows, in the shape of its JSON.
type explanation struct {
	Profile  string                      `json:"profile"`
	Settings map[string]explainedSetting `json:"settings"`
	Base     *explainedBase              `json:"base"`
	Steps    []explainedStep             `json:"steps"`
	Store    *explainedStore             `json:"store,omitempty"`
	Warnings []explainedWarning          `json:"warnings"`
	Error    string                      `json:"error,omitempty"`

	network session.Network
	notes   []string
}

type explainedSetting struct {
	Value string `json:"value"`
	File  string `json:"file"`
	Line  int    `json:"line"`
}

type explainedStep struct {
	Call     string  `json:"call"`
	RoleARN  string  `json:"role_arn,omitempty"`
	Serial   string  `json:"serial,omitempty"`
	Duration int64   `json:"duration_seconds"`
	Code     bool    `json:"code"`
	Cache    string  `json:"cache"`
	Expires  *string `json:"expires"`
	Store    string  `json:"store,omitempty"`  // where the entry lies
	Reason   string  `json:"reason,omitempty"` // why a better store was not used
	Unkept   string  `json:"unkept,omitempty"` // why no store has taken the last that a code has bought

	explainedRole
}

type explainedWarning struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Key     string `json:"key"`
	Message string `json:"message"`
}

// explain tells what it can, also of a profile that leads nowhere: then the
// error says why.
func (a *app) explain(name string, o options) (*explanation, error) {
	o.fromEnvironment(a.Getenv)
	x := &explanation{Profile: name, Settings: map[string]explainedSetting{}, Steps: []explainedStep{}, Warnings: []explainedWarning{}}
	err := a.explainFiles(x, name, o)
	if err != nil {
		x.Error, _, _ = a.words(err)
	}
	return x, err
}

func (a *app) explainFiles(x *explanation, name string, o options) error {
	reader, err := a.profiles(a.longTerm(o, a.stateDir()))
	if err != nil {
		return err
	}
	defer reader.Close()
	p, err := reader.Load(name)
	for _, w := range reader.Warnings(name) {
		x.Warnings = append(x.Warnings, explainedWarning{w.File, w.Line, w.Key, w.Message})
	}
	x.settings(p)
	x.inherited(p)
	if p.Base.Kind != "" {
		x.Base = baseOf(p.Base)
	}
	if err != nil {
		return err
	}
	return a.explainPlan(x, p, o)
}

func (a *app) explainPlan(x *explanation, p *profile.Profile, o options) error {
	g := &get{app: a, options: o, profile: p}
	if err := g.readSettings(); err != nil {
		return err
	}
	plan, err := a.plan(p, o.region, g.wish, o.given)
	x.network = plan.network
	if err != nil {
		return err
	}
	c, err := a.openCache(o, p, a.stateDir())
	if err != nil {
		return err
	}
	x.Store = explainStore(o.storeOf(p), c.Stores)
	x.given(p, o.given)
	lost := readUnkept(c.State)
	for i, s := range plan.steps {
		wish := time.Duration(0) // it is about what is handed out
		if i == len(plan.steps)-1 {
			wish = g.wish
		}
		x.Steps = append(x.Steps, a.explainStep(plan.steps[:i+1], c, wish, g.maxAge))
		if s.Note != "" {
			x.notes = append(x.notes, s.Note)
		}
		if u, ok := lost[cache.Account(s.Key)]; ok && !u.expired(a.Now()) {
			x.Steps[i].Unkept = u.Message
			x.notes = append(x.notes, u.told(a.Now()))
		}
	}
	return plan.network.Check()
}

// explainStep is about the last of steps.
func (a *app) explainStep(steps []session.Step, c *cache.Cache, wish, maxAge time.Duration) explainedStep {
	s := steps[len(steps)-1]
	x := explainedStep{
		Call: s.Call, RoleARN: s.RoleARN, Serial: s.Serial, Code: s.Serial != "",
		Duration: int64(s.Duration / time.Second), Cache: "miss", explainedRole: explainRole(s),
	}
	if e, ok := c.Peek(s.Key); ok && e.Left(a.Now()) > 0 && !session.TooOld(e.Issued(), steps, a.Now(), maxAge) {
		expires := creds.Time(e.Expires)
		x.Expires, x.Cache, x.Store, x.Reason = &expires, "expiring", e.Store, notKept(e.PassedOver)
		if session.Fresh(e.Issued(), a.Now(), wish) {
			x.Cache = "hit"
		}
	}
	return x
}

func (x *explanation) settings(p *profile.Profile) {
	for key, s := range p.Settings {
		value := s.Shown()
		if strings.HasSuffix(key, "endpoint_url") {
			value = session.WithoutPassword(value)
		}
		x.Settings[key] = explainedSetting{value, s.File, s.Line}
	}
}

// inherited notes what counts though another profile says it.
func (x *explanation) inherited(p *profile.Profile) {
	for _, s := range []profile.Setting{p.MFASerial, p.MFAProcess} {
		if own, ok := p.Settings[s.Key]; s.Key != "" && (!ok || own != s) {
			x.notes = append(x.notes, fmt.Sprintf("%s = %s is inherited (%s)", s.Key, s.Shown(), s.Place()))
		}
	}
}

func (x *explanation) json(a *app) error { return writeJSON(a.Stdout, x) }

func (x *explanation) text(a *app) error {
	var b strings.Builder
	line := func(format string, args ...any) {
		fmt.Fprintf(&b, "%s\n", tty.Visible(fmt.Sprintf(format, args...)))
	}
	line("profile %s", x.Profile)
	keys := make([]string, 0, len(x.Settings))
	for key := range x.Settings {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		s := x.Settings[key]
		line("  %s = %s    (%s:%d)", key, s.Value, s.File, s.Line)
	}
	if x.Base != nil {
		line("base: %s of profile %s", x.Base.Kind, x.Base.Profile)
		for _, s := range x.Base.Settings {
			if x.Settings[s.Key] != s.explainedSetting { // else it stands above
				line("  %s = %s    (%s:%d)", s.Key, s.Value, s.File, s.Line)
			}
		}
	}
	for i, s := range x.Steps {
		line("call %d: %s", i+1, s)
		for _, parameter := range s.lines() {
			line("  %s", parameter)
		}
	}
	if x.Store != nil {
		line("store: %s", x.Store)
	}
	if x.network.Region.Value != "" {
		for _, s := range a.networkLines(x.network) {
			line("%s", s)
		}
	}
	for _, n := range x.notes {
		line("note: %s", n)
	}
	for _, w := range x.Warnings {
		place := fmt.Sprintf("%s:%d", w.File, w.Line)
		if w.Key != "" {
			place += ": " + w.Key
		}
		line("warning: %s: %s", place, w.Message)
	}
	_, err := a.Stdout.Write([]byte(b.String()))
	return err
}

// String is a step for people.
func (s explainedStep) String() string {
	text := s.Call
	if s.RoleARN != "" {
		text += " " + s.RoleARN
	}
	text += " for " + span(time.Duration(s.Duration)*time.Second)
	if s.Code {
		text += ", with a code from " + s.Serial
	}
	text += "; cache: " + s.Cache
	if s.Expires != nil {
		text += " until " + *s.Expires + " in " + nameStore(s.Store)
	}
	if s.Reason != "" {
		text += ", since " + s.Reason
	}
	return text
}
