package reports

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/kaizenautomation/andon/reports/reportstest"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/summary"
)

const perBatch = 100

// keptRun is the directory of a small run, with all that is kept of one.
func keptRun(t testing.TB) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "run")
	m := reportstest.Manifest()
	rows := reportstest.Rows(m, reportstest.Trouble)[:5*perBatch]
	w, err := results.Create(dir, m, map[string][]byte{"scenario.yaml": []byte("name: x\n"), "data/ids.csv": []byte("id\n1\n")})
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range rows {
		err = errors.Join(err, w.Add(r))
		if i%perBatch == perBatch-1 {
			err = errors.Join(err, w.Flush(), w.Vitals(results.Vitals{AtSeconds: float64(i) / perBatch, Seconds: 1, CPUSeconds: 0.25, Samples: 20, InFlight: 1.5}))
		}
	}
	for _, s := range reportstest.Samples() {
		err = errors.Join(err, w.Sample(s))
	}
	if err := errors.Join(err, w.Close(reportstest.Finished(56))); err != nil {
		t.Fatal(err)
	}
	keep(t, dir, rows)
	if err := opened(t, dir).Keep(); err != nil {
		t.Fatal(err)
	}
	return dir
}

// told is what a report of a directory says of its files, and rendered what it shows, in all formats.
func reportOf(t testing.TB, dir string) (told []string, rendered map[string][]byte) {
	t.Helper()
	m, err := Open(dir)
	if err != nil {
		return []string{err.Error()}, nil
	}
	if m.Damaged != nil {
		told = append(told, m.Damaged.Error())
	}
	if err := m.Read(Formats()...); err != nil {
		return []string{err.Error()}, nil
	}
	rendered = map[string][]byte{}
	for _, f := range Formats() {
		var b bytes.Buffer
		if err := f.Render(&b, m); err != nil {
			return append(told, err.Error()), nil
		}
		rendered[f.Name] = b.Bytes()
	}
	if lost := m.Lost(); lost != nil {
		told = append(told, lost.Error())
	}
	if m.Summary.Run.End.Reason == results.Damaged {
		told = append(told, m.Summary.Verdict.Causes...)
	}
	return append(told, m.Damage()...), rendered
}

// Whatever bit flips in whatever file of a run, with whatever is left of what was made of its rows: a report says so,
// or shows the same, byte for byte.
func TestFlippedBit(t *testing.T) {
	dir := keptRun(t)
	for _, state := range []struct {
		name    string
		without []string
	}{
		{"all that is kept", nil},
		{"without the reports", []string{"summary.json", "report.md", "report.html"}},
		{"of the rows", []string{"summary.json", "report.md", "report.html", "histograms.bin"}},
	} {
		for _, name := range state.without {
			if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
		var files []string
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				files = append(files, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		told, want := reportOf(t, dir)
		if len(told) > 0 || len(want) < 12 {
			t.Fatalf("%s: of a whole run, %q is told", state.name, told)
		}
		t.Run(state.name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				path := rapid.SampledFrom(files).Draw(rt, "file")
				text, err := os.ReadFile(path)
				if err != nil {
					rt.Fatal(err)
				}
				changed := bytes.Clone(text)
				changed[rapid.IntRange(0, len(text)-1).Draw(rt, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(rt, "bit")
				if err := os.WriteFile(path, changed, 0o666); err != nil {
					rt.Fatal(err)
				}
				defer func() { _ = os.WriteFile(path, text, 0o666) }()
				told, found := reportOf(t, dir)
				if len(told) > 0 {
					return
				}
				for _, f := range Formats() {
					if !bytes.Equal(found[f.Name], want[f.Name]) {
						rt.Fatalf("%s: nothing is told, and %s is another", path, f.Name)
					}
				}
			})
		})
	}
}

// Of a run of which a part is damaged, the rest is read, what is missing is told with its place, and there is no
// verdict.
func TestDamaged(t *testing.T) {
	for _, c := range []struct {
		what    string
		change  func(hits []byte) []byte
		missing int
		want    []string
	}{
		{"a bit of the first batch", func(b []byte) []byte { b[2000] ^= 1; return b }, perBatch, []string{"batch 1, from byte 0 up to", "is damaged: its CRC-32C is", "100 of 500 calls are missing"}},
		{"a bit near the end", func(b []byte) []byte { b[len(b)-100] ^= 128; return b }, perBatch, []string{"batch 5, from byte", "100 of 500 calls"}},
		{"a third cut off", func(b []byte) []byte { return b[:len(b)*2/3] }, 2 * perBatch, []string{"hits.arrow ends at byte", "within batch 4 of 5", "200 of 500 calls"}},
		{"another file", func([]byte) []byte { return []byte("something else, and not of this run") }, 5 * perBatch, []string{"500 of 500 calls are missing"}},
		{"the end of the stream", func(b []byte) []byte { b[len(b)-1] ^= 1; return b }, 0, []string{"it should be the end of the stream"}},
		{"no end of the stream", func(b []byte) []byte { return b[:len(b)-8] }, 0, []string{"hits.arrow ends at byte", "without the end of the stream"}},
	} {
		dir := keptRun(t)
		for _, name := range []string{"summary.json", "histograms.bin"} {
			if err := os.Remove(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
		path := filepath.Join(dir, "hits.arrow")
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, c.change(bytes.Clone(whole)), 0o666); err != nil {
			t.Fatal(err)
		}
		m := opened(t, dir)
		told, files := reportOf(t, dir)
		s := m.Summary
		all := strings.Join(told, "\n")
		for _, want := range c.want {
			if !strings.Contains(all, want) {
				t.Errorf("%s: %q is not told: %s", c.what, want, all)
			}
		}
		if lost := c.missing > 0; lost != (s.Verdict.ExitCode == 3) || lost != (s.Verdict.Status == summary.NoVerdict) || lost != (s.Run.End.Reason == results.Damaged) {
			t.Errorf("%s: %d calls are missing, and the verdict is %+v of a run that %+v", c.what, c.missing, s.Verdict, s.Run.End)
		}
		if len(files) == 0 || !bytes.Contains(files["json"], []byte(`"crc32c"`)) {
			t.Errorf("%s: the rest is not reported", c.what)
		}
		if i := slices.IndexFunc(m.runs, func(r *results.Run) bool {
			n := 0
			_, _ = r.Rows(func(results.Row) error { n++; return nil })
			return n != 5*perBatch-c.missing
		}); i >= 0 {
			t.Errorf("%s: not %d calls are read", c.what, 5*perBatch-c.missing)
		}
		if err := m.Keep(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(filepath.Join(dir, "summary.json")); (err != nil) != (c.missing > 0) {
			t.Errorf("%s: what was made of a damaged run is kept: %v", c.what, err)
		}
	}
}

// What was written of single calls is not passed for whole where the summary was made before the damage.
func TestDamagedBehindSummary(t *testing.T) {
	dir := keptRun(t)
	path := filepath.Join(dir, "hits.arrow")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	whole[len(whole)/2] ^= 4
	if err := os.WriteFile(path, whole, 0o666); err != nil {
		t.Fatal(err)
	}
	m := opened(t, dir)
	if m.Lost() != nil || len(m.Damage()) > 0 {
		t.Errorf("what was not read is told of: %v, %q", m.Lost(), m.Damage())
	}
	lines := bytes.Count(rendered(t, m, "vegeta-csv"), []byte("\n"))
	if lost := m.Lost(); lost == nil || !strings.Contains(lost.Error(), "100 of 500 calls are missing") || lines == 0 {
		t.Errorf("%d lines are written: %v", lines, lost)
	}
}
