package main

import (
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"

	"daypass/internal/stsim"
)

// guard is S3's part in a policy that came with a token: it lets through what the
// policy allows.
type guard struct {
	sts     *stsim.Server
	program string // says what a policy allows; "": there is no policy
}

func (g *guard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if policy := g.policy(r); policy != "" && !g.allows(policy, r) {
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>")
		return
	}
	g.sts.ServeHTTP(w, r)
}

// policy is that of the one federation token, with which all that goes to S3 is
// then signed; "" is none.
func (g *guard) policy(r *http.Request) string {
	if g.program == "" || !strings.Contains(r.Header.Get("Authorization"), "/s3/aws4_request") {
		return ""
	}
	for _, seen := range g.sts.Requests() {
		if seen.Action == "GetFederationToken" && seen.Accepted {
			return seen.Form.Get("Policy")
		}
	}
	return ""
}

// allows asks the program about what the request wants.
func (g *guard) allows(policy string, r *http.Request) bool {
	bucket, _, virtual := strings.Cut(r.Host, ".s3.")
	object := strings.TrimPrefix(r.URL.Path, "/")
	if !virtual {
		bucket, object, _ = strings.Cut(object, "/")
	}
	action := map[string]string{
		http.MethodPut: "s3:PutObject", http.MethodDelete: "s3:DeleteObject",
		http.MethodGet: "s3:GetObject", http.MethodHead: "s3:GetObject",
	}[r.Method]
	if object == "" {
		action = "s3:ListBucket"
	}
	cmd := exec.Command(g.program, action, bucket, object)
	cmd.Stdin = strings.NewReader(policy)
	return cmd.Run() == nil
}

// Whoever has the token can put into the bucket, and do nothing else.
func oneBucket(k *kitchen) {
	k.needs("aws")
	k.guard.program = buildModule(k.t, buildPolicy)
	k.sts.PutObject("/one-bucket/other", []byte("not theirs"))
	scripts := k.scripts()
	token := k.cooks(k.script(scripts[0]))
	k.hidden()
	partner := func(line string) answered {
		cmd := k.command("sh", "-c", token+line)
		cmd.Env = append(cmd.Env, "HOME="+filepath.Join(k.folder, "partner"))
		return k.begin(cmd)()
	}
	if got := partner(scripts[1].text); got.code != 0 {
		k.t.Fatalf("exit code %d, err %q", got.code, got.err)
	}
	k.has("/one-bucket/report.csv", "the report")
	k.signed("s3", 1)
	for _, line := range []string{
		"aws s3 cp report.csv s3://another-bucket/report.csv",
		"aws s3 cp s3://one-bucket/other -",
		"aws s3 ls s3://one-bucket/",
		"aws s3 rm s3://one-bucket/other",
	} {
		got := partner(line + " --region eu-west-1")
		denied := strings.Contains(got.err, "403") || strings.Contains(got.err, "AccessDenied")
		if got.code == 0 || !denied || strings.Contains(got.out, "not theirs") {
			k.t.Errorf("%s: exit code %d, out %q, err %q", line, got.code, got.out, got.err)
		}
	}
	k.has("/another-bucket/report.csv", "")
	k.lives(900)
}

// lives checks for how long tokens were asked for.
func (k *kitchen) lives(seconds int) {
	k.t.Helper()
	for _, r := range k.sts.Requests() {
		if r.Action == "GetFederationToken" {
			if got := r.Form.Get("DurationSeconds"); got != fmt.Sprint(seconds) {
				k.t.Errorf("asked for %s seconds", got)
			}
		}
	}
}
