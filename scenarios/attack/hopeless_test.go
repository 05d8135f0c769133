package attack

import (
	"strings"
	"testing"
	"time"

	"github.com/kaizenautomation/andon/reports/results"
)

// The first calls are those with the lowest numbers, in whatever order they end, and one success shows that there is
// hope.
func TestHopelessByNumber(t *testing.T) {
	refused := func(n uint32) results.Row { return results.Row{N: n, Error: results.Status4xx, Status: 404} }
	good := func(n uint32) results.Row { return results.Row{N: n, Status: 200} }
	many := func(from, to uint32, make func(uint32) results.Row) (rows []results.Row) {
		for n := from; n <= to; n++ {
			rows = append(rows, make(n))
		}
		return rows
	}
	join := func(parts ...[]results.Row) (rows []results.Row) {
		for _, p := range parts {
			rows = append(rows, p...)
		}
		return rows
	}
	for _, c := range []struct {
		why  string
		rows []results.Row
		at   int // which row ends it; -1 if none does
	}{
		{"ten refusals", many(0, 20, refused), 9},
		{"in another order", join(many(5, 14, refused), many(0, 4, refused)), 14},
		{"call 0 is under way", many(1, 200, refused), -1},
		{"call 0 succeeds late", join(many(1, 9, refused), many(0, 0, good), many(10, 30, refused)), -1},
		{"call 0 succeeds later than others fail", join(many(1, 50, refused), many(0, 0, good)), -1},
		{"a call beyond the first succeeds before they have ended", join(many(0, 8, refused), many(12, 12, good), many(9, 11, refused)), -1},
		{"far beyond", join(many(0, 8, refused), many(looked, looked, good), many(9, 11, refused)), -1},
		{"the eleventh succeeds", join(many(0, 9, refused), many(10, 10, good)), 9},
		{"two ways", join(many(0, 4, refused), []results.Row{{N: 5, Error: results.DialRefused}}, many(6, 30, refused)), -1},
		{"a failure of another sort", join(many(1, 4, refused), []results.Row{{N: 0, Error: results.Reset}}, many(5, 30, refused)), -1},
		{"shed: it was reached, and may take the next", join(many(0, 8, refused), []results.Row{{N: 9, Error: results.Shed, Status: 429}}, many(10, 30, refused)), -1},
		{"all shed", many(0, 30, func(n uint32) results.Row { return results.Row{N: n, Error: results.Shed, Status: 429} }), -1},
		{"no descriptors", many(0, 9, func(n uint32) results.Row { return results.Row{N: n, Error: results.Descriptors} }), 9},
		{"a proxy", many(0, 9, func(n uint32) results.Row { return results.Row{N: n, Error: results.Proxy} }), 9},
		{"dropped ones tell nothing", join([]results.Row{{N: 0, Error: results.Dropped}}, many(1, 10, refused)), 10},
	} {
		var h hopeless
		at := -1
		for i, row := range c.rows {
			if h.add(&row, false) != "" && at < 0 {
				at = i
			}
		}
		if at != c.at {
			t.Errorf("%s: ended at row %d, want %d", c.why, at, c.at)
		}
	}
	var h hopeless
	for n := range uint32(30) {
		row := refused(n)
		if n%2 == 0 {
			row.Status = 400
		}
		if why := h.add(&row, n%2 == 0); (why != "") != (n == 19) {
			t.Errorf("every second call is invalid on purpose: after call %d %q", n, why)
		}
	}
}

// The first calls are those with the lowest numbers, in whatever order they end.
func TestHopelessIsByNumber(t *testing.T) {
	refused := results.Row{Error: results.Status4xx, Status: 401}
	forbidden := results.Row{Error: results.Status4xx, Status: 403}
	dead := results.Row{Error: results.DialRefused}
	good := results.Row{Status: 200}
	dropped := results.Row{Error: results.Dropped}
	numbered := func(r results.Row, numbers ...uint32) (rows []results.Row) {
		for _, n := range numbers {
			r.N = n
			rows = append(rows, r)
		}
		return rows
	}
	for _, c := range []struct {
		why  string
		rows [][]results.Row
		// after is after how many rows it is hopeless, 0 if never; number 7 is invalid on purpose.
		after int
		says  string
	}{
		{"in order", [][]results.Row{numbered(dead, 0, 1, 2, 3, 4, 5, 6, 8, 9), numbered(good, 7), numbered(dead, 10, 11)}, 11, "(dial-refused)"},
		{"backwards", [][]results.Row{numbered(good, 7), numbered(refused, 11, 10, 9, 8, 6, 5, 4, 3, 2, 1, 0)}, 12, "status 401"},
		{"the first is still under way", [][]results.Row{numbered(good, 7), numbered(refused, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12)}, 0, ""},
		{"the first succeeds late", [][]results.Row{numbered(good, 7), numbered(refused, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12), numbered(good, 0)}, 0, ""},
		{"one fails otherwise", [][]results.Row{numbered(refused, 0, 1, 2, 3), numbered(forbidden, 4), numbered(refused, 5, 6, 8, 9, 10, 11, 12)}, 0, ""},
		{"one not sent says nothing", [][]results.Row{numbered(refused, 0, 1, 2, 3), numbered(dropped, 4), numbered(good, 7), numbered(refused, 5, 6, 8, 9, 10, 11)}, 12, "status 401"},
	} {
		var h hopeless
		after, said := 0, ""
		n := 0
		for _, rows := range c.rows {
			for i := range rows {
				n++
				if why := h.add(&rows[i], rows[i].N == 7); why != "" {
					after, said = n, why
				}
			}
		}
		if after != c.after || !strings.Contains(said, c.says) {
			t.Errorf("%s: hopeless after %d rows (%q), want %d", c.why, after, said, c.after)
		}
	}
	// Where nearly all calls say nothing, there is an end to the looking.
	var h hopeless
	for n := range uint32(2000) {
		r := refused
		r.N = n
		if why := h.add(&r, n%200 != 0); why != "" {
			t.Errorf("hopeless at call %d: %s", n, why)
		}
	}
	if !h.settled {
		t.Error("it is not settled")
	}
}

