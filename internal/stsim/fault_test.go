package stsim_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"daypass/internal/stsim"
)

func TestFaultsInTurn(t *testing.T) {
	p := newPlace(t)
	p.Inject(stsim.Fault{Action: "AssumeRole", Code: "Throttling", Message: "Rate exceeded"})
	p.Inject(stsim.Fault{Times: 2, Status: 503, Code: "ServiceUnavailable", Message: "later"})
	p.Inject(stsim.Fault{Times: 1, Status: 502})
	p.Inject(stsim.Fault{Times: 1, Body: "<html>log in to the hotel</html>"})
	p.Inject(stsim.Fault{Times: 1, Redirect: "http://127.0.0.1:1/"})
	p.role(p.user, devARN).want(t, 400, "Throttling", "Rate exceeded")
	who := func() answer { return p.sts(p.user, "GetCallerIdentity") }
	who().want(t, 503, "ServiceUnavailable", "later")
	if got := who(); got.text("Type") != "Receiver" {
		t.Errorf("a 503 is the fault of the %s", got.text("Type"))
	}
	if got := who(); got.status != 502 || got.body != "" {
		t.Errorf("got %d %s", got.status, got.body)
	}
	if got := who(); got.status != 200 || got.header.Get("Content-Type") != "text/html" || got.body != "<html>log in to the hotel</html>" {
		t.Errorf("got %d %s", got.status, got.body)
	}
	if got := who(); got.status != 307 || got.header.Get("Location") != "http://127.0.0.1:1/" {
		t.Errorf("got %d %v", got.status, got.header)
	}
	who().granted(t)
	p.role(p.user, devARN).want(t, 400, "Throttling", "Rate exceeded")
	p.ClearFaults()
	p.role(p.user, devARN).granted(t)
}

func TestFaultsThatReplaceLeaveTheCode(t *testing.T) {
	p := newPlace(t)
	code := p.Code(serial)
	p.Inject(stsim.Fault{Times: 1, Code: "Throttling", Message: "Rate exceeded"})
	p.sts(p.user, "GetSessionToken", "SerialNumber", serial, "TokenCode", code).want(t, 400, "Throttling", "Rate exceeded")
	p.Inject(stsim.Fault{Times: 1, Delay: time.Millisecond})
	p.sts(p.user, "GetSessionToken", "SerialNumber", serial, "TokenCode", code).granted(t)
}

func TestDrop(t *testing.T) {
	p := newPlace(t)
	p.Inject(stsim.Fault{Times: 1, Drop: true})
	if _, err := http.DefaultTransport.RoundTrip(p.signedGet(p.user, "sts", time.Now())); err == nil {
		t.Error("an answer came")
	}
	seen := p.Requests()
	if len(seen) != 1 || !seen[0].Accepted || seen[0].Status != 0 {
		t.Errorf("seen %+v", seen)
	}
}

func TestHangLastsUntilTheClientGoes(t *testing.T) {
	p := newPlace(t)
	p.Inject(stsim.Fault{Hang: true})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() {
		response, err := http.DefaultTransport.RoundTrip(p.signedGet(p.user, "sts", time.Now()).WithContext(ctx))
		if err == nil {
			response.Body.Close()
		}
		done <- err
	}()
	for p.Count("GetCallerIdentity") == 0 {
		time.Sleep(time.Millisecond)
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if p.Accepted("") != 0 {
		t.Error("the work was done")
	}
}

func TestStopEndsWhatHangs(t *testing.T) {
	s := stsim.New()
	url, stop, err := s.Listen()
	if err != nil {
		t.Fatal(err)
	}
	s.Inject(stsim.Fault{Hang: true})
	done := make(chan error)
	go func() {
		response, err := http.Get(url)
		if err == nil {
			response.Body.Close()
		}
		done <- err
	}()
	for s.Count("") == 0 {
		time.Sleep(time.Millisecond)
	}
	stop()
	if err := <-done; err == nil {
		t.Error("an answer came")
	}
	if _, err := http.Get(url); err == nil {
		t.Error("still serving")
	}
}

func TestCountsAndRequests(t *testing.T) {
	p := newPlace(t)
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	for range 3 {
		r := p.signedGet(p.user, "sts", time.Now())
		r.Header.Set("User-Agent", "daypass/test")
		response, err := transport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, response.Body)
		response.Body.Close()
	}
	if n := p.Connections(); n != 1 {
		t.Errorf("%d connections, want 1", n)
	}
	p.role(p.user, devARN+"x")
	r := p.Requests()[3]
	if r.Action != "AssumeRole" || r.Service != "sts" || r.Region != "us-east-1" || r.AccessKeyID != p.user.AccessKeyID ||
		r.Form.Get("RoleArn") != devARN+"x" || r.Status != 403 || r.ErrorCode != "AccessDenied" || r.Accepted || r.Time.IsZero() {
		t.Errorf("seen %+v", r)
	}
	if ua := p.Requests()[0].UserAgent; ua != "daypass/test" {
		t.Errorf("User-Agent %s", ua)
	}
	if p.Count("GetCallerIdentity") != 3 || p.Accepted("GetCallerIdentity") != 3 || p.Count("AssumeRole") != 1 || p.Accepted("AssumeRole") != 0 || p.Count("") != 4 {
		t.Errorf("counts: %+v", p.Requests())
	}
	p.Reset()
	if p.Count("") != 0 || p.Connections() != 0 || len(p.Requests()) != 0 {
		t.Error("Reset left something")
	}
}

// TestOneCodeOneSession is the guarantee that tests of many processes stand on.
func TestOneCodeOneSession(t *testing.T) {
	p := newPlace(t)
	code := p.Code(serial)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			p.sts(p.user, "GetSessionToken", "SerialNumber", serial, "TokenCode", code)
		})
	}
	wg.Wait()
	if p.Count("GetSessionToken") != 20 || p.Accepted("GetSessionToken") != 1 {
		t.Errorf("%d accepted of %d", p.Accepted("GetSessionToken"), p.Count("GetSessionToken"))
	}
}
