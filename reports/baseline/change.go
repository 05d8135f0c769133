package baseline

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kaizenautomation/andon/reports/compare"
	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/regular"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/text"
)

// held is a run with what the file has of it.
type held struct {
	compare.Measured
	stored
}

// change has the runs of a baseline become others; there are none where there is no file yet.
func change(path string, to func([]held) ([]held, error)) (*Baseline, error) {
	b := &Baseline{Path: path}
	err := regular.Update(path, maxFile, func(old []byte) ([]byte, error) {
		var runs []held
		if old != nil {
			was, all, err := parse(path, old)
			if err != nil {
				return nil, err
			}
			for i := range all {
				runs = append(runs, held{was.Runs[i], all[i]})
			}
		}
		runs, err := to(runs)
		if err != nil {
			return nil, err
		}
		slices.SortStableFunc(runs, func(x, y held) int { return cmp.Or(x.Started.Compare(y.Started), cmp.Compare(x.ID, y.ID)) })
		var all []stored
		for _, r := range runs {
			b.Runs, all = append(b.Runs, r.Measured), append(all, r.stored)
		}
		return file(all)
	})
	return b, err
}

// Add puts runs into a baseline, which is made where there is none: all of them or, with everything that is wrong with
// any of them in the error, none.
func Add(path string, runs []compare.Measured) (*Baseline, error) {
	added := make([]held, len(runs))
	for i := range runs {
		s, err := store(&runs[i])
		if err != nil {
			return nil, err
		}
		added[i] = held{runs[i], s}
	}
	return change(path, func(all []held) ([]held, error) {
		var wrong []error
		for _, r := range added {
			id := text.Printable(r.ID, 100)
			if why := unfit(&r.Measured); why != "" {
				wrong = append(wrong, fmt.Errorf("%s cannot be part of a baseline: %s", id, why))
			}
			if slices.ContainsFunc(all, func(o held) bool { return same(&o.Measured, &r.Measured) }) {
				wrong = append(wrong, fmt.Errorf("%s is in %s already, and would count twice: give each run once", id, path))
				continue
			}
			if len(all) > 0 {
				if list := differs(&all[0].Manifest, &r.Manifest, "there", "here"); len(list) > 0 {
					wrong = append(wrong, otherLoad(fmt.Sprintf("%s is not of the load of the runs in %s", id, path), list, "begin a baseline of its own for it, in another file"))
				}
			}
			all = append(all, r)
		}
		return all, errors.Join(wrong...)
	})
}

// unfit says why nothing can be held against a run; empty where it can.
func unfit(r *compare.Measured) string {
	switch {
	case r.End.Reason != results.Finished && r.End.Reason != results.Enough:
		return fmt.Sprintf("it did not go on to its end (%s), so that its calls are not those of whole runs; make it again", text.Printable(r.End.Reason, 40))
	case r.Validity == metrics.NoData:
		return "no call of a measured phase was answered; make it again"
	case r.Validity == metrics.GeneratorLimited:
		return "it is generator-limited, and says more of the machine that sent than of the target; make it again where that has room"
	}
	return ""
}

// Selection says which runs [Prune] takes out: those that meet every condition that is given.
type Selection struct {
	// Keep is how many stay of those that the other conditions select, the newest of them; 0 is none.
	Keep int
	// Before selects what began earlier, where it is not zero.
	Before time.Time
	// Release selects the runs of a release, where it is not empty.
	Release string
}

// Prune takes runs out of a baseline, and gives what stayed and what went. One at least has to stay.
func Prune(path string, s Selection) (kept *Baseline, gone []compare.Measured, err error) {
	if _, err := Open(path); err != nil {
		return nil, nil, err
	}
	kept, err = change(path, func(all []held) ([]held, error) {
		stay, selected := []held{}, 0
		for _, r := range slices.Backward(all) { // the newest first
			if (s.Release == "" || r.Release == s.Release) && (s.Before.IsZero() || r.Started.Before(s.Before)) {
				if selected++; selected > s.Keep {
					gone = append(gone, r.Measured)
					continue
				}
			}
			stay = append(stay, r)
		}
		if len(stay) == 0 {
			return nil, fmt.Errorf("that would leave no run of the %s in %s: remove the file if that is what you want", text.Plural(uint64(len(all)), "run"), path)
		}
		slices.Reverse(gone)
		return stay, nil
	})
	return kept, gone, err
}
