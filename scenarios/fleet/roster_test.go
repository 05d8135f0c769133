package fleet

import (
	"strings"
	"testing"
	"time"
)

// Who has joined is of the crew until it leaves or is silent. Nobody takes the place of another once all were there.
func TestRoster(t *testing.T) {
	now := time.Now()
	began := now
	r := newRoster("v1", 2, 10*time.Second)
	ask := func(name string, s state) string {
		return r.ask(now, question{Protocol: protocol, Andon: "v1", Worker: name, State: s, Detail: "no way"})
	}
	missing := func() string { return r.missing(now, began) }
	if why := r.ask(now, question{Protocol: protocol, Andon: "v2", Worker: "x"}); !strings.Contains(why, "the same version has to run everywhere") {
		t.Errorf("of another version: %q", why)
	}
	if why := ask("a", looking) + ask("b", failed); why != "" || r.full {
		t.Errorf("%q, full %v", why, r.full)
	}
	now = now.Add(10 * time.Second)
	if who := missing(); who != "" || len(r.heard) != 0 {
		t.Errorf("before all are there, %q, %v", who, r.heard)
	}
	if why := ask("a", looking) + ask("b", looking); why != "" || !r.full || missing() != "" {
		t.Errorf("%q, full %v, %q", why, r.full, missing())
	}
	if why := ask("c", looking); why != "all 2 workers are there, and nobody takes the place of one that is lost" {
		t.Errorf("a third: %q", why)
	}
	now = now.Add(9900 * time.Millisecond)
	_ = ask("b", firing)
	now = now.Add(100 * time.Millisecond)
	if who := r.missing(now, now.Add(-time.Second)); who != "" {
		t.Errorf("who could not be heard is lost: %q", who)
	}
	if who := missing(); who != "worker a is lost: no contact for 10s" {
		t.Errorf("missing are %q", who)
	}
	if why := ask("a", firing); why != "the coordinator has given this worker up: no contact for 10s" {
		t.Errorf("one that was lost: %q", why)
	}
	if r.dismissed() {
		t.Error("nobody knows that it may go")
	}
	if why := ask("b", leaving); why != "" || !r.dismissed() {
		t.Error("the one that is there knows that it may go")
	}
	_ = ask("b", failed)
	if who := missing(); who != "worker a is lost: no contact for 10s; worker b is lost: no way" {
		t.Errorf("missing are %q", who)
	}
}
