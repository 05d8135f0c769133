package reports

import (
	"bytes"
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/reportstest"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/summary"
)

// keep keeps the histograms of a run, as whoever closes it does.
func keep(t testing.TB, dir string, rows []results.Row) {
	t.Helper()
	run, err := results.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	a := metrics.Of(run.Manifest)
	for _, r := range rows {
		if err := a.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := metrics.Keep(run, a); err != nil {
		t.Fatal(err)
	}
}

// From the histograms alone, without a row, every format but those that list single calls is the same, byte for byte:
// of one run, and of several that are merged.
func TestFromHistogramsAlone(t *testing.T) {
	var dirs []string
	var all [][]results.Row
	for i, change := range []func(*results.Row){reportstest.Trouble, nil} {
		m := shard(i)
		all = append(all, reportstest.Rows(m, change))
		dirs = append(dirs, reportstest.RunDir(t, m, all[i], reportstest.Samples(), reportstest.Finished(56)))
	}
	tables := func(dirs ...string) map[string][]byte {
		m, err := Open(dirs...)
		if err != nil {
			t.Fatal(err)
		}
		var formats []Format
		for _, f := range Formats() {
			if f.need != needRows {
				formats = append(formats, f)
			}
		}
		if err := m.Read(formats...); err != nil {
			t.Fatal(err)
		}
		files := map[string][]byte{}
		for _, f := range formats {
			paths, err := f.Files(t.TempDir(), m)
			if err != nil {
				t.Fatal(err)
			}
			for _, path := range paths {
				if files[filepath.Base(path)], err = os.ReadFile(path); err != nil {
					t.Fatal(err)
				}
			}
		}
		return files
	}
	single, merged := tables(dirs[0]), tables(dirs...)
	for i, dir := range dirs {
		keep(t, dir, all[i])
		if err := os.Remove(filepath.Join(dir, "hits.arrow")); err != nil {
			t.Fatal(err)
		}
	}
	for name, pair := range map[string][2]map[string][]byte{"one run": {single, tables(dirs[0])}, "merged": {merged, tables(dirs...)}} {
		if len(pair[0]) < 12 || len(pair[1]) != len(pair[0]) {
			t.Errorf("%s: %d files, and %d from histograms alone", name, len(pair[0]), len(pair[1]))
		}
		for file, want := range pair[0] {
			if got := pair[1][file]; !bytes.Equal(got, want) {
				at := 0
				for at < min(len(got), len(want)) && got[at] == want[at] {
					at++
				}
				t.Errorf("%s: %s differs at byte %d: %.200q, want %.200q", name, file, at, got[at:], want[at:])
			}
		}
	}
	model := opened(t, dirs[0])
	i := slices.IndexFunc(Formats(), func(f Format) bool { return f.Name == "vegeta-csv" })
	if err := Formats()[i].Render(&bytes.Buffer{}, model); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "hits.arrow") {
		t.Errorf("without rows, single calls are listed: %v", err)
	}
}

// Live, from the rows and from the histograms alone, the intervals and the drift of a run are the same.
func TestCertaintyFromHistogramsAlone(t *testing.T) {
	m := reportstest.Steady()
	rows := reportstest.Rows(m, reportstest.Drifting)
	slices.SortStableFunc(rows, func(a, b results.Row) int { return cmp.Compare(a.Due+a.Latency(), b.Due+b.Latency()) })
	a := metrics.New(m.Labels, m.Planned, metrics.Tolerance)
	for _, r := range rows {
		if err := a.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	end := reportstest.Finished(245.5)
	live := summary.Summarize(m, nil, nil, end, a)
	if live.Intervals.Latency.P50 == nil || len(live.Drift) != 4 {
		t.Fatalf("%+v %+v", live.Intervals, live.Drift)
	}
	dir := reportstest.RunDir(t, m, rows, nil, end)
	same := func(from string) {
		t.Helper()
		s := opened(t, dir).Summary
		if !reflect.DeepEqual(s.Intervals, live.Intervals) || !reflect.DeepEqual(s.Drift, live.Drift) {
			t.Errorf("from %s: %+v %+v, live %+v %+v", from, s.Intervals, s.Drift, live.Intervals, live.Drift)
		}
	}
	same("the rows")
	keep(t, dir, rows)
	if err := os.Remove(filepath.Join(dir, "hits.arrow")); err != nil {
		t.Fatal(err)
	}
	same("the histograms")
}

// What was kept of other rows, or is damaged, is not used where there are rows; where there are none, the error says
// what is wrong with it.
func TestHistogramsOfOtherRows(t *testing.T) {
	m := reportstest.Manifest()
	rows := reportstest.Rows(m, nil)
	other := m
	other.Seed++
	for why, change := range map[string]func(t *testing.T, dir string){
		"damaged": func(t *testing.T, dir string) {
			path := filepath.Join(dir, "histograms.bin")
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			data[len(data)/2] ^= 1
			if err := os.WriteFile(path, data, 0o666); err != nil {
				t.Fatal(err)
			}
		},
		"of another run": func(t *testing.T, dir string) {
			from := reportstest.RunDir(t, other, rows[:3000], nil, reportstest.Finished(55))
			keep(t, from, rows[:3000])
			if err := os.Rename(filepath.Join(from, "histograms.bin"), filepath.Join(dir, "histograms.bin")); err != nil {
				t.Fatal(err)
			}
		},
		"of fewer rows": func(t *testing.T, dir string) {
			from := reportstest.RunDir(t, m, rows[:3000], nil, reportstest.Finished(55))
			keep(t, from, rows[:3000])
			if err := os.Rename(filepath.Join(from, "histograms.bin"), filepath.Join(dir, "histograms.bin")); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(strings.ReplaceAll(why, " ", "-"), func(t *testing.T) {
			dir := reportstest.RunDir(t, m, rows, nil, reportstest.Finished(55))
			keep(t, dir, rows)
			change(t, dir)
			if s := opened(t, dir).Summary; s.Total.Sent != 8000 {
				t.Errorf("%d calls, want those of the rows", s.Total.Sent)
			}
			if err := os.Remove(filepath.Join(dir, "hits.arrow")); err != nil {
				t.Fatal(err)
			}
			if why == "of fewer rows" {
				return // of this run, and nothing is left to say otherwise
			}
			model, err := Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			if err := model.Read(); err == nil || !strings.Contains(err.Error(), "histograms.bin") {
				t.Errorf("it is read: %v", err)
			}
		})
	}
}

// A run whose rows were thrown away is read by the versions that come after: what they know more of a run than the one
// that wrote it, as here the time that a call may take, does not make its histograms those of another run.
func TestHistogramsOfAnOlderVersion(t *testing.T) {
	dir := filepath.Join("testdata", "kept")
	model, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := model.Read(); err != nil {
		t.Fatal(err)
	}
	s := model.Summary
	if s.Total.Sent != 40 || s.Total.Completed != 40 || s.Groups.Tier["Lite"].Sent != 20 || s.Verdict.Status != summary.Pass {
		t.Errorf("found %d calls, %d of them answered, %d of Lite; %s", s.Total.Sent, s.Total.Completed, s.Groups.Tier["Lite"].Sent, s.Verdict.Status)
	}
	if p50 := s.Total.Latency.P50; p50 == nil || *p50 < 0.01 || *p50 > 0.1 {
		t.Errorf("the median is %v", p50)
	}
}
