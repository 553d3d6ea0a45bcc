package profile

import (
	"runtime"
	"strings"
	"time"
)

// check checks the values that are in use, so that nobody is asked for a code
// in vain, and reads the durations.
func (v *resolver) check() error {
	p := v.p
	for i := range p.Roles {
		if err := checkRole(&p.Roles[i]); err != nil {
			return err
		}
	}
	if p.Base.Kind == WebIdentity {
		if err := checkRole(&p.Base.Role); err != nil {
			return err
		}
	}
	if err := v.checkSerial(); err != nil {
		return err
	}
	if err := checkCommand(p.Name, p.MFAProcess); err != nil {
		return err
	}
	if p.Base.Kind == Process {
		if err := checkCommand(p.Base.Profile, p.Base.Source); err != nil {
			return err
		}
	}
	return v.checkOptions()
}

// checkRole applies the limits of AssumeRole.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
func checkRole(r *Role) error {
	switch {
	case !strings.HasPrefix(r.ARN.Value, "arn:") || !strings.Contains(r.ARN.Value, "role/"):
		return bad(r.Profile, r.ARN, "%q is not the ARN of a role: it begins with arn: and has role/ in it", r.ARN.Value)
	case r.ExternalID.Value != "" && !fits(r.ExternalID.Value, 2, 1224, "+=,.@:/-"):
		return bad(r.Profile, r.ExternalID, "must be 2 to 1224 letters, digits or any of _+=,.@:/-")
	case r.SessionName.Value != "" && !fits(r.SessionName.Value, 2, 64, "+=,.@-"):
		return bad(r.Profile, r.SessionName, "must be 2 to 64 letters, digits or any of _+=,.@-")
	}
	var err error
	r.Duration, err = duration(r.Profile, r.DurationSetting, 900*time.Second, 43200*time.Second)
	return err
}

// checkCommand checks a command that is run without a shell, as botocore runs
// them.
func checkCommand(profile string, s Setting) error {
	if s.Value == "" {
		return nil
	}
	words, err := SplitCommand(s.Value)
	if err != nil {
		return bad(profile, s, "is not a command: %v", err)
	}
	if len(words) > 0 && isAssignment(words[0]) { // which may hold a seed
		e := bad(profile, s, "is run without a shell, so that it cannot begin with a variable")
		e.Hint = shellHint(runtime.GOOS)
		return e
	}
	if hasShellSyntax(s.Value) {
		e := bad(profile, s, "is run without a shell, so that |, > and $( in it would be arguments")
		e.Hint = shellHint(runtime.GOOS)
		return e
	}
	return nil
}

// shellHint says how a command gets the shell of its platform.
func shellHint(goos string) string {
	if goos == "windows" {
		return `write cmd /c "..." around the command`
	}
	return "write sh -c '...' around the command"
}

// isAssignment reports how a shell's command line may begin.
func isAssignment(word string) bool {
	name, _, ok := strings.Cut(word, "=")
	return ok && fits(name, 1, len(name), "") && (name[0] < '0' || name[0] > '9')
}

func (v *resolver) checkOptions() error {
	var err error
	p := v.p
	for _, sec := range v.links {
		if s, ok := sec.lookup("mfa_session"); ok {
			use, isBool := boolean(s.Value)
			if !isBool {
				return bad(sec.name, s, "%q is neither true nor false", s.Value)
			}
			p.MFASession = p.MFASession && use
		}
		if s, ok := sec.lookup("session_duration"); ok && p.SessionDuration == 0 {
			if p.SessionDuration, err = duration(sec.name, s, 900*time.Second, 129600*time.Second); err != nil {
				return err
			}
		}
	}
	own := v.links[0]
	s, _ := own.lookup("min_remaining")
	if p.MinRemaining, err = duration(own.name, s, 0, forever); err != nil {
		return err
	}
	s, _ = own.lookup("prompt_timeout")
	p.PromptTimeout, err = duration(own.name, s, 0, forever)
	return err
}

const forever = time.Duration(1<<63 - 1)

// duration reads a setting that may be missing.
func duration(profile string, s Setting, least, most time.Duration) (time.Duration, error) {
	if s.Value == "" {
		return 0, nil
	}
	d, err := ParseDuration(s.Value)
	if err != nil {
		return 0, bad(profile, s, "%v", err)
	}
	if d < least || d > most {
		return 0, bad(profile, s, "%s is not between %d and %d seconds", s.Value, least/time.Second, most/time.Second)
	}
	return d, nil
}

func boolean(s string) (value, ok bool) {
	switch strings.ToLower(s) {
	case "true":
		return true, true
	case "false":
		return false, true
	}
	return false, false
}

// fits says whether s has that many bytes, all of them ASCII letters, digits,
// underscores or of the others.
func fits(s string, least, most int, others string) bool {
	for i := range len(s) {
		c := s[i]
		word := c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !word && strings.IndexByte(others, c) < 0 {
			return false
		}
	}
	return least <= len(s) && len(s) <= most
}
