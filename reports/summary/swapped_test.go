package summary_test

import (
	"strings"
	"testing"

	"github.com/kaizenautomation/andon/reports/reportstest"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/summary"
)

// That answers may have been swapped is said where bytes came unasked, with the ids that came twice; these alone hint
// at nothing.
func TestSwappedAnswersAreSaid(t *testing.T) {
	for _, c := range []struct {
		unasked, repeated uint64
		want              string
	}{
		{0, 0, ""},
		{0, 3, ""},
		{1, 0, "Unasked bytes came on 1 connection, each of which was closed for it: answers of this run may have been swapped."},
		{2, 3, "Unasked bytes came on 2 connections, each of which was closed for it, and 3 answers came with the executionId of another call: answers of this run may have been swapped."},
	} {
		m := reportstest.Manifest()
		vitals := []results.Vitals{{Seconds: 1, Unasked: c.unasked, Repeated: c.repeated}, {Seconds: 1, Unasked: c.unasked, Repeated: c.repeated}}
		notes := strings.Join(summary.Summarize(m, nil, vitals, reportstest.Finished(55), reportstest.Aggregate(t, m, nil)).Notes(), "\n")
		if !strings.Contains(notes, c.want) || c.want == "" && strings.Contains(notes, "swapped") {
			t.Errorf("%d, %d: the notes are %s", c.unasked, c.repeated, notes)
		}
	}
}
