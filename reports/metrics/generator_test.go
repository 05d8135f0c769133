package metrics

import (
	"strings"
	"testing"

	"github.com/kaizenautomation/andon/reports/results"
)

// What the callers of a closed loop lose by our own doing is judged, and in an open loop the calls are, one by one.
func TestLoop(t *testing.T) {
	second := func(at, stalled, blocked float64) results.Vitals {
		return results.Vitals{AtSeconds: at, Seconds: 1, StallSeconds: stalled, BlockedSeconds: blocked}
	}
	vitals := func(one ...results.Vitals) (all []results.Vitals) {
		all = one
		for at := float64(len(one) + 1); at <= 12; at++ {
			all = append(all, second(at, 0, 0))
		}
		return all
	}
	for _, c := range []struct {
		name   string
		closed bool
		vitals []results.Vitals
		want   string
		says   string
	}{
		{"no standstill", true, vitals(), Valid, ""},
		{"a small one", true, vitals(second(1, 0, 0), second(2, 0, 0), second(3, 0.49, 0)), Valid, ""},
		{"30 %", true, vitals(second(1, 0, 0), second(2, 0, 0), second(3, 1, 0), second(4, 1, 0), second(5, 1, 0)), GeneratorLimited,
			"could not go on for 3 s of 10 s, by the doing of andon itself (tolerance 5 %)"},
		{"a bad moment of a short one", true, []results.Vitals{{AtSeconds: 2.5, Seconds: 0.5, StallSeconds: 0.099}}, Valid, ""},
		{"two bad moments of a short one", true, []results.Vitals{{AtSeconds: 2.5, Seconds: 0.5, StallSeconds: 0.101}}, GeneratorLimited, "101 ms of 500 ms"},
		{"a sink that took nothing", true, vitals(second(1, 0, 0), second(2, 0, 0), second(3, 0, 0.51)), GeneratorLimited, "510 ms of 10 s"},
		{"noted a second later", true, vitals(second(1, 0, 0), second(2, 0, 0), second(3, 0, 0), second(4, 1.5, 0)), GeneratorLimited, "1.5 s of 10 s"},
		{"no more than all", true, vitals(second(1, 0, 0), second(2, 0, 0), second(3, 9, 9)), GeneratorLimited, "10 s of 10 s"},
		{"in the warm-up", true, vitals(second(1, 1, 0), second(2, 1, 0)), Valid, ""},
		{"an open loop", false, vitals(second(1, 0, 0), second(2, 0, 0), second(3, 1, 0), second(4, 1, 0)), Valid, ""},
	} {
		l := labels()
		l.Phases = []results.Phase{{Name: "warm", Closed: c.closed, Warmup: true, Seconds: 2}, {Name: "steady", Closed: c.closed, StartSeconds: 2, Seconds: 10}}
		a := aggregate(t, l, nil, repeat(1000, ok(1, full, 0.1))...)
		got := a.Validity(50, a.Generator(results.Generator{}, c.vitals))
		if got.Status != c.want || !strings.Contains(strings.Join(got.Reasons, " "), c.says) {
			t.Errorf("%s: %s %q, want %s with %q", c.name, got.Status, got.Reasons, c.want, c.says)
		}
	}
}

