package baseline

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/regular"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/text"
)

// Add puts runs into a baseline, which is made where there is none: all of them or, with everything that is wrong with
// any of them in the error, none.
func Add(path string, runs []Run) (*Baseline, error) {
	var wrong []error
	added := make([]stored, len(runs))
	for i := range runs {
		if why := unfit(&runs[i]); why != "" {
			wrong = append(wrong, fmt.Errorf("%s cannot be part of a baseline: %s", runs[i].named(), why))
		}
		var err error
		if added[i], err = store(&runs[i]); err != nil {
			return nil, err
		}
	}
	return change(path, func(b *Baseline, all []stored) ([]stored, error) {
		wrong := slices.Clone(wrong)
		for i := range runs {
			r := &runs[i]
			if slices.ContainsFunc(b.Runs, r.is0) {
				wrong = append(wrong, fmt.Errorf("%s is in %s already: give each run once", r.named(), path))
				continue
			}
			if len(b.Runs) > 0 {
				for _, why := range b.Differs(&r.Manifest) {
					wrong = append(wrong, fmt.Errorf("%s is no run of the load of %s: %s", r.named(), path, why))
				}
			}
			b.Runs, all = append(b.Runs, *r), append(all, added[i])
		}
		return all, errors.Join(wrong...)
	})
}

// unfit says why nothing can be held against a run; empty where it can.
func unfit(r *Run) string {
	switch {
	case r.Validity == metrics.GeneratorLimited:
		return "it is generator-limited, and says more of the machine that sent than of the target; make it again where that has room"
	case r.Validity == metrics.NoData:
		return "no call of it was answered"
	case r.End.Reason != results.Finished && r.End.Reason != results.Enough:
		return fmt.Sprintf("it did not go on to its end (%s), and its calls are others than those of whole runs; make it again", text.Printable(r.End.Reason, 40))
	}
	return ""
}

// Selection says which runs [Prune] takes out: those that meet every condition that is given.
type Selection struct {
	// Keep is how many of the newest stay, of those that the other conditions select; 0 is none of them.
	Keep int
	// Before takes out what began earlier, where it is not zero.
	Before time.Time
	// Release takes out the runs of a release, where it is not empty.
	Release string
}

// Prune takes runs out of a baseline, and gives what stayed and what went. At least one has to stay.
func Prune(path string, s Selection) (kept *Baseline, gone []Run, err error) {
	if s == (Selection{}) {
		return nil, nil, errors.New("nothing says which runs are to go")
	}
	kept, err = change(path, func(b *Baseline, all []stored) ([]stored, error) {
		if len(b.Runs) == 0 {
			_, err := Open(path)
			return nil, err
		}
		var left []Run
		var stay []stored
		selected := 0
		gone = nil
		for i := len(b.Runs) - 1; i >= 0; i-- { // the newest first
			r := b.Runs[i]
			if (s.Release == "" || r.Release == s.Release) && (s.Before.IsZero() || r.Started.Before(s.Before)) {
				if selected++; selected > s.Keep {
					gone = append(gone, r)
					continue
				}
			}
			left, stay = append(left, r), append(stay, all[i])
		}
		if len(left) == 0 {
			return nil, fmt.Errorf("that would take all %s out of %s: remove the file if that is meant", text.Plural(uint64(len(gone)), "run"), path)
		}
		slices.Reverse(gone)
		b.Runs = left
		return stay, nil
	})
	return kept, gone, err
}
