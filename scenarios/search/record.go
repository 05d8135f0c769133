package search

import (
	"errors"
	"fmt"
	"time"

	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/sizing"
	"github.com/kaizenautomation/andon/reports/text"
	"github.com/kaizenautomation/andon/scenarios/capacity"
)

// recordFile is what a search can be gone on with.
const (
	recordFile   = "search.json"
	recordSchema = "andon.search/1"
)

// record is what recordFile says.
type record struct {
	Schema  string    `json:"schema"`
	ID      string    `json:"id"`
	Started time.Time `json:"started"`
	// Parts are what trials have to share to be of one search.
	Parts   []results.Part `json:"parts"`
	Resumed int            `json:"resumed"`
	// Waited is for how many seconds the target was left alone between trials, which the budget counts too.
	Waited float64 `json:"waited,omitempty"`
	Trials []kept  `json:"trials"`
	// Going is the trial under way: of one that is never heard of again, it is known at least what it was.
	Going *sizing.Trial `json:"going,omitempty"`
}

// kept is a trial as the record has it.
type kept struct {
	Trial   capacity.Trial `json:"trial"`
	Shown   sizing.Trial   `json:"shown"`
	Took    float64        `json:"took"`
	Started uint64         `json:"started"`
	Lost    uint64         `json:"lost"`
	Ended   string         `json:"ended,omitempty"`
}

// check says what no search can have kept, of a file that somebody has edited. thresholds is how many it has.
func (r record) check(thresholds int) error {
	var wrong []error
	for i, k := range r.Trials {
		bad := func(what string, expected, found any) {
			wrong = append(wrong, fmt.Errorf("/trials/%d/%s: expected %v, found %v", i, what, expected, found))
		}
		x, shown := k.Trial, k.Shown
		if shown.N != i+1 {
			bad("shown/n", i+1, shown.N)
		}
		if shown.Dir != dirOf(i+1) {
			bad("shown/dir", quoted(dirOf(i+1)), quoted(shown.Dir))
		}
		if len(shown.Shares) != thresholds {
			bad("shown/shares", text.Plural(uint64(thresholds), "share"), len(shown.Shares))
		}
		if !(k.Took >= 0) {
			bad("took", "seconds", k.Took)
		}
		if k.Ended != "" {
			continue // it is made again
		}
		if x.Ask.Rate != shown.Rate || shown.Rate < 0 || shown.Rate > 1e6 || shown.Rate == 0 && shown.Callers == 0 {
			bad("shown/rate", "that of trial/Ask/Rate, up to 1000000", shown.Rate)
		}
		if name := outcomeName(x.Outcome); name == "" || name != shown.Outcome {
			bad("shown/outcome", "that of trial/Outcome", quoted(shown.Outcome))
		}
		if len(x.Counts) > thresholds || x.Objective < -1 || x.Objective >= len(x.Counts) {
			bad("trial/Objective", fmt.Sprintf("-1, or one of %d counts", len(x.Counts)), x.Objective)
		}
		if !(min(x.Seconds, x.Settled, x.Relaxation) >= 0) || max(x.Seconds, x.Settled, x.Relaxation) > 1e6 {
			bad("trial/Seconds", "it, Settled and Relaxation from 0 to 1000000", x.Seconds)
		}
		for j, c := range x.Counts {
			if c.Over > c.Calls || c.Calls > 0 && !(c.Inflation > 0 && c.Inflation <= 1e9) {
				bad(fmt.Sprintf("trial/Counts/%d", j), "Over up to Calls, and an Inflation from 0 to 1000000000", fmt.Sprintf("%+v", c))
			}
		}
	}
	return errors.Join(wrong...)
}

func dirOf(n int) string { return fmt.Sprintf("trials/%02d", n) }

func quoted(s string) string { return fmt.Sprintf("%q", text.Printable(s, 60)) }
