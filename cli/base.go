package cli

import (
	"context"

	"daypass/keys"
	"daypass/profile"
	"daypass/session"
)

// programs lets session run a program that prints base credentials as mfa runs one
// that prints a code.
type programs struct{ *get }

// Run runs it as long as a person is asked: it may ask one itself.
func (p programs) Run(ctx context.Context, args []string, limit int) ([]byte, error) {
	p.app.catchSignals()
	ctx, done := p.app.watchCaller(ctx)
	defer done()
	ctx, cancel := context.WithTimeout(ctx, p.until().Sub(p.app.Now()))
	defer cancel()
	return p.asker.Fetch(ctx, args, limit)
}

// means are how session gets base credentials.
func (g *get) means() session.Means {
	return session.Means{Keys: longTerm{g.keys}, Programs: programs{g}}
}

// keyMeans are the means for a command that p's access key signs, without a plan.
func (a *app) keyMeans(p *profile.Profile, k *keys.Keys, o options) (_ session.Means, err error) {
	g := &get{app: a, options: o, limits: personLimits, profile: p, keys: k, dir: a.stateDir(), begun: a.Now()}
	g.asker, err = g.newAsker()
	return g.means(), err
}

// explainedBase is where the first credentials come from, with the settings that say
// whose they are; none for an access key.
type explainedBase struct {
	Kind     string           `json:"kind"`
	Profile  string           `json:"profile"`
	Settings []definingOfBase `json:"settings,omitempty"`
}

type definingOfBase struct {
	Key string `json:"key"`
	explainedSetting
}

func baseOf(b profile.Base) *explainedBase {
	x := &explainedBase{Kind: string(b.Kind), Profile: b.Profile}
	for _, s := range b.Defining {
		x.Settings = append(x.Settings, definingOfBase{s.Key, explainedSetting{s.Shown(), s.File, s.Line}})
	}
	return x
}
