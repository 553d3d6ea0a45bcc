//go:build unix

package main

import (
	"crypto/sha1"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	"daypass/internal/stsim"
)

func TestSTSIsReachedThroughAProxy(t *testing.T) {
	t.Parallel()
	for name, user := range map[string]string{"without a name": "", "with a name and a password": "ana"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCompany(t)
			if c.proxy.wants(user); user != "" {
				c.set("HTTPS_PROXY=" + c.proxy.as(user, proxyPassword))
			}
			if got := c.login(c.sts.Code(device)); got.code != 0 || got.err != "" {
				t.Fatalf("exit code %d, err %q", got.code, got.err)
			}
			c.get("dev").credentials()
			c.counts(1, 1)
			if got := c.proxy.requests(); len(got) != 1 || got[0] != "CONNECT "+farSTS+":443" {
				t.Errorf("the proxy was asked for %q; both calls go through one connection", got)
			}
		})
	}
}

// The proxy's trouble is told as the proxy's; the code never left, and is good
// when the proxy is.
func TestAProxyThatFails(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		spoil func(*company)
		words string
		hint  string
		asked int // CONNECTs
	}{
		"wants a password": {func(c *company) { c.proxy.wants("ana") },
			"the proxy PROXY (HTTPS_PROXY) wants a name and a password", "set HTTPS_PROXY to http://NAME:PASSWORD@HOST:PORT", 1},
		"takes no other password": {func(c *company) {
			c.proxy.wants("ana")
			c.set("HTTPS_PROXY=" + c.proxy.as("ana", "MARKED/wrong-proxypassword"))
		},
			"the proxy http://ana@", "did not take the name and password", 1},
		"refuses": {func(c *company) { c.proxy.set(http.StatusForbidden, false) },
			"the proxy PROXY (HTTPS_PROXY) refused to connect to " + farSTS + ":443: 403 Forbidden", "let that host through", 1},
		"reaches nothing": {func(c *company) { c.proxy.set(http.StatusBadGateway, false) }, "502 Bad Gateway", "NO_PROXY", 1},
		"never answers": {func(c *company) { c.proxy.set(0, true) },
			"the proxy PROXY (HTTPS_PROXY) did not answer in time", "correct HTTPS_PROXY", 1},
		"is not there": {func(c *company) { c.set("HTTPS_PROXY=", "https_proxy=http://127.0.0.1:1") },
			"the proxy http://127.0.0.1:1 (https_proxy) cannot be reached: ", "correct https_proxy", 0},
		"has no such name": {func(c *company) { c.set("HTTPS_PROXY=http://" + nowhere + ":3128") },
			"the name of the proxy http://" + nowhere + ":3128 (HTTPS_PROXY) cannot be resolved", "correct HTTPS_PROXY", 0},
		"is passed by": {func(c *company) { c.set("NO_PROXY=.test.onion") },
			"the name of " + farSTS + ":443 cannot be resolved", "correct the endpoint from AWS_ENDPOINT_URL_STS", 0},
		"is passed by, to no such name": {func(c *company) { c.set("AWS_ENDPOINT_URL_STS=https://"+nowhere, "NO_PROXY="+nowhere) },
			"the name of " + nowhere + ":443 cannot be resolved", "correct the endpoint from AWS_ENDPOINT_URL_STS", 0},
		"connects to what says nothing": {func(c *company) { c.proxy.leadsTo("") },
			farSTS + ":443 did not answer in time, by way of the proxy PROXY (HTTPS_PROXY)", "check the network", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCompany(t)
			behind := c.proxy.backend
			test.spoil(c)
			code := c.sts.Code(device)
			c.fails(c.login(code), 6, strings.ReplaceAll(test.words, "PROXY (", c.proxy.url+" ("), test.hint)
			if got := c.proxy.requests(); len(got) != test.asked {
				t.Errorf("the proxy was asked for %q, want %d", got, test.asked)
			}
			c.counts(0, 0)
			c.proxy.wants("")
			c.proxy.leadsTo(behind)
			c.proxy.set(0, false)
			c.set("HTTPS_PROXY="+c.proxy.url, "NO_PROXY=", "AWS_ENDPOINT_URL_STS=https://"+farSTS)
			if got := c.login(code); got.code != 0 {
				t.Errorf("the code was not spent: exit code %d, err %q", got.code, got.err)
			}
		})
	}
}

