package metrics

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kaizenautomation/andon/reports/results"
)

// lagged is a success that left late, by own of which it was our own fault.
func lagged(phase uint8, lag, own float32) results.Row {
	r := ok(phase, full, 0.1)
	r.Lag, r.OwnLag = lag, own
	return r
}

func dropped(lag, own float32) results.Row {
	return results.Row{Phase: steady, Error: results.Dropped, Lag: lag, OwnLag: own}
}

func TestValidity(t *testing.T) {
	closed := labels()
	for i := range closed.Phases {
		closed.Phases[i].Closed = true
	}
	good := repeat(1000, lagged(steady, 0.001, 0.001))
	for _, c := range []struct {
		name   string
		labels results.Labels
		rows   []results.Row
		want   string
		says   []string // of the reasons
	}{
		{"punctual", labels(), good, Valid, nil},
		{"1 in 100 may be late", labels(), append(repeat(9, lagged(steady, 1, 1)), good...), Valid, nil},
		{"2 in 100 may not", labels(), append(repeat(20, lagged(steady, 1, 0.5)), good...), GeneratorLimited,
			[]string{"held up for 500 ms", "tolerance 10 ms", "GOMAXPROCS", "fewer calls a second", "another machine"}},
		{"late for want of slots", labels(), append(repeat(20, lagged(steady, 1, 0)), good...), TargetLimited,
			[]string{"limits.inFlight 50", "left 1 s late", "finding about the target"}},
		{"answers given up for want of memory", labels(), append(repeat(11, results.Row{Phase: steady, Status: 200, Error: results.Unread, Service: 1}), good...), GeneratorLimited,
			[]string{"andon gave up 11 of 1011 answers", "limits.memory"}},
		{"few of them", labels(), append(repeat(10, results.Row{Phase: steady, Status: 200, Error: results.Unread, Service: 1}), good...), Valid, nil},
		{"one dropped", labels(), append(good, dropped(30, 0)), TargetLimited, []string{"1 of 1001 calls were dropped"}},
		{"both", labels(), append(repeat(20, lagged(steady, 1, 0.5)), append(good, dropped(30, 0))...), GeneratorLimited, nil},
		{"dropped by our own fault", labels(), append(repeat(20, dropped(30, 30)), good...), GeneratorLimited, nil},
		{"dropped by the target, which hides nothing", labels(),
			append(append(repeat(5000, dropped(30, 0)), repeat(20, lagged(steady, 1, 0.5))...), good...), GeneratorLimited, nil},
		{"few, one late", labels(), []results.Row{lagged(steady, 0.099, 0.099)}, Valid, nil},
		{"few, one very late", labels(), append(repeat(7, lagged(steady, 0, 0)), lagged(steady, 3, 3)), Valid, nil},
		{"few, two late", labels(), append(repeat(5, lagged(steady, 0, 0)), lagged(steady, 0.011, 0.011), lagged(steady, 0.2, 0.2), lagged(steady, 0.11, 0.11)),
			GeneratorLimited, []string{"3 of 8 calls, of which the worst was held up for 200 ms by andon itself"}},
		{"few, more of them late, by less", labels(), append(repeat(5, lagged(steady, 0, 0)), repeat(3, lagged(steady, 0.099, 0.099))...), Valid, nil},
		{"few, 1 in 20 late", labels(), append(repeat(190, lagged(steady, 0, 0)), repeat(10, lagged(steady, 1, 1))...), Valid, nil},
		{"few, more late", labels(), append(repeat(189, lagged(steady, 0, 0)), repeat(11, lagged(steady, 1, 1))...), GeneratorLimited, nil},
		{"few, one very late for want of slots", labels(), append(repeat(7, lagged(steady, 0, 0)), lagged(steady, 3, 0)), Valid, nil},
		{"few, two late for want of slots", labels(), append(repeat(6, lagged(steady, 0, 0)), lagged(steady, 0.11, 0), lagged(steady, 0.5, 0)), TargetLimited,
			[]string{"2 of 8 calls, of which the worst left 500 ms late"}},
		{"held up by less than a hundredth of what it took", labels(), repeat(1000, results.Row{Phase: steady, Service: 8, Stall: 0.079}), Valid, nil},
		{"held up by a hundredth of what it took", labels(), repeat(1000, results.Row{Phase: steady, Service: 8, Stall: 0.081}), GeneratorLimited, nil},
		{"some late by us, and fewer for want of slots", labels(), append(append(repeat(9, lagged(steady, 1, 1)), repeat(5, lagged(steady, 1, 0))...), good...),
			Valid, nil},
		{"some late by us, and more for want of slots", labels(), append(append(repeat(9, lagged(steady, 1, 1)), repeat(11, lagged(steady, 1, 0))...), good...),
			TargetLimited, nil},
		{"late in the warm-up only", labels(), append(repeat(1000, lagged(warmup, 1, 1)), good...), Valid, nil},
		{"closed loop", closed, repeat(1000, lagged(steady, 1, 1)), Valid, nil},
		{"nothing", labels(), nil, NoData, []string{"no call of a measured phase was due"}},
		{"a warm-up only", labels(), repeat(1000, lagged(warmup, 0, 0)), NoData, nil},
		{"no answer", labels(), append(repeat(3, failed(steady, full, results.DialRefused, 0)),
			failed(steady, lite, results.DNS, 0)), NoData, []string{"none of 4 calls", "3 dial-refused, 1 dns", "is up and reachable"}},
		{"reached, and no answer", labels(), append(repeat(3, failed(steady, full, results.DialRefused, 0)),
			failed(steady, lite, results.Reset, 0)), Valid, nil},
		{"no descriptors for 1 in 100", labels(), append(repeat(11, failed(steady, full, results.Descriptors, 0)), good...), GeneratorLimited,
			[]string{"11 of 1011 calls did not reach the target (descriptors)", "of which it may have 64", "ulimit -n"}},
		{"no descriptors for fewer", labels(), append(repeat(9, failed(steady, full, results.Descriptors, 0)), good...), Valid, nil},
		{"no local ports, and late for want of slots", labels(), append(repeat(30, lagged(steady, 1, 0)),
			append(repeat(20, failed(steady, full, results.LocalPorts, 0)), good...)...), GeneratorLimited, []string{"ip_local_port_range"}},
		{"no memory", labels(), repeat(20, failed(steady, full, results.LocalMemory, 0)), NoData, []string{"none of 20 calls", "no memory left"}},
		{"a proxy in between", labels(), repeat(20, failed(steady, full, results.Proxy, 0)), NoData, []string{"the proxy p.test:8080 turned them back"}},
		{"a proxy that is not there", labels(), append(repeat(20, failed(steady, full, results.ProxyRefused, 0)), good...), GeneratorLimited,
			[]string{"nobody listens where the proxy p.test:8080 should be"}},
		{"a proxy that is slow", labels(), append(repeat(20, failed(steady, full, results.ProxyTimeout, 0)), good...), GeneratorLimited, []string{"in time"}},
		{"no answer, and late", labels(), repeat(3, dropped(30, 30)), NoData, []string{"3 dropped", "held up for 30 s"}},
	} {
		a := aggregate(t, c.labels, nil, c.rows...)
		got := a.Validity(50, Generator{OpenFiles: 64, Proxy: "p.test:8080"})
		if got.Status != c.want || got.Status == Valid != (len(got.Reasons) == 0) {
			t.Errorf("%s: %s %q, want %s", c.name, got.Status, got.Reasons, c.want)
		}
		for _, s := range c.says {
			if !strings.Contains(strings.Join(got.Reasons, "\n"), s) {
				t.Errorf("%s: %q does not say %q", c.name, got.Reasons, s)
			}
		}
		if got.Reasons == nil {
			t.Errorf("%s: reasons would be null", c.name)
		}
	}
}

