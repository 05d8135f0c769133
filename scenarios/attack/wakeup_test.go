package attack

import (
	"math/rand/v2"
	"testing"
	"time"
)

// However long it takes to make a call ready, and whatever holds a few of them up, about two calls in three are ready
// in time before long, and none is let go earlier than allowed.
func TestWakeupLeadLearns(t *testing.T) {
	const us = time.Microsecond
	for _, c := range []struct{ least, spread time.Duration }{{5 * us, 10 * us}, {40 * us, 30 * us}} {
		if longestLead == 0 {
			t.Skip("calls are not let go early on this system")
		}
		var l wakeupLead
		rng := rand.New(rand.NewPCG(1, 2))
		inTime, n := 0, 5000
		for i := range n {
			takes := c.least + rand.N(c.spread)
			if rng.IntN(20) == 0 {
				takes += 5 * time.Millisecond
			}
			late := takes - l.get()
			if l.learn(late); i >= n/2 && late <= 0 {
				inTime++
			}
			if d := l.get(); d < 0 || d > longestLead {
				t.Fatalf("the lead is %s", d)
			}
		}
		if share := float64(inTime) / float64(n/2); share < 0.6 || share > 0.75 {
			t.Errorf("making ready takes %s to %s: %.0f %% of the calls are ready in time, with a lead of %s", c.least, c.least+c.spread, 100*share, l.get())
		}
	}
	// What takes longer than the lead may be stays late.
	var l wakeupLead
	for range 1000 {
		l.learn(time.Second)
	}
	if l.get() != longestLead {
		t.Errorf("the lead is %s, want %s", l.get(), time.Duration(longestLead))
	}
}

// A call that is ready early leaves when it is due, and not before; one that is far too early is not waited for.
func TestWakeupLeadWaits(t *testing.T) {
	var l wakeupLead
	for range 100 {
		began := time.Now()
		due := 50 * time.Microsecond
		if l.wait(0, began, time.Since(began), due); longestLead > 0 && time.Since(began) < due {
			t.Fatalf("it left %s early", due-time.Since(began))
		}
	}
	began := time.Now()
	if l.wait(0, began, 0, time.Hour); time.Since(began) > time.Minute {
		t.Error("it waited for an hour that the pacer has to sleep")
	}
	if l.get() != 0 {
		t.Errorf("a call that was not slept for taught a lead of %s", l.get())
	}
}
