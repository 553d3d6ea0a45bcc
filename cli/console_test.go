package cli

import (
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"daypass/creds"
)

// TestOneVisitorIsLedOn: of many who come at once, and of those who come later.
func TestOneVisitorIsLedOn(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	came, over := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(over)
		redirectOnce(listener, "/path", creds.NewSecret("https://example.com/secret"), came)
	}()
	var led, answered atomic.Int32
	visit := func() {
		client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		answer, err := client.Get("http://" + listener.Addr().String() + "/path")
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, answer.Body)
		_ = answer.Body.Close()
		answered.Add(1)
		if answer.Header.Get("Location") == "https://example.com/secret" {
			led.Add(1)
		}
	}
	var all sync.WaitGroup
	for range 20 {
		all.Go(visit)
	}
	all.Wait()
	<-came
	visit()
	if led.Load() != 1 || answered.Load() != 1 {
		t.Errorf("%d are answered, %d led on", answered.Load(), led.Load())
	}
	_ = listener.Close()
	<-over
}
