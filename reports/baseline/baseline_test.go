package baseline

import (
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/kaizenautomation/andon/reports/compare"
	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/reportstest"
	"github.com/kaizenautomation/andon/reports/results"
)

// measured is a run that began so many days after the others, with all times so many times as long.
func measured(t testing.TB, days int, times float32) compare.Measured {
	t.Helper()
	m := reportstest.Manifest()
	m.ID = fmt.Sprintf("run-%d", days)
	m.Started = m.Started.AddDate(0, 0, days)
	m.Release = fmt.Sprintf("r%d", days%2)
	m.Plan = []results.Part{{Name: "load", Text: "100/s for 30s"}, {Name: "thresholds", Text: fmt.Sprint("those of day ", days)}, {Name: "description", Text: m.SpecSHA256}}
	m.Generator = results.Generator{Transport: "HTTP/1.1", Platform: "linux/amd64", Cores: 2}
	r := compare.Measured{Manifest: m, End: reportstest.Finished(55), Validity: metrics.Valid, Whole: metrics.Of(m), Stretches: metrics.NewStretches(m.Labels)}
	for _, row := range reportstest.Rows(m, func(row *results.Row) { row.Service *= times }) {
		if err := errors.Join(r.Whole.Add(row), r.Stretches.Add(row)); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// made is a baseline of runs of the first days.
func made(t testing.TB, days int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.baseline")
	for i := range days {
		if _, err := Add(path, []compare.Measured{measured(t, i, 1+float32(i)/10)}); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

func ids(runs []compare.Measured) string {
	var list []string
	for _, r := range runs {
		list = append(list, r.ID)
	}
	return strings.Join(list, " ")
}

// What is read is what was added, run by run, whatever the order in which it was.
func TestRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.baseline")
	for _, days := range [][]int{{2}, {0, 3}, {1}} {
		var runs []compare.Measured
		for _, d := range days {
			runs = append(runs, measured(t, d, 1+float32(d)/10))
		}
		if _, err := Add(path, runs); err != nil {
			t.Fatal(err)
		}
	}
	b, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := ids(b.Runs); got != "run-0 run-1 run-2 run-3" {
		t.Errorf("it has %s", got)
	}
	for i := range b.Runs {
		got, err := store(&b.Runs[i])
		want := measured(t, i, 1+float32(i)/10)
		wanted, unwanted := store(&want)
		if err := errors.Join(err, unwanted); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.histograms, wanted.histograms) || string(got.record) != string(wanted.record) {
			t.Errorf("run %d is read otherwise than it was written", i)
		}
	}
	if b.Few() == "" || !strings.Contains(b.Few(), "4 of at least 5 runs") {
		t.Errorf("four runs are enough: %q", b.Few())
	}
}

// What became of executions is kept, where they were followed.
func TestCompletionIsKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.baseline")
	r := measured(t, 0, 1)
	r.Completion = &compare.Completion{Completed: 7, Of: 9}
	if _, err := Add(path, []compare.Measured{r, measured(t, 1, 1)}); err != nil {
		t.Fatal(err)
	}
	b, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if c := b.Runs[0].Completion; c == nil || *c != *r.Completion || b.Runs[1].Completion != nil {
		t.Errorf("it has %+v and %+v", c, b.Runs[1].Completion)
	}
}

// A baseline outlives the version of andon that wrote it. Where what is written of a run changes, so does the version
// of the file: this one is of version 1. How it is compressed is of no account.
func TestVersion1(t *testing.T) {
	const name = "v1.baseline"
	r := measured(t, 0, 1)
	s, err := store(&r)
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	if all, err := inflate(name, data); err != nil || !bytes.Equal(all[0].record, s.record) || !bytes.Equal(all[0].histograms, s.histograms) {
		t.Errorf("what is written of a run has changed (%v): give the file another version", err)
		now, _ := file([]stored{s})
		reportstest.Golden(t, name, now)
	}
	if b, _, err := parse(name, data); err != nil || *b.Runs[0].Whole.Total(55).Latency.P99 < 0.1 {
		t.Errorf("%v, %+v", err, b)
	}
}

// Whatever is wrong with runs is told of all of them at once, and nothing is added then.
func TestAddRefuses(t *testing.T) {
	path := made(t, 2)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	change := func(days int, f func(*compare.Measured)) compare.Measured {
		r := measured(t, days, 1)
		f(&r)
		return r
	}
	_, err = Add(path, []compare.Measured{
		measured(t, 1, 1), measured(t, 5, 1), measured(t, 5, 1),
		change(6, func(r *compare.Measured) { r.Validity = metrics.GeneratorLimited }),
		change(7, func(r *compare.Measured) { r.Validity = metrics.NoData }),
		change(8, func(r *compare.Measured) { r.End.Reason = results.Interrupted }),
		change(9, func(r *compare.Measured) {
			r.Plan[0].Text, r.SpecSHA256, r.Generator.Transport = "50/s for 30s", strings.Repeat("cd", 32), "HTTP/2"
		}),
		change(10, func(r *compare.Measured) { r.Plan = append(r.Plan, results.Part{Name: "arrivals", Text: "poisson"}) }),
		change(11, func(r *compare.Measured) {
			r.Waive([]results.Deviation{{Rules: []string{"missing-property"}, Until: "2026-12-31", Why: "known"}})
		}),
	})
	if err == nil {
		t.Fatal("all of them were added")
	}
	for _, want := range []string{
		"nothing is added to " + path, "run-1 is there twice", "run-5 is there twice", "run-6 is generator-limited", "run-7 is no-data",
		"run-8 did not go on to the end of its plan: interrupted", "load is 100/s for 30s in run-0, 50/s for 30s in run-9", "abababababab… in run-0, cdcdcdcdcdcd… in run-9",
		"the transport is HTTP/1.1 in run-0, HTTP/2 in run-9", "arrivals is none in run-0, poisson in run-10", "the known deviations waive none in run-0, missing-property in run-11",
		"a baseline of their own, in another file",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "thresholds") {
		t.Errorf("other thresholds are refused:\n%v", err)
	}
	if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
		t.Error("the file has changed")
	}
	if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) != 1 {
		t.Errorf("something is left beside it: %v", entries)
	}
}

