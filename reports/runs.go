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

// Measure reads all that a comparison needs of a run directory, or of that of a run by many machines: from the
// histograms that are kept, or from the rows.
func Measure(dir string) (compare.Measured, error) {
	if !holdsRun(dir) && isRegular(filepath.Join(dir, results.FleetFile)) {
		shards, err := runsIn(dir)
		if err != nil {
			return compare.Measured{}, err
		}
		return measure(shards)
	}
	return measure([]string{dir})
}

// measure is Measure of a run directory, or of those of all shards that a run is.
func measure(dirs []string) (compare.Measured, error) {
	run, err := results.Open(dirs[0])
	if err != nil {
		return compare.Measured{}, err
	}
	if run.Shard != nil {
		return measureShards(dirs)
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

// measureShards is Measure of the run that some shards are.
func measureShards(dirs []string) (compare.Measured, error) {
	m, err := OpenShards(dirs...)
	if err != nil {
		return compare.Measured{}, err
	}
	if err := m.readRows(needStretches); err != nil {
		return compare.Measured{}, err
	}
	s := m.Summary
	if gaps := s.Run.Merged.Shards.Gaps(); gaps != "" {
		return compare.Measured{}, fmt.Errorf("%s: %s, and rates and counts of the others are a part of the whole: compare whole runs", strings.Join(dirs, ", "), gaps)
	}
	manifest := summary.Joined(m.runs)
	// However its shards are named, it is the same run.
	manifest.ID, manifest.Shard = m.runs[0].Shard.Group, nil
	end := results.End{Reason: s.Run.End.Reason, Detail: s.Run.End.Detail, Seconds: s.Run.DurationSeconds}
	if end.Reason != results.Finished {
		end.StoppedSeconds = m.whole.Elapsed(end)
	}
	return compare.Measured{
		Manifest: manifest, End: end, Validity: s.Validity.Status, Reasons: s.Validity.Reasons, Whole: m.whole, Stretches: m.stretches,
		Completion: compare.CompletionOf(m.whole),
	}, nil
}

// OpenSet reads the runs of one side of a comparison: a run directory, or a folder whose subfolders are run
// directories, a baseline, or several of these with commas between them. All shards of one run are that run. All that
// cannot be read is said at once.
func OpenSet(list string) (compare.Set, error) {
	set := compare.Set{Name: list}
	var wrong []error
	var all []string
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
		all = append(all, dirs...)
	}
	for _, dirs := range wholeRuns(all) {
		run, err := measure(dirs)
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		set.Runs = append(set.Runs, run)
	}
	return set, errors.Join(wrong...)
}

// wholeRuns are the directories of each run, in their order: several where they are its shards.
func wholeRuns(dirs []string) (runs [][]string) {
	at := map[string]int{}
	for _, dir := range dirs {
		run, err := results.Open(dir)
		if err != nil || run.Shard == nil {
			runs = append(runs, []string{dir}) // what is wrong with it is said when it is read
			continue
		}
		i, there := at[run.Shard.Group]
		if !there {
			i = len(runs)
			at[run.Shard.Group], runs = i, append(runs, nil)
		}
		runs[i] = append(runs[i], dir)
	}
	return runs
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
		switch below := filepath.Join(path, e.Name()); {
		case holdsRun(below):
			dirs = append(dirs, below)
		case isRegular(filepath.Join(below, results.FleetFile)):
			shards, err := runsIn(below)
			if err != nil {
				return nil, err
			}
			dirs = append(dirs, shards...)
		}
	}
	if dirs == nil {
		return nil, fmt.Errorf("%s is no run directory, and has none in it: it has no run.json, and neither has a folder in it", path)
	}
	return dirs, nil
}

// holdsRun reports whether a directory is that of a run.
func holdsRun(dir string) bool { return isRegular(filepath.Join(dir, "run.json")) }

// isRegular reports whether there is a regular file.
func isRegular(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