// A scenario can tolerate more. What its run tolerates is what all calls are held against, those too that were dropped.
func TestTolerance(t *testing.T) {
	const second = float32(1)
	for _, c := range []struct {
		name      string
		tolerated time.Duration
		rows      []results.Row
		want      string
		says      string
	}{
		{"at the usual one", Tolerance, repeat(1000, lagged(steady, 0.010, 0.010)), Valid, ""},
		{"beyond the usual one", Tolerance, repeat(1000, lagged(steady, 0.011, 0.011)), GeneratorLimited, "(tolerance 10 ms)"},
		{"more is tolerated", 250 * time.Millisecond, repeat(1000, lagged(steady, 0.249, 0.249)), Valid, ""},
		{"beyond what is tolerated", 250 * time.Millisecond, repeat(1000, lagged(steady, 0.251, 0.251)), GeneratorLimited,
			"held up for 251 ms or more by andon itself (tolerance 250 ms)"},
		{"less is tolerated", time.Millisecond, repeat(1000, lagged(steady, 0.002, 0.002)), GeneratorLimited, "(tolerance 1 ms)"},
		{"late for want of slots", 250 * time.Millisecond, repeat(1000, lagged(steady, 0.251, 0)), TargetLimited, "251 ms late"},
		{"few, ten times as late", 250 * time.Millisecond, repeat(2, lagged(steady, 2.49, 2.49)), Valid, ""},
		{"few, later", 250 * time.Millisecond, repeat(2, lagged(steady, 2.51, 2.51)), GeneratorLimited, "(tolerance 250 ms)"},
		// A dropped call that was held up within the tolerance waited for the target; many such hide nothing.
		{"dropped by the target", 250 * time.Millisecond,
			slices.Concat(repeat(5000, dropped(30, 0.2)), repeat(20, lagged(steady, second, second)), repeat(1000, lagged(steady, 0, 0))),
			GeneratorLimited, "(tolerance 250 ms)"},
	} {
		a := New(labels(), nil, c.tolerated)
		for _, r := range c.rows {
			if err := a.Add(r); err != nil {
				t.Fatal(err)
			}
		}
		if got := a.Validity(50, Generator{}); got.Status != c.want || !strings.Contains(strings.Join(got.Reasons, " "), c.says) {
			t.Errorf("%s: %s %q, want %s with %q", c.name, got.Status, got.Reasons, c.want, c.says)
		}
	}
	// A run directory from before a scenario could say so names none, and a damaged one anything.
	for seconds, want := range map[float64]time.Duration{
		0: Tolerance, 0.25: 250 * time.Millisecond, 0.0013: 1300 * time.Microsecond, -1: Tolerance, math.NaN(): Tolerance, 1e300: time.Hour,
	} {
		if got := Tolerated(results.Manifest{LagSeconds: seconds}); got != want {
			t.Errorf("of %v s, %s are tolerated, want %s", seconds, got, want)
		}
	}
}

func TestLag(t *testing.T) {
	rows := slices.Concat(repeat(4, lagged(steady, 0.25, 0.125)), repeat(2, dropped(2, 0)), repeat(5, lagged(warmup, 9, 9)),
		[]results.Row{{Phase: steady, Error: results.Unsent, Lag: 50, OwnLag: 50}})
	a := aggregate(t, labels(), nil, rows...)
	equal(t, "lag", a.Lag(), Lag{P50: ptr(0.250085375), Max: ptr(2.0)})
	equal(t, "own lag", a.OwnLag(), Lag{Max: ptr(0.125)})
}

func TestSpell(t *testing.T) {
	for seconds, want := range map[float64]string{
		0: "0 µs", 12e-6: "12 µs", 0.8: "800 ms", 1.2345: "1.23 s", 0.99951: "1000 ms", 1234: "1230 s",
	} {
		if got := spell(seconds, 3); got != want {
			t.Errorf("spell(%v) = %q, want %q", seconds, got, want)
		}
	}
}
