package attack

import (
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