// A call without a code is tried again, but not by a proxy that has refused it:
// some lock the account after a few wrong passwords.
func TestAProxyIsNotAskedAgain(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusForbidden, http.StatusProxyAuthRequired} {
		c := newCompany(t)
		c.write("home/.aws/config", "[profile plain]\nrole_arn = "+plainRole+"\nsource_profile = main\n")
		c.proxy.set(status, false)
		c.get("plain").failed(6, "the proxy ")
		if got := c.proxy.requests(); len(got) != 1 {
			t.Errorf("%d: asked %d times", status, len(got))
		}
	}
}

// A proxy that never answers ends with the caller's time, whatever is tried again.
func TestAProxyThatHangsEnds(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	c.write("home/.aws/config", "[profile plain]\nrole_arn = "+plainRole+"\nsource_profile = main\nprompt_timeout = 1s\n")
	c.proxy.set(0, true)
	c.get("plain").failed(6, "the proxy "+c.proxy.url+" (HTTPS_PROXY) did not answer in time")
	if got := c.proxy.requests(); len(got) == 0 || len(got) > 3 {
		t.Errorf("asked %d times", len(got))
	}
}

// A connection that a call left is one that the proxy has let through.
func TestAnSTSThatNeverAnswersBehindAProxy(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	c.sts.Inject(stsim.Fault{Action: "AssumeRole", Hang: true})
	c.write("home/.aws/config", strings.ReplaceAll(profiles, "[profile dev]", "[profile dev]\nprompt_timeout = 2s"))
	c.alone("credential-process", "--profile", "dev", "--token-code", c.sts.Code(device)).
		failed(6, farSTS+":443 did not answer in time, by way of the proxy "+c.proxy.url)
	if n := c.sts.Count("AssumeRole"); n == 0 || n > 3 {
		t.Errorf("tried %d times", n)
	}
}

// Without a URL in the variable nothing goes past the proxy in silence.
func TestAProxyThatIsNoURL(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	c.set("HTTPS_PROXY=http://ana:MARKED%proxypassword@proxy:3128")
	c.fails(c.login(c.sts.Code(device)), 2, "HTTPS_PROXY: is not the URL of a proxy", "correct that setting")
	c.counts(0, 0)
}

// What is not encrypted goes through the proxy of HTTP_PROXY, which sees it.
func TestPlainSTSIsReachedThroughAProxy(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	c.set("AWS_ENDPOINT_URL_STS=http://"+farSTS, "HTTPS_PROXY=", "HTTP_PROXY="+c.proxy.as("ana", proxyPassword))
	c.proxy.wants("ana")
	if got := c.login(c.sts.Code(device)); got.code != 0 {
		t.Fatalf("exit code %d, err %q", got.code, got.err)
	}
	if got := c.proxy.requests(); len(got) != 2 || got[0] != "POST http://"+farSTS+"/" {
		t.Errorf("the proxy was asked for %q", got)
	}
	c.forget("dev")
	c.write("home/.aws/config", "[profile dev]\nrole_arn = "+plainRole+"\nsource_profile = main\n")
	c.set("HTTP_PROXY=" + c.proxy.as("ana", "MARKED/wrong-proxypassword"))
	c.fails(c.alone("login", "dev", "--debug"), 6, "HTTP 407", "the proxy wants a name and a password: set HTTP_PROXY to")
}

// A proxy may be reached by TLS itself, and the company's authority vouches for it.
func TestAProxyByTLS(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	_, port, err := net.SplitHostPort(c.authority.serve(t, c.proxy, "localhost"))
	if err != nil {
		t.Fatal(err)
	}
	c.set("HTTPS_PROXY=https://localhost:" + port)
	code := c.sts.Code(device)
	if got := c.login(code); got.code != 0 {
		t.Errorf("exit code %d, err %q", got.code, got.err)
	}
	c.forget("dev")
	c.set("AWS_CA_BUNDLE=")
	c.fails(c.login(c.sts.Code(secondDevice)), 6, "the certificate of the proxy https://localhost:"+port+" (HTTPS_PROXY) is not trusted: ", "set ca_bundle")
}