// What is no place for a baseline is said to be none.
func TestAddNowhere(t *testing.T) {
	dir := t.TempDir()
	scenario := filepath.Join(dir, "mixed.yaml")
	if err := os.WriteFile(scenario, []byte("name: mixed\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		dir: "is no baseline but a folder: the file of the baseline is named first", filepath.Join(dir, "none", "a.baseline"): "make it first",
		scenario: `is no baseline: expected it to begin with`,
	} {
		if _, err := Add(path, []compare.Measured{measured(t, 0, 1)}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
	if text, _ := os.ReadFile(scenario); string(text) != "name: mixed\n" {
		t.Errorf("the scenario is %q now", text)
	}
}

// Of several that add at once, none loses the run of another.
func TestAddAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.baseline")
	var all sync.WaitGroup
	for i := range 6 {
		r := measured(t, i, 1)
		all.Go(func() {
			if _, err := Add(path, []compare.Measured{r}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if b, err := Open(path); err != nil || len(b.Runs) != 6 {
		t.Errorf("%v, %+v", err, b)
	}
}

func TestPrune(t *testing.T) {
	started := reportstest.Manifest().Started
	for _, c := range []struct {
		name       string
		s          Selection
		gone, left string
	}{
		{"the newest two stay", Selection{Keep: 2}, "run-0 run-1 run-2", "run-3 run-4"},
		{"there are no more", Selection{Keep: 9}, "", "run-0 run-1 run-2 run-3 run-4"},
		{"what began on the day stays", Selection{Before: started.AddDate(0, 0, 2)}, "run-0 run-1", "run-2 run-3 run-4"},
		{"of one release", Selection{Release: "r0"}, "run-0 run-2 run-4", "run-1 run-3"},
		{"all conditions hold", Selection{Release: "r0", Before: started.AddDate(0, 0, 3)}, "run-0 run-2", "run-1 run-3 run-4"},
		{"the newest of one release stay", Selection{Release: "r0", Keep: 1}, "run-0 run-2", "run-1 run-3 run-4"},
		{"an unknown release", Selection{Release: "r7"}, "", "run-0 run-1 run-2 run-3 run-4"},
	} {
		path := made(t, 5)
		kept, gone, err := Prune(path, c.s)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if b, err := Open(path); err != nil || ids(gone) != c.gone || ids(kept.Runs) != c.left || ids(b.Runs) != c.left {
			t.Errorf("%s: gone are %q, left %q, %v; want %q and %q", c.name, ids(gone), ids(kept.Runs), err, c.gone, c.left)
		}
	}
	path := made(t, 2)
	if _, _, err := Prune(path, Selection{Before: started.AddDate(1, 0, 0)}); err == nil || !strings.Contains(err.Error(), "would leave no run of the 2 runs") {
		t.Errorf("all runs are taken out: %v", err)
	}
	none := filepath.Join(t.TempDir(), "none")
	if _, _, err := Prune(none, Selection{Keep: 1}); err == nil || !strings.Contains(err.Error(), "there is no baseline") {
		t.Errorf("there is none, and it is pruned: %v", err)
	}
	if _, err := os.Stat(none); err == nil {
		t.Error("a baseline was made of nothing")
	}
}

// The limit of a threshold is found in all runs together, as if they were one, and rates over the time of all.
func TestLimits(t *testing.T) {
	b, err := Open(made(t, 3))
	if err != nil {
		t.Fatal(err)
	}
	whole := metrics.Of(b.Runs[0].Manifest)
	for i := range b.Runs {
		for _, row := range reportstest.Rows(b.Runs[i].Manifest, func(r *results.Row) { r.Service *= 1 + float32(i)/10 }) {
			if err := whole.Add(row); err != nil {
				t.Fatal(err)
			}
		}
	}
	limit := b.Limits()
	for expr, want := range map[string]*float64{
		"p99(latency) < 1 × baseline": whole.Total(55).Latency.P99, "p50(latency){tier=Lite} < 1 × baseline": whole.By(metrics.ByTier, 55)["Lite"].Latency.P50,
	} {
		asked, err := metrics.ParseThreshold(expr)
		if err != nil {
			t.Fatal(err)
		}
		found, err := limit(asked)
		if _, v := found.Limit(); err != nil || v < *want*0.999 || v > *want*1.001 {
			t.Errorf("%s: %v, %v; want %v", expr, found, err, *want)
		}
	}
	asked, _ := metrics.ParseThreshold("rate(goodput) > 1 × baseline")
	found, err := limit(asked)
	if _, v := found.Limit(); err != nil || v > *b.Runs[0].Whole.Total(55).Rate.Planned*1.1 {
		t.Errorf("%v, %v: the runs went on at once", found, err)
	}
}

// A run of another load is not held against it.
func TestFits(t *testing.T) {
	b, err := Open(made(t, 1))
	if err != nil {
		t.Fatal(err)
	}
	m := measured(t, 4, 1).Manifest
	m.Target, m.Seed, m.Release, m.Thresholds = "http://127.0.0.2", 9, "other", nil
	if err := b.Fits(m); err != nil {
		t.Error(err)
	}
	m.Plan[0].Text = "5/s"
	m.Labels.Phases = slices.Clone(m.Labels.Phases)
	m.Labels.Phases[1].Seconds = 7
	if err := b.Fits(m); err == nil || !strings.Contains(err.Error(), "load is 100/s for 30s in run-0, 5/s in this run") {
		t.Errorf("another load: %v", err)
	}
	m.Plan[0].Text = "100/s for 30s"
	if err := b.Fits(m); err == nil || !strings.Contains(err.Error(), "classes, phases or rules") {
		t.Errorf("other phases: %v", err)
	}
}

func TestReport(t *testing.T) {
	b, err := Open(made(t, 3))
	if err != nil {
		t.Fatal(err)
	}
	r := b.Report()
	if len(r.Runs) != 3 || len(r.Groups) != 4 || r.Groups[0].Tier != "" || r.Groups[2].Tier != "Lite" {
		t.Fatalf("%+v", r)
	}
	all := r.Groups[0]
	if *all.P99.Lowest != *r.Runs[0].P99 || *all.P99.Highest != *r.Runs[2].P99 || *all.P99.Whole <= *all.P99.Lowest || *all.P99.Whole > *all.P99.Highest {
		t.Errorf("p99 is %v, from %v to %v", *all.P99.Whole, *all.P99.Lowest, *all.P99.Highest)
	}
	if all.Sent != 3*r.Runs[0].Sent {
		t.Errorf("%d calls, of runs of %d", all.Sent, r.Runs[0].Sent)
	}
	if said := b.Others(); said != nil {
		t.Errorf("the runs differ in %q", said)
	}
	b.Runs[1].Target, b.Runs[2].Generator.Cores = "http://127.0.0.2", 8
	if said := strings.Join(b.Others(), "; "); said != "the runs were sent to 2 different targets; the runs were sent from 2 different kinds of machine" {
		t.Errorf("the runs differ in %q", said)
	}
}

// No file is taken for a baseline that is not what was written, wherever it has changed.
func TestDamage(t *testing.T) {
	data, err := os.ReadFile(made(t, 1))
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		bad := slices.Clone(data)
		at := rapid.IntRange(0, len(bad)-1).Draw(t, "at")
		if rapid.Bool().Draw(t, "cut") {
			bad = bad[:at]
		} else {
			bad[at] ^= byte(rapid.IntRange(1, 255).Draw(t, "flip"))
		}
		if _, _, err := parse("a.baseline", bad); err == nil || !strings.HasPrefix(err.Error(), "a.baseline") {
			t.Fatalf("changed at %d it reads as a baseline: %v", at, err)
		}
	})
	for text, want := range map[string]string{
		"":                     "a.baseline is no baseline: expected it to begin with",
		"name: mixed\n":        `found "name: mixed"`,
		"andon.baseline/2\nxy": `expected a baseline of version 1, found "2"; another version of andon wrote it`,
		head:                   "cut off within its head",
	} {
		if _, _, err := parse("a.baseline", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

// What grows beyond measure where it is taken apart is not taken apart to its end.
func TestReadIsBounded(t *testing.T) {
	var body bytes.Buffer
	w, err := flate.NewWriter(&body, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(make([]byte, 64<<20)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(body.Bytes())
	_, _, err = parse("a.baseline", slices.Concat([]byte(head), sum[:], body.Bytes()))
	if err == nil || !strings.Contains(err.Error(), "it grows to more than a baseline can be") {
		t.Errorf("%v", err)
	}
	r := measured(t, 0, 1)
	r.Labels.Classes = make([]results.Class, 2000)
	r.Labels.Phases = make([]results.Phase, 2000)
	r.Planned = nil
	record, err := json.Marshal(record{Manifest: r.Manifest})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (stored{record, nil}).run("a.baseline, run 1"); err == nil || !strings.Contains(err.Error(), "expected at most 1048576 classes times phases times thresholds, found 2000 × 2000 × 4") {
		t.Errorf("%v", err)
	}
}

// FuzzParse: whatever a file holds behind a right seal, nothing panics, and what is read can be written and shown.
func FuzzParse(f *testing.F) {
	r := measured(f, 0, 1)
	s, err := store(&r)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(s.record, s.histograms)
	f.Add([]byte(`{}`), []byte{})
	f.Fuzz(func(t *testing.T, record, histograms []byte) {
		data, err := file([]stored{{record, histograms}})
		if err != nil {
			t.Skip()
		}
		b, _, err := parse("a.baseline", data)
		if err != nil {
			return
		}
		b.Report()
		if _, err := store(&b.Runs[0]); err != nil {
			t.Error(err)
		}
		next := b.Runs[0].Manifest
		next.Started = next.Started.Add(1)
		if err := b.Fits(next); err != nil {
			t.Error(err)
		}
	})
}

// FuzzSplit: whatever was compressed, what is read of it is what it holds.
func FuzzSplit(f *testing.F) {
	f.Add([]byte{1, 1, 'a', 1, 'b'})
	f.Add([]byte{2, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		all, err := split(data, nil)
		if err != nil {
			return
		}
		held := 0
		for _, s := range all {
			held += len(s.record) + len(s.histograms)
		}
		if len(all) == 0 || held > len(data) {
			t.Errorf("%d runs of %d bytes, of %d", len(all), held, len(data))
		}
	})
}