// A call that is under way is waited for until it takes much longer than a refusal does; from then on it says nothing,
// as one that timed out, but is outweighed. The times are in milliseconds.
func TestHopelessNeedsTime(t *testing.T) {
	type call struct {
		n, sent, took uint32
		kind          results.Kind
	}
	// every is a call each 10 ms, of which those that keep are left out, with what each is.
	every := func(from, to uint32, keep func(n uint32) bool, took uint32, kind results.Kind) (calls []call) {
		for n := from; n <= to; n++ {
			if keep(n) {
				calls = append(calls, call{n, 10 * n, took, kind})
			}
		}
		return calls
	}
	all := func(uint32) bool { return true }
	odd := func(n uint32) bool { return n%2 == 1 }
	even := func(n uint32) bool { return n%2 == 0 }
	const refused, good, lost, broken, canceled, dropped = results.Status4xx, results.None, results.TimeoutWaiting, results.Status5xx, results.Canceled, results.Dropped
	for _, c := range []struct {
		why   string
		calls []call
		at    int64 // which call ends it; -1 if none does
	}{
		{"the first is held", every(1, 1500, all, 5, refused), 101},
		{"the first is held, and not yet for a second", every(1, 100, all, 5, refused), -1},
		{"no longer than three refusals take", every(1, 180, all, 500, refused), 101},
		{"three are held: thirty outweigh them", every(3, 1500, all, 5, refused), 103},
		{"the first times out", append([]call{{0, 0, 3000, lost}}, every(1, 30, all, 5, refused)...), 10},
		{"one is given up, one dropped", append([]call{{0, 0, 9, canceled}, {1, 0, 0, dropped}}, every(2, 30, all, 5, refused)...), 11},
		{"every second one is slow", every(0, 1500, odd, 5, refused), -1},
		{"every second one times out", append(every(0, 1500, even, 3000, lost), every(0, 1500, odd, 5, refused)...), -1},
		{"a slow one succeeds", append(append(every(1, 90, all, 5, refused), call{0, 0, 950, good}), every(91, 1500, all, 5, refused)...), -1},
		{"the target breaks for one", append(append(every(1, 50, all, 5, refused), call{70, 500, 5, broken}), every(51, 1500, all, 5, refused)...), -1},
		{"the quick ones are those beyond", every(1200, 3000, all, 5, refused), -1},
	} {
		var h hopeless
		at := int64(-1)
		for _, x := range c.calls {
			row := results.Row{N: x.n, Due: time.Duration(x.sent) * time.Millisecond, Service: float32(x.took) / 1000, Error: x.kind}
			if x.kind == refused {
				row.Status = 404
			}
			if h.add(&row, false) != "" && at < 0 {
				at = int64(x.n)
			}
		}
		if at != c.at {
			t.Errorf("%s: ended by call %d, want %d", c.why, at, c.at)
		}
	}
	// One that was taken for silent and ends like the others is counted with them, and need not be outweighed.
	var h hopeless
	for n := range uint32(20) {
		if row := (results.Row{N: n, Due: time.Duration(n) * 200 * time.Millisecond, Error: results.DialRefused}); n > 1 {
			if n == 19 {
				row.N, row.Service = 1, 3.6
			}
			if why := h.add(&row, false); (why != "") != (n == 19) {
				t.Errorf("after call %d: %q", row.N, why)
			} else if n == 19 && why != "the first 19 calls, but for 1 that had no answer, all failed in the same way (dial-refused)" {
				t.Errorf("it says %q", why)
			}
		}
	}
}
