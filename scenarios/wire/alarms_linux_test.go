package wire

import (
	"errors"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"pgregory.net/rapid"
)

// goesOff reports whether an alarm goes off about then, by the kernel's word.
func goesOff(t *rapid.T, a *alarms, which *alarm, at time.Duration) bool {
	var spec unix.ItimerSpec
	from := time.Since(a.began)
	if err := unix.TimerfdGettime(which.fd, &spec); err != nil {
		t.Fatal(err)
	}
	left := time.Duration(spec.Value.Nano())
	const about = 10 * near
	return from+left <= at+about && time.Since(a.began)+left >= at-about
}

// Whatever was asked for before, the alarm that is waited for goes off when it is to, and so does the one after it; who
// keeps to what was said before finds it set.
func TestAlarms(t *testing.T) {
	waits := rapid.OneOf(rapid.Just(time.Millisecond), rapid.Just(2*time.Millisecond), rapid.Custom(func(t *rapid.T) time.Duration {
		return time.Duration(rapid.Int64Range(20*int64(near), int64(longest)).Draw(t, "another"))
	}))
	rapid.Check(t, func(t *rapid.T) {
		a, err := newAlarms()
		if err != nil {
			t.Fatal(err)
		}
		defer a.close()
		// Moments to come, so that none goes off meanwhile.
		now, then := time.Since(a.began)+time.Minute, time.Duration(0)
		for range rapid.IntRange(1, 20).Draw(t, "waits") {
			before, said, between := a.two, then, false
			d, keeps := waits.Draw(t, "until"), said > 0 && rapid.Bool().Draw(t, "as said")
			if keeps {
				d = said + time.Duration(rapid.Int64Range(-int64(near/4), int64(near/4)).Draw(t, "nearly"))
			}
			if then = 0; rapid.Bool().Draw(t, "knows on") {
				then = d + waits.Draw(t, "then")
			}
			if !keeps && said > 20*near && rapid.Bool().Draw(t, "something else before") {
				d, then, between = said/2, said, true
			} else if !keeps {
				said = 0
			}
			use, err := a.next(now, d, then)
			if err != nil {
				t.Fatal(err)
			}
			other := 0
			if use == &a.two[0] {
				other = 1
			}
			if !goesOff(t, &a, use, now+d) {
				t.Fatal("it does not go off when it is to")
			}
			if then > 0 && !goesOff(t, &a, &a.two[other], now+then) {
				t.Fatal("the one after it does not go off when it is to")
			}
			found := before[1-other].at
			if between {
				found = before[other].at
			}
			if said > 0 && (found-now-said).Abs() > near {
				t.Fatalf("the alarm that was set for what was said is left out for one that was set for %s from it", found-now-said)
			}
			now += d
			then = max(then-d, 0)
		}
	})
}

// Where moments are as near each other as an alarm may be off, none is waited for that goes off at another one or was
// set for one that is over.
func TestAlarmsForCloseMoments(t *testing.T) {
	gap := rapid.SampledFrom([]time.Duration{1, 3, 6, 11, 200})
	rapid.Check(t, func(t *rapid.T) {
		a, err := newAlarms()
		if err != nil {
			t.Fatal(err)
		}
		defer a.close()
		now := time.Since(a.began) + time.Minute
		for range rapid.IntRange(1, 30).Draw(t, "waits") {
			d := gap.Draw(t, "until") * time.Microsecond
			then := time.Duration(0)
			if rapid.Bool().Draw(t, "knows on") {
				then = d + gap.Draw(t, "then")*time.Microsecond
			}
			use, err := a.next(now, d, then)
			if err != nil {
				t.Fatal(err)
			}
			if !use.is(now+d) || !goesOff(t, &a, use, now+d) {
				t.Fatalf("it is set for %s from the moment", use.at-now-d)
			}
			// It may wake early, and sleep again for what is left.
			now += rapid.SampledFrom([]time.Duration{d, d, d - min(d, near), d + 50*time.Microsecond}).Draw(t, "wakes after")
		}
	})
}

// At a steady rate the alarms go on by themselves, also for one who comes late, and none is believed to be set for
// another moment than the kernel's.
func TestAlarmsGoOn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, err := newAlarms()
		if err != nil {
			t.Fatal(err)
		}
		defer a.close()
		every := rapid.SampledFrom([]time.Duration{200 * time.Microsecond, 333_333, time.Millisecond}).Draw(t, "every")
		due, set, allowed := time.Since(a.began)+every, 0, 2
		for range rapid.IntRange(1, 10).Draw(t, "waits") {
			if rapid.IntRange(0, 9).Draw(t, "comes late") == 0 {
				time.Sleep(3 * every)
			}
			now := time.Since(a.began)
			for ; due-now < every/4; allowed += 2 {
				due += every
			}
			before := a.two
			use, err := a.next(now, due-now, due+every-now)
			if err != nil {
				t.Fatal(err)
			}
			for i := range a.two {
				if a.two[i] != before[i] {
					set++
				}
			}
			use.wait()
			if woke := time.Since(a.began); woke < due-2*near {
				t.Fatalf("it woke %s before it was to", due-woke)
			}
			for i := range a.two {
				one := &a.two[i]
				// One that has gone off begins anew when it is asked.
				if one.at > time.Since(a.began) && !goesOff(t, &a, one, one.at) && one.at > time.Since(a.began) {
					t.Fatal("an alarm goes off at another moment than it is believed to")
				}
			}
			due += every
		}
		if set > allowed {
			t.Fatalf("the alarms were set %d times, of which %d were needed", set, allowed)
		}
	})
}

// An alarm that could not be set is not waited for, nor taken for one that is set the next time.
func TestAlarmIsNotSet(t *testing.T) {
	a, err := newAlarms()
	if err != nil {
		t.Fatal(err)
	}
	defer a.close()
	now, d := time.Since(a.began), time.Minute
	fds := [2]int{a.two[0].fd, a.two[1].fd}
	a.two[0].fd, a.two[1].fd = -1, -1
	for _, then := range []time.Duration{0, 2 * d} {
		if _, err := a.next(now, d, then); !errors.Is(err, unix.EBADF) {
			t.Errorf("nothing says that it is not set: %v", err)
		}
	}
	a.two[0].fd, a.two[1].fd = fds[0], fds[1]
	use, err := a.next(now, d, 2*d)
	if err != nil {
		t.Fatal(err)
	}
	other := &a.two[0]
	if use == other {
		other = &a.two[1]
	}
	for which, at := range map[*alarm]time.Duration{use: d, other: 2 * d} {
		var spec unix.ItimerSpec
		if err := unix.TimerfdGettime(which.fd, &spec); err != nil {
			t.Fatal(err)
		}
		if left := time.Duration(spec.Value.Nano()); left <= at/2 || left > at {
			t.Errorf("an alarm goes off in %s, want %s", left, at)
		}
	}
}

// A wake that comes while somebody naps ends the wait after it, once.
func TestWakeOutlastsANap(t *testing.T) {
	p, err := newPoller()
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	for range 2 {
		p.wake()
		p.nap(time.Microsecond, 0)
		if events := p.wait(time.Second); len(events) != 1 || events[0].Fd != -1 {
			t.Errorf("after the nap came %v", events)
		}
		if events := p.wait(0); len(events) != 0 {
			t.Errorf("it is told again: %v", events)
		}
	}
}
