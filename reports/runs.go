package reports

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/kaizenautomation/andon/reports/baseline"
	"github.com/kaizenautomation/andon/reports/compare"
	"github.com/kaizenautomation/andon/reports/executions"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/summary"
)

// Measure reads all that a comparison needs of a run directory: from the histograms that are kept, or from the rows.
func Measure(dir string) (compare.Measured, error) {
	run, err := results.Open(dir)
	if err != nil {
		return compare.Measured{}, err
	}
	if s := run.Shard; s != nil {
		return compare.Measured{}, fmt.Errorf("%s is shard %d/%d of a run, and rates and counts of it are a part of the whole: compare whole runs", dir, s.Index, s.Of)
	}
	a, v, err := aggregated(run, true)
	if err != nil {
		return compare.Measured{}, err
	}
	account, err := executions.Read(run)
	if err != nil {
		return compare.Measured{}, err
	}
	a.Follow(account)
	s := summary.Summarize(run.Manifest, run.Samples, run.Vitals, run.End, a)
	return compare.Measured{Manifest: run.Manifest, End: run.End, Validity: s.Validity.Status, Reasons: s.Validity.Reasons, Whole: a, Stretches: v, Completion: compare.CompletionOf(a)}, nil
}

// OpenSet reads the runs of one side of a comparison: a run directory, or a folder whose subfolders are run
// directories, a baseline, or several of these with commas between them. All that cannot be read is said at once.
func OpenSet(list string) (compare.Set, error) {
	set := compare.Set{Name: list}
	var wrong []error
	for _, path := range listed(list) {
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			b, err := baseline.Open(path)
			if err != nil {
				wrong = append(wrong, err)
				continue
			}
			set.Runs = append(set.Runs, b.Runs...)
			continue
		}
		dirs, err := runsIn(path)
		if err != nil {
			wrong = append(wrong, err)
		}
		for _, dir := range dirs {
			run, err := Measure(dir)
			if err != nil {
				wrong = append(wrong, err)
				continue
			}
			set.Runs = append(set.Runs, run)
		}
	}
	return set, errors.Join(wrong...)
}

// listed are the paths in a list with commas between them. One that is there with commas in its name is meant itself.
func listed(list string) (paths []string) {
	if _, err := os.Lstat(list); err == nil {
		return []string{list}
	}
	for path := range strings.SplitSeq(list, ",") {
		if path = strings.TrimSpace(path); path != "" {
			paths = append(paths, path)
		}
	}
	if paths == nil {
		return []string{list}
	}
	return paths
}

// runsIn are the run directories that a path stands for.
func runsIn(path string) ([]string, error) {
	_, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s is not there; expected a run directory, a folder of them, or a baseline", path)
	case err != nil:
		return nil, err
	case holdsRun(path):
		return []string{path}, nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	var dirs []string
	for _, e := range entries {
		if below := filepath.Join(path, e.Name()); holdsRun(below) {
			dirs = append(dirs, below)
		}
	}
	if dirs == nil {
		return nil, fmt.Errorf("%s is no run directory, and has none in it: it has no run.json, and neither has a folder in it", path)
	}
	return dirs, nil
}

// holdsRun reports whether a directory is that of a run.
func holdsRun(dir string) bool {
	info, err := os.Stat(filepath.Join(dir, "run.json"))
	return err == nil && info.Mode().IsRegular()
}