// What held the generator up is named with the way to mend it, once, and where all is well nothing is.
func TestCauses(t *testing.T) {
	stood := results.Vitals{Seconds: 10, StallSeconds: 9, StallMax: 0.092}
	with := func(m results.Machine) results.Vitals { v := stood; v.Machine = m; return v }
	for _, c := range []struct {
		name   string
		vitals results.Vitals
		says   string // all of it
	}{
		{"all is well", results.Vitals{Seconds: 1, StallSeconds: 0.01, StallMax: 0.01, Queue: 100, WriteMax: 3,
			Machine: results.Machine{Quota: 2, Periods: 10, MemoryLimit: 1 << 30, Memory: 1 << 20}}, ""},
		{"a standstill", stood, "it stood still for 9 s in all, and for 92 ms at once: the process was paused, or others had the processors"},
		{"a quota", with(results.Machine{Quota: 0.08, Periods: 100, Throttled: 97}), "it stood still for 9 s in all, and for 92 ms at once: " +
			"its container may use 0.08 processors (cpu.max), and was held back in 97 of 100 periods; raise its CPU limit"},
		{"a quota that is too short for a standstill", results.Vitals{Seconds: 1, Machine: results.Machine{Quota: 0.5, Periods: 10, Throttled: 1}},
			"its container may use 0.5 processors (cpu.max), and was held back in 1 of 10 periods; raise its CPU limit"},
		{"steal", with(results.Machine{StolenSeconds: 5}), "it stood still for 9 s in all, and for 92 ms at once: " +
			"the host of this virtual machine gave its processors to others for 5 s (steal); use a machine that has them for itself"},
		{"a little steal", with(results.Machine{StolenSeconds: 3}), "it stood still for 9 s in all, and for 92 ms at once: the process was paused, or others had the processors"},
		{"memory", with(results.Machine{MemoryLimit: 64 << 20, Memory: 60 << 20, MemoryFull: 7}), "it stood still for 9 s in all, and for 92 ms at once: " +
			"its container may have 64 MiB of memory (memory.max), of which it used 60, and was short of it 7 times; raise its memory limit"},
		{"a disk", results.Vitals{Seconds: 1, Queue: 65536, BlockedSeconds: 2, WriteMax: 4}, "up to 65536 records waited to be written, and a write took 4 s: " +
			"the disk did not keep up; have the run directory on a faster one"},
	} {
		a := aggregate(t, labels(), nil)
		if got := a.Generator(results.Generator{}, []results.Vitals{c.vitals}).causes(); got != c.says {
			t.Errorf("%s: %q, want %q", c.name, got, c.says)
		}
	}
	// Seconds add up, and the tightest limit stands.
	a := aggregate(t, labels(), nil)
	g := a.Generator(results.Generator{}, []results.Vitals{
		{Seconds: 1, Machine: results.Machine{Quota: 2, Periods: 10, Throttled: 1, StolenSeconds: 1, MemoryLimit: 20, Memory: 5, MemoryFull: 1}},
		{Seconds: 1, Machine: results.Machine{Quota: 1, Periods: 10, Throttled: 2, StolenSeconds: 2, MemoryLimit: 10, Memory: 9, MemoryFull: 2}},
		{Seconds: 1},
	})
	if want := (results.Machine{Quota: 1, Periods: 20, Throttled: 3, StolenSeconds: 3, MemoryLimit: 10, Memory: 9, MemoryFull: 3}); g.Machine != want {
		t.Errorf("the machine is %+v, want %+v", g.Machine, want)
	}
}

// Calls that merely waited through a standstill were on the wire in it, though it did not lengthen them.
func TestLittleThroughStandstills(t *testing.T) {
	// 10 callers for 10 s, of which the generator stood still for 5, half of each call.
	a := aggregate(t, labels(), nil, repeat(100, ok(steady, full, 1))...)
	v := results.Vitals{Seconds: 10, StallSeconds: 5, InFlight: 10, Samples: 1000}
	if l := a.Generator(results.Generator{}, []results.Vitals{v}).Little; l == nil || l.Holds {
		t.Errorf("without the time waited through it holds: %+v", l)
	}
	v.WaitedSeconds = 50
	if l := a.Generator(results.Generator{}, []results.Vitals{v}).Little; l == nil || !l.Holds || l.Expected != 10 {
		t.Errorf("with it: %+v", l)
	}
	// Of a run that shared its time with another, half of the calls that are seen on the wire are the other's.
	v.WaitedSeconds, v.StallSeconds, v.InFlight = 0, 0, 20
	half := Of(results.Manifest{Labels: labels(), Paired: &results.Paired{SliceSeconds: 2, Order: "abba"}})
	if l := half.Generator(results.Generator{}, []results.Vitals{v}).Little; l != nil {
		t.Errorf("with the calls of another run in it: %+v", l)
	}
}