func TestAPrivateAuthority(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	code := c.sts.Code(device)
	c.set("AWS_CA_BUNDLE=")
	c.fails(c.login(code), 6, "the certificate of "+farSTS+":443 is not trusted: ", "set ca_bundle in the profile or AWS_CA_BUNDLE")

	c.write("other.pem", newAuthority(t).pem)
	other := c.folder + "/other.pem"
	c.set("AWS_CA_BUNDLE=" + other)
	c.fails(c.login(code), 6, "is not trusted by the CA bundle "+other+" (AWS_CA_BUNDLE): ", "add the certificate authority that signed it")

	c.set("AWS_CA_BUNDLE=" + c.folder + "/none.pem")
	c.fails(c.login(code), 2, "AWS_CA_BUNDLE: open "+c.folder+"/none.pem: no such file", "correct that setting")
	c.write("garbage.pem", "garbage")
	c.set("AWS_CA_BUNDLE=" + c.folder + "/garbage.pem")
	c.fails(c.login(code), 2, "AWS_CA_BUNDLE: "+c.folder+"/garbage.pem holds no certificate", "correct that setting")

	c.set("AWS_CA_BUNDLE=")
	c.write("home/.aws/config", strings.ReplaceAll(profiles, "[profile dev]", "[profile dev]\nca_bundle = "+other))
	c.fails(c.login(code), 6, "by the CA bundle "+other+" ("+c.folder+"/home/.aws/config:3): ", "add the certificate authority")
	c.counts(0, 0)
	c.write("home/.aws/config", strings.ReplaceAll(profiles, "[profile dev]", "[profile dev]\nca_bundle = "+c.folder+"/ca.pem"))
	if got := c.login(code); got.code != 0 {
		t.Errorf("exit code %d, err %q", got.code, got.err)
	}
	c.counts(1, 1)
}

// A certificate for another name is none.
func TestACertificateOfAnotherName(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	c.set("AWS_ENDPOINT_URL_STS=https://" + other)
	c.fails(c.login(c.sts.Code(device)), 6, "certificate is valid for "+farSTS+", not "+other, "")
	c.counts(0, 0)
}

// What else is called of AWS is told in the same words: the console's sign-in page,
// and IAM Identity Center, of which STS's settings say nothing.
func TestAProxyThatFailsBeforeOthers(t *testing.T) {
	t.Parallel()
	const page, portal = "signin.test.onion", "portal.test.onion"
	for name, test := range map[string]struct {
		spoil func(*company)
		words string // HOST is what is called
		hint  string
		asked int
	}{
		"wants a password": {func(c *company) { c.proxy.wants("ana") }, "the proxy PROXY (HTTPS_PROXY) wants a name and a password", "set HTTPS_PROXY to", 1},
		"takes no other password": {func(c *company) {
			c.proxy.wants("ana")
			c.set("HTTPS_PROXY=" + c.proxy.as("ana", "MARKED/wrong-proxypassword"))
		}, "(HTTPS_PROXY) did not take the name and password", "set HTTPS_PROXY to", 1},
		"refuses": {func(c *company) { c.proxy.set(http.StatusForbidden, false) },
			"the proxy PROXY (HTTPS_PROXY) refused to connect to HOST:443: 403 Forbidden", "let that host through", 1},
		"is not there": {func(c *company) { c.set("HTTPS_PROXY=http://127.0.0.1:1") },
			"the proxy http://127.0.0.1:1 (HTTPS_PROXY) cannot be reached: ", "correct HTTPS_PROXY", 0},
		"never answers":      {func(c *company) { c.proxy.set(0, true) }, "the proxy PROXY (HTTPS_PROXY) did not answer in time", "correct HTTPS_PROXY", 1},
		"is passed by":       {func(c *company) { c.set("NO_PROXY=.test.onion") }, "the name of HOST:443 cannot be resolved", "", 0},
		"knows no authority": {func(c *company) { c.set("AWS_CA_BUNDLE=") }, "the certificate of HOST:443 is not trusted: tls: failed to verify", "set ca_bundle", 1},
	} {
		for host, args := range map[string][]string{page: {"console", "plain"}, portal: {"login", "on-sso"}} {
			t.Run(name+", "+host, func(t *testing.T) {
				t.Parallel()
				c := newCompany(t, page, portal)
				c.write("home/.aws/config", "[profile plain]\nrole_arn = "+plainRole+"\nsource_profile = main\n[profile on-sso]\nrole_arn = "+plainRole+
					"\nsso_start_url = https://corp.example/\nsso_region = eu-west-1\nsso_account_id = 111111111111\nsso_role_name = Dev\n")
				c.write("home/.aws/sso/cache/"+fmt.Sprintf("%x", sha1.Sum([]byte("https://corp.example/")))+".json", `{"accessToken":"MARKED","expiresAt":"2099-01-01T00:00:00Z"}`)
				c.set("TEST_SIGNIN=https://"+page+"/federation", "AWS_ENDPOINT_URL_SSO=https://"+portal, "AWS_MAX_ATTEMPTS=1")
				c.get("plain").credentials() // by which the page is asked
				c.proxy.set(0, false)
				test.spoil(c)
				got := c.alone(append(args, "--debug")...)
				c.fails(got, 6, strings.NewReplacer("PROXY (", c.proxy.url+" (", "HOST", host).Replace(test.words), test.hint)
				if strings.Contains(got.err, "AWS_ENDPOINT_URL_STS") || got.out != "" {
					t.Errorf("out %q, err %q", got.out, got.err)
				}
				if asked := c.proxy.requests(); len(asked) != test.asked || len(asked) > 0 && asked[0] != "CONNECT "+host+":443" {
					t.Errorf("the proxy was asked for %q", asked)
				}
			})
		}
	}
}

