package baseline

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/kaizenautomation/andon/reports/compare"
	"github.com/kaizenautomation/andon/reports/regular"
	"github.com/kaizenautomation/andon/reports/text"
)

// held is a run with what the file has of it.
type held struct {
	compare.Measured
	stored
}

// change has the runs of a baseline become others; there are none where there is no file yet.
func change(path string, to func([]held) ([]held, error)) (*Baseline, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil, fmt.Errorf("%s is no baseline but a folder: the file of the baseline is named first, and its runs after it", path)
	}
	if folder := filepath.Dir(path); !there(folder) {
		return nil, fmt.Errorf("%s cannot be written: there is no folder %s, make it first", path, folder)
	}
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
	if place := (*fs.PathError)(nil); errors.As(err, &place) {
		err = fmt.Errorf("the baseline cannot be written: %w", err)
	}
	return b, err
}

// there reports whether a folder is.
func there(folder string) bool {
	_, err := os.Stat(folder)
	return !errors.Is(err, fs.ErrNotExist)
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
		all = append(all, added...)
		measured := make([]compare.Measured, len(all))
		for i, r := range all {
			measured[i] = r.Measured
		}
		if reasons := alike(measured); len(reasons) > 0 {
			return nil, refused("nothing is added to "+path, reasons, "leave such runs out; those that came to nothing can be made again, and those of another load are for a baseline of their own, in another file")
		}
		return all, nil
	})
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
