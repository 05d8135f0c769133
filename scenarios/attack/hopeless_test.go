package attack

import (
	"strings"
	"testing"

	"github.com/kaizenautomation/andon/reports/results"
)

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
		if why := h.add(&r, n%100 != 0); why != "" {
			t.Errorf("hopeless at call %d: %s", n, why)
		}
	}
	if !h.settled {
		t.Error("it is not settled")
	}
}
