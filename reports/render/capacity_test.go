package render

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/kaizenautomation/andon/reports/reportstest"
	"github.com/kaizenautomation/andon/reports/sizing"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
)

// searches are a search of which everything was asked, a need that is not met, one that this machine was too slow for,
// and one that lost its target at once.
func searches() map[string]sizing.Report {
	no := sizing.Report{Schema: sizing.Schema, Run: reportstest.Sizing().Run, Objectives: reportstest.Sizing().Objectives, Trials: reportstest.Sizing().Trials[3:4],
		Verdict: summary.Verdict{Status: summary.Fail, ExitCode: 1, Causes: []string{"It does not take 80.0/s: p99(latency) < 1s was broken."}}}
	no.Run.Release, no.Run.Labels, no.Run.Resumed = "", nil, 0
	no.Need = &sizing.Need{Rate: 80, Tried: 80, Answer: sizing.No, Error: 0.05, Reason: "p99(latency) < 1s: 2.2 % of 5,936 calls were over", Trial: 4}
	no.Budget = sizing.Budget{SpentCalls: 5936, SpentTrials: 1, SpentSeconds: 79, Started: 5936}
	least := no
	least.Need, least.Verdict = nil, summary.Verdict{Status: summary.NoVerdict, ExitCode: 3, Causes: []string{"This machine is the limit, not the target."}}
	least.Run.Ended, least.Run.Arrivals = sizing.EndedGenerator, "even"
	low := 50.0
	least.Acceptance = &sizing.Capacity{Kind: sizing.AtLeast, Low: &low, Rate: 91, Confidence: 0.95, Highest: 50, Why: "this machine is the limit"}
	least.Trials = append(reportstest.Sizing().Trials[2:3:3], reportstest.Sizing().Trials[9])
	least.Scaling = &sizing.Scaling{Refused: "it takes six levels, and there were five"}
	gone := sizing.Report{Schema: sizing.Schema, Run: least.Run, Verdict: summary.Verdict{Status: summary.NoVerdict, ExitCode: 3}, Mix: &sizing.Mix{}, Isolation: &sizing.Isolation{}}
	gone.Run.Ended, gone.Run.Detail = sizing.EndedUnreachable, "connection refused"
	return map[string]sizing.Report{"capacity": reportstest.Sizing(), "capacity-no": no, "capacity-least": least, "capacity-gone": gone}
}

// checkRendered holds a document of a directory against its goldens on terminals of several widths, which it keeps to,
// and in Markdown, which is given.
func checkRendered[T any](t *testing.T, name string, r T, dir string, terminal func(io.Writer, T, Options) error, markdown func(io.Writer, T) error) string {
	t.Helper()
	for _, width := range []int{60, 80, 120} {
		var b bytes.Buffer
		if err := terminal(&b, r, Options{Width: width, Dir: dir}); err != nil {
			t.Fatal(err)
		}
		if width != 80 {
			reportstest.Golden(t, fmt.Sprintf("%s-%d.txt", name, width), b.Bytes())
		}
		for line := range strings.Lines(b.String()) {
			if n := text.Width(strings.TrimRight(line, "\n")); n > width {
				t.Errorf("%s: a line of %d columns in %d: %q", name, n, width, line)
			}
		}
		reportstest.CheckNoCommand(t, name, b.Bytes())
	}
	var b bytes.Buffer
	if err := markdown(&b, r); err != nil {
		t.Fatal(err)
	}
	reportstest.Golden(t, name+".md", b.Bytes())
	reportstest.CheckNoCommand(t, name, b.Bytes())
	return b.String()
}

func TestCapacity(t *testing.T) {
	for name, r := range searches() {
		said := checkRendered(t, name, r, "reports/runs/20261126T090000Z-capacity-mixed", CapacityTerminal, CapacityMarkdown)
		// An estimate without its interval is shown nowhere.
		if c := r.Acceptance; c != nil && c.Kind != sizing.Interval && strings.Contains(said, text.Rate(c.Rate)) {
			t.Errorf("%s: %s stands there bare", name, text.Rate(c.Rate))
		}
	}
}

// The answer stands before everything else, in colour where there is any.
func TestCapacityHeadline(t *testing.T) {
	var b bytes.Buffer
	if err := CapacityTerminal(&b, reportstest.Sizing(), Options{Color: true}); err != nil {
		t.Fatal(err)
	}
	head, _, _ := strings.Cut(b.String(), "What is needed")
	want := "\x1b[1;32mYES\x1b[0m  takes 60.0/s and 15 % more (69.0/s); accepts 73.1/s (71.0–75.2/s, 95 %);"
	if !strings.Contains(head, want) {
		t.Errorf("%q lacks %q", head, want)
	}
	b.Reset()
	many := reportstest.Sizing()
	for len(many.Trials) < 250 {
		many.Trials = append(many.Trials, many.Trials[0])
	}
	if err := CapacityMarkdown(&b, many); err != nil || !strings.Contains(b.String(), "50 trials more are in capacity.json.") || b.Len() > 60_000 {
		t.Errorf("%v: %d bytes of 250 trials", err, b.Len())
	}
}