// TestCallsGoWhereTheSettingsSay: the proxy sees the name that a call goes to, and
// STS the region that it is signed for.
func TestCallsGoWhereTheSettingsSay(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ lines, host, region string }{
		"regional":      {"region = eu-west-1", "sts.eu-west-1.amazonaws.com", "eu-west-1"},
		"no region":     {"output = json", "sts.us-east-1.amazonaws.com", "us-east-1"},
		"legacy":        {"region = eu-west-1\nsts_regional_endpoints = legacy", "sts.amazonaws.com", "us-east-1"},
		"legacy, late":  {"region = af-south-1\nsts_regional_endpoints = legacy", "sts.af-south-1.amazonaws.com", "af-south-1"},
		"aws-global":    {"region = aws-global", "sts.amazonaws.com", "us-east-1"},
		"FIPS":          {"region = us-east-2\nuse_fips_endpoint = true", "sts-fips.us-east-2.amazonaws.com", "us-east-2"},
		"dual-stack":    {"region = us-east-2\nuse_dualstack_endpoint = true", "sts.us-east-2.api.aws", "us-east-2"},
		"both":          {"region = us-east-2\nuse_fips_endpoint = true\nuse_dualstack_endpoint = true", "sts-fips.us-east-2.api.aws", "us-east-2"},
		"VPC endpoint":  {"region = eu-west-1\nendpoint_url = https://vpce-1-a.sts.eu-west-1.vpce.amazonaws.com", "vpce-1-a.sts.eu-west-1.vpce.amazonaws.com", "eu-west-1"},
		"services":      {"region = eu-west-1\nservices = s", "sts.corp.onion", "eu-west-1"},
		"of daypass":    {"region = eu-west-1\ndaypass_endpoint_url = https://sts.corp.onion", "sts.corp.onion", "eu-west-1"},
		"environment's": {"region = eu-west-1\nsts_regional_endpoints = regional", "sts.eu-west-1.amazonaws.com", "eu-west-1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCompany(t, test.host)
			c.set("AWS_ENDPOINT_URL_STS=")
			c.write("home/.aws/config", "[profile plain]\nrole_arn = "+plainRole+"\nsource_profile = main\n"+test.lines+
				"\n[services s]\nsts =\n  endpoint_url = https://sts.corp.onion\n")
			c.get("plain").credentials()
			if got := c.proxy.requests(); len(got) != 1 || got[0] != "CONNECT "+test.host+":443" {
				t.Errorf("the proxy was asked for %q", got)
			}
			if r := c.sts.Requests()[0]; r.Region != test.region || !r.Accepted {
				t.Errorf("signed for %q, accepted %t", r.Region, r.Accepted)
			}
		})
	}
}

// Nothing goes where a redirect leads, least of all the code.
func TestARedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	for _, status := range []int{301, 302, 303, 307, 308} {
		w := newWorld(t)
		other := newProxy(t, "", http.NotFoundHandler())
		w.sts.Inject(stsim.Fault{Status: status, Redirect: other.url + "/MARKED"})
		got := w.alone("login", "dev", "--token-code", w.sts.Code(device))
		got.failed(6, "the answer to GetSessionToken is a redirect to "+other.url+", which is not followed")
		if strings.Contains(got.err, "MARKED") {
			t.Errorf("%d: err %q", status, got.err)
		}
		if asked := other.requests(); len(asked) != 0 {
			t.Errorf("%d: followed: %q", status, asked)
		}
		w.counts(1, 0)
	}
}
