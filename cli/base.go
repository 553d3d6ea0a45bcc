package cli

import (
	"context"

	"daypass/profile"
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
