package main

import (
	"os"
	"os/user"
	"testing"
	"time"

	"daypass/internal/stsim"
)

// The world of each script: ana of account 111111111111, her keys and devices,
// two roles of account 222222222222 that want MFA, one of her own account that
// does not, and one of account 333333333333 that is reached from the first.
const (
	accessKeyID     = "AKIAEXAMPLEANA000001"
	secretAccessKey = "SECRET/of+ana/EXAMPLE0000000000000000001"
	secondKeyID     = "AKIAEXAMPLEANA000002"
	secondSecret    = "SECRET/of+ana/EXAMPLE0000000000000000002"
	device          = "arn:aws:iam::111111111111:mfa/ana"
	secondDevice    = "arn:aws:iam::111111111111:mfa/ana2"
	devRole         = "arn:aws:iam::222222222222:role/Dev"
	opsRole         = "arn:aws:iam::222222222222:role/Ops"
	plainRole       = "arn:aws:iam::111111111111:role/Plain"
	farRole         = "arn:aws:iam::333333333333:role/Far"
	evaARN          = "arn:aws:iam::111111111111:user/team/eva"
	evaDevice       = "arn:aws:iam::111111111111:mfa/eva"
)

func newSTS(t testing.TB) (*stsim.Server, string) {
	t.Helper()
	sts := stsim.New()
	url, stop, err := sts.Listen()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	ana := stsim.User{Account: "111111111111", Name: "ana"}
	sts.AddUser(ana)
	sts.AddKey(ana.ARN(), stsim.Key{AccessKeyID: accessKeyID, SecretAccessKey: secretAccessKey})
	sts.AddKey(ana.ARN(), stsim.Key{AccessKeyID: secondKeyID, SecretAccessKey: secondSecret})
	sts.AddDevice(ana.ARN(), device, []byte("first"))
	sts.AddDevice(ana.ARN(), secondDevice, []byte("second"))
	for _, arn := range []string{devRole, opsRole} {
		sts.AddRole(stsim.Role{ARN: arn, RequireMFA: true, MaxSessionDuration: 12 * time.Hour, Principals: []string{ana.ARN()}})
	}
	sts.AddRole(stsim.Role{ARN: plainRole, TagSession: true, SetSourceIdentity: true})
	sts.AddRole(stsim.Role{ARN: farRole, Principals: []string{devRole}, TagSession: true, SetSourceIdentity: true})
	return sts, url
}

// loginName is that of who runs the tests.
func loginName() string {
	u, err := user.Current()
	if err != nil {
		return "user"
	}
	return u.Username
}

// noDialogs keeps daypass from opening windows before a developer with a Mac, where
// it takes no DISPLAY to have one, but none opens in an SSH session.
const noDialogs = "SSH_TTY=x"

// environment is that of a test's programs: a home of its own and nothing of
// AWS's but the way to sts.
func environment(home, url string) []string {
	return append(homeVariables(home),
		"PATH="+os.Getenv("PATH"),
		"LANG=C.UTF-8",
		"TMPDIR="+os.TempDir(),
		"AWS_ENDPOINT_URL_STS="+url,
		"AWS_ENDPOINT_URL_IAM="+url,
		"AWS_EC2_METADATA_DISABLED=true",
		"NO_PROXY=127.0.0.1",
		noDialogs,
		"GORACE=atexit_sleep_ms=0", // under -race a program sleeps for a second at its end
	)
}

// profiles is the config of these tests: dev and ops are roles by the first
// device, long is dev by a code of its own, session the session itself, other a
// role by the second device, fetched one whose code a program prints.
const profiles = `
[profile dev]
region = eu-west-1
daypass_role_arn = ` + devRole + `
daypass_source_profile = main
daypass_mfa_serial = ` + device + `

[profile ops]
region = us-east-2
daypass_role_arn = ` + opsRole + `
daypass_source_profile = main
daypass_mfa_serial = ` + device + `

[profile long]
daypass_role_arn = ` + devRole + `
daypass_source_profile = main
daypass_mfa_serial = ` + device + `
daypass_duration_seconds = 7200

[profile session]
daypass_source_profile = main
daypass_mfa_serial = ` + device + `
daypass_session_duration = 1h

[profile other]
daypass_role_arn = ` + opsRole + `
daypass_source_profile = main
daypass_mfa_serial = ` + secondDevice + `

[profile fetched]
daypass_role_arn = ` + devRole + `
daypass_source_profile = main
daypass_mfa_serial = ` + device + `
daypass_mfa_process = sh authenticator
`

const keys = `
[main]
aws_access_key_id = ` + accessKeyID + `
aws_secret_access_key = ` + secretAccessKey + `
`
