package attack

import (
	"strings"
	"testing"

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
