package results

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"pgregory.net/rapid"
)

func labels() Labels {
	return Labels{
		Classes: []Class{{Name: "text.Full", Tier: "Full", Content: "text"}, {Name: "text.Lite", Tier: "Lite", Content: "text"}, {Name: "invalid", Tier: "invalid", Content: "invalid", Invalid: true}},
		Phases:  []Phase{{Name: "warmup", Shape: "20/s", Warmup: true, Seconds: 5}, {Name: "constant", Shape: "100/s", StartSeconds: 5, Seconds: 30}},
		Rules:   []string{"", "malformed-json", "missing-property"},
	}
}

func manifest() Manifest {
	return Manifest{
		Andon: "v1", ID: "a-run", Scenario: "mixed", Seed: 1 << 63, Target: "http://127.0.0.1:1", Started: time.Date(2026, 11, 23, 21, 48, 0, 0, time.UTC),
		SpecSHA256: strings.Repeat("0", 64), Labels: labels(), Planned: [][]uint64{{1, 2, 3}, {4, 5, 6}},
		Thresholds: []Threshold{{Expr: "count(errors) == 0", Abort: true, AfterSeconds: 1.5}}, TimeoutSeconds: 30, InFlight: 100,
	}
}

var anyRow = rapid.Custom(func(t *rapid.T) Row {
	second := rapid.Float32Range(0, 1e6)
	return Row{
		N: rapid.Uint32().Draw(t, "n"), Due: time.Duration(rapid.Int64Min(0).Draw(t, "due")),
		Lag: second.Draw(t, "lag"), OwnLag: second.Draw(t, "own lag"), Service: second.Draw(t, "service"),
		Status: rapid.Uint16().Draw(t, "status"), Class: uint16(rapid.IntRange(0, 2).Draw(t, "class")), Phase: uint8(rapid.IntRange(0, 1).Draw(t, "phase")),
		Error: Kind(rapid.IntRange(0, int(kinds)-1).Draw(t, "kind")), Rule: uint8(rapid.IntRange(0, 2).Draw(t, "rule")),
		BytesIn: rapid.Uint32().Draw(t, "in"), BytesOut: rapid.Uint32().Draw(t, "out"), RetryAfter: rapid.Float32Min(0).Draw(t, "retry after"),
	}
})

func rows(n int) []Row {
	out := make([]Row, n)
	for i := range out {
		out[i] = Row{N: uint32(i), Due: time.Duration(i) * time.Millisecond, Lag: float32(i) / 1e6, OwnLag: float32(i) / 1e7, Service: 0.1 + float32(i)/1e5,
			Status: 200, Class: uint16(i % 3), Phase: uint8(i % 2), Error: Kind(i % int(kinds)), Rule: uint8(i % 3), BytesIn: uint32(i), BytesOut: 500}
	}
	return out
}

// write makes a run of the rows, flushed after each batch, and gives its directory.
func write(t testing.TB, batch int, rows []Row, end bool) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "run")
	w, err := Create(dir, manifest(), map[string][]byte{"scenario.yaml": []byte("load: []"), "data/ids.csv": []byte("id\n")})
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range rows {
		if err := w.Add(r); err != nil {
			t.Fatal(err)
		}
		if (i+1)%batch == 0 {
			if err := w.Flush(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if end {
		if err := w.Close(End{Reason: Finished, Seconds: 35.5}); err != nil {
			t.Fatal(err)
		}
	} else if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return dir
}

func read(t testing.TB, dir string) (*Run, []Row, bool) {
	t.Helper()
	run, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []Row
	complete, err := run.Rows(func(r Row) error { got = append(got, r); return nil })
	if err != nil {
		t.Fatal(err)
	}
	return run, got, complete
}

// What is written is read back, to the last bit.
func TestRowsRoundTrip(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		want := rapid.SliceOfN(anyRow, 0, 50).Draw(rt, "rows")
		run, got, complete := read(t, write(t, rapid.IntRange(1, 60).Draw(rt, "batch"), want, true))
		if !complete || !slices.Equal(got, want) {
			rt.Fatalf("complete %v\n got %+v\nwant %+v", complete, got, want)
		}
		if m := manifest(); run.Schema != "andon.run/2" || run.Seed != m.Seed || !reflect.DeepEqual(run.Labels, m.Labels) || !reflect.DeepEqual(run.Planned, m.Planned) ||
			!slices.Equal(run.Thresholds, m.Thresholds) || !run.Started.Equal(m.Started) || run.End != (End{Reason: Finished, Seconds: 35.5, Rows: uint64(len(want))}) {
			rt.Fatalf("the run is %+v", run)
		}
	})
}

// What was flushed is in the file, whatever becomes of the process.
func TestFlush(t *testing.T) {
	want := rows(10)
	_, got, complete := read(t, write(t, math.MaxInt, want, false))
	if complete || !slices.Equal(got, want) {
		t.Errorf("%d of %d rows are in the file, complete %v", len(got), len(want), complete)
	}
}

// More rows than a batch holds are cut into batches by themselves.
func TestManyRows(t *testing.T) {
	want := rows(2*batchRows + 7)
	dir := write(t, math.MaxInt, want, true)
	if _, got, complete := read(t, dir); !complete || !slices.Equal(got, want) {
		t.Errorf("%d rows are read of %d, complete %v", len(got), len(want), complete)
	}
	info, err := os.Stat(filepath.Join(dir, hitsFile))
	if err != nil {
		t.Fatal(err)
	}
	if each := float64(info.Size()) / float64(len(want)); each > 40 {
		t.Errorf("a call takes %.1f bytes, and should take 40 at most", each)
	}
}

// scan reads a hits file of run that has these bytes.
func scan(run *Run, data []byte, each func(Row) error) (complete bool, err error) {
	return readHits(bytes.NewReader(data), int64(len(data)), hitsFile, run.Manifest, func(r *Row) error { return each(*r) })
}

// flushed are the bytes of a hits file after each flush, and then those with its end.
func flushed(t testing.TB, batch int, rows []Row) (run *Run, files [][]byte) {
	t.Helper()
	for n := 0; n <= len(rows); n += batch {
		dir := write(t, batch, rows[:n], false)
		file, err := os.ReadFile(filepath.Join(dir, hitsFile))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	dir := write(t, batch, rows, true)
	file, err := os.ReadFile(filepath.Join(dir, hitsFile))
	if err != nil {
		t.Fatal(err)
	}
	run, err = Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return run, append(files, file)
}

// Wherever the file is cut off, the rows of the batches before are read, the end is said to be missing, and nothing is
// called corrupt: that is what is left when the process or the machine dies. Every byte is tried around the ends of
// batches, where what is read changes, and every seventh within them, which meets every place of a word of eight.
func TestCutAnywhere(t *testing.T) {
	want := rows(120)
	run, files := flushed(t, 40, want)
	near := func(size int) bool {
		return slices.ContainsFunc(files, func(f []byte) bool { return size >= len(f)-64 && size <= len(f)+64 })
	}
	whole := files[len(files)-1]
	last := 0
	for size := range whole {
		if size%7 > 0 && !near(size) {
			continue
		}
		var got []Row
		complete, err := scan(run, whole[:size], func(r Row) error { got = append(got, r); return nil })
		if err != nil || complete {
			t.Fatalf("cut at byte %d of %d, the file is complete: %v, %v", size, len(whole), complete, err)
		}
		if len(got)%40 != 0 || len(got) < last || !slices.Equal(got, want[:len(got)]) {
			t.Fatalf("cut at byte %d: %d rows after %d", size, len(got), last)
		}
		if i := slices.IndexFunc(files, func(f []byte) bool { return len(f) == size }); i >= 0 && len(got) != 40*i {
			t.Fatalf("cut after flush %d: %d rows", i, len(got))
		}
		last = len(got)
	}
	if last != len(want) {
		t.Errorf("without its end mark %d rows are read", last)
	}
	dir := write(t, 40, want, false)
	path := filepath.Join(dir, hitsFile)
	if err := os.Truncate(path, int64(len(files[2])-1)); err != nil {
		t.Fatal(err)
	}
	if run, got, complete := read(t, dir); complete || run.End.Reason != Cut || len(got) != 40 {
		t.Errorf("of a run that was cut off, %d rows are read, complete %v: %+v", len(got), complete, run.End)
	}
}

// Whatever becomes of the bytes, the reader neither panics nor hangs, and gives no row that the run's labels do not
// know. Every byte of the head and of the first batch's is tried, where lengths and types stand, and every seventh of
// the rest, which meets every column.
func TestCorrupt(t *testing.T) {
	run, files := flushed(t, 40, rows(80))
	whole := files[len(files)-1]
	for at := range whole {
		if at > len(files[0])+1600 && at%7 > 0 {
			continue
		}
		changed := bytes.Clone(whole)
		changed[at] ^= 0xa5
		_, _ = scan(run, changed, known)
	}
}

func known(r Row) error {
	if int(r.Class) > 2 || r.Phase > 1 || r.Error >= kinds || r.Rule > 2 {
		panic(fmt.Sprintf("a row is %+v", r))
	}
	return nil
}

func FuzzRows(f *testing.F) {
	dir := write(f, 3, rows(7), true)
	whole, err := os.ReadFile(filepath.Join(dir, hitsFile))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add(whole[:len(whole)-20])
	f.Add([]byte(nil))
	run, err := Open(dir)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := scan(run, data, known); err != nil && !strings.Contains(err.Error(), hitsFile) {
			t.Fatalf("the error does not name the file: %v", err)
		}
	})
}

// What is kept beside the rows is read back while it is of them, and not if a bit of it has changed.
func TestHistograms(t *testing.T) {
	dir := write(t, 10, rows(30), true)
	run, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	kept := func() (text []byte, err error) {
		err = run.ReadHistograms(func(r io.Reader) error {
			text, err = io.ReadAll(r)
			return err
		})
		return text, err
	}
	if _, err := kept(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("before anything is kept: %v", err)
	}
	want := strings.Repeat("counts ", 50)
	if err := run.WriteHistograms(func(w io.Writer) error { _, err := io.WriteString(w, want); return err }); err != nil {
		t.Fatal(err)
	}
	if text, err := kept(); string(text) != want || err != nil {
		t.Errorf("kept is %q, %v", text, err)
	}
	path := filepath.Join(dir, histogramsFile)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for at := range data {
		changed := bytes.Clone(data)
		changed[at] ^= 1
		if err := os.WriteFile(path, changed, 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := kept(); err == nil || !strings.Contains(err.Error(), histogramsFile) {
			t.Fatalf("with another byte %d it is read: %v", at, err)
		}
		if err := os.WriteFile(path, data[:at], 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := kept(); err == nil || !strings.Contains(err.Error(), histogramsFile) {
			t.Fatalf("cut off at byte %d it is read: %v", at, err)
		}
	}
	broken := errors.New("broken")
	if err := run.WriteHistograms(func(io.Writer) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("what cannot be written is kept: %v", err)
	}
	// What says a thousand times as much as it has bytes is none of andon's.
	if err := run.WriteHistograms(func(w io.Writer) error { _, err := w.Write(make([]byte, 64<<20)); return err }); err != nil {
		t.Fatal(err)
	}
	if text, _ := kept(); len(text) > 8<<20 {
		t.Errorf("%d bytes are read", len(text))
	}
	if err := run.WriteHistograms(func(w io.Writer) error { _, err := io.WriteString(w, want); return err }); err != nil {
		t.Fatal(err)
	}
	manifest := filepath.Join(dir, manifestFile)
	said, err := os.ReadFile(manifest)
	if err != nil {
		t.Fatal(err)
	}
	rewrite := func(text []byte) {
		if err := os.WriteFile(manifest, text, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	rewrite(bytes.ReplaceAll(said, []byte("\n"), []byte("\r\n\t")))
	if text, err := kept(); string(text) != want || err != nil {
		t.Errorf("with another layout of %s, kept is %q, %v", manifestFile, text, err)
	}
	rewrite(bytes.Replace(said, []byte(`"seed": `), []byte(`"seed": 1`), 1))
	if _, err := kept(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("of another run: %v", err)
	}
	rewrite([]byte("{"))
	if _, err := kept(); err == nil || !strings.Contains(err.Error(), manifestFile) {
		t.Errorf("of a run that is cut off: %v", err)
	}
}

// The columns that others read: names, types, and texts where rows hold numbers.
func TestColumns(t *testing.T) {
	dir := write(t, 10, rows(10), true)
	f, err := os.Open(filepath.Join(dir, hitsFile))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := ipc.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, field := range r.Schema().Fields() {
		got = append(got, field.Name+" "+field.Type.String())
	}
	text := func(index string) string { return "dictionary<values=utf8, indices=" + index + ", ordered=false>" }
	want := []string{"n uint32", "due_ns int64", "lag_s float32", "own_lag_s float32", "service_s float32",
		"connect_s float32", "tls_s float32", "read_s float32", "stall_s float32", "status uint16",
		"class " + text("int16"), "phase " + text("int8"), "error " + text("int8"), "rule " + text("int8"), "bytes_in uint32", "bytes_out uint32", "retry_after_s float32"}
	if !slices.Equal(got, want) {
		t.Errorf("the columns are %q, want %q", got, want)
	}
	if m := r.Schema().Metadata().ToMap(); m["format"] != "andon.hits/2" || m["run"] != "a-run" || m["scenario"] != "mixed" || m["seed"] != "9223372036854775808" {
		t.Errorf("the metadata are %v", m)
	}
	if !r.Next() {
		t.Fatal(r.Err())
	}
	class := r.RecordBatch().Column(10).(*array.Dictionary)
	if s := class.Dictionary().(*array.String).Value(class.GetValueIndex(1)); s != "text.Lite" {
		t.Errorf("the class of row 1 reads %q", s)
	}
}

func TestCreate(t *testing.T) {
	dir := write(t, 10, rows(1), true)
	for name, want := range map[string]string{"scenario.yaml": "load: []", "data/ids.csv": "id\n"} {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != want {
			t.Errorf("%s is %q, %v", name, got, err)
		}
	}
	if _, err := Create(dir, manifest(), nil); !errors.Is(err, ErrNotEmpty) {
		t.Errorf("a run is overwritten: %v", err)
	}
	for _, name := range []string{"run.json", "hits.arrow", "samples.jsonl", "end.json", "../x", "/x"} {
		if _, err := Create(filepath.Join(t.TempDir(), "run"), manifest(), map[string][]byte{name: nil}); err == nil || errors.As(err, new(*PlaceError)) {
			t.Errorf("a file %s is kept, or the place is blamed: %v", name, err)
		}
	}
	many := manifest()
	many.Labels.Phases = make([]Phase, 200)
	if _, err := Create(filepath.Join(t.TempDir(), "run"), many, nil); err == nil {
		t.Error("200 phases are accepted")
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	// A place that does not allow for it is told from what was asked wrongly.
	var place *PlaceError
	if _, err := Create(filepath.Join(file, "run"), manifest(), nil); !errors.As(err, &place) || !strings.Contains(err.Error(), "cannot be made") {
		t.Errorf("below a file: %v", err)
	}
	long := map[string][]byte{strings.Repeat("x", 300): nil}
	if _, err := Create(filepath.Join(t.TempDir(), "run"), manifest(), long); !errors.As(err, &place) || !strings.Contains(err.Error(), "cannot be written") {
		t.Errorf("with a name that the disk does not take: %v", err)
	}
}

func TestNewDir(t *testing.T) {
	parent := t.TempDir()
	now := time.Date(2026, 11, 23, 21, 48, 0, 0, time.FixedZone("", 3600))
	for _, want := range []string{"20261123T204800Z-mixed", "20261123T204800Z-mixed-2", "20261123T204800Z-mixed-3"} {
		id, dir, err := NewDir(parent, "mixed", now)
		if err != nil || id != want || dir != filepath.Join(parent, want) {
			t.Errorf("the run is %s in %s, want %s: %v", id, dir, want, err)
		}
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			t.Errorf("%s was not made: %v", dir, err)
		}
	}
}

// Runs that start at the same moment never share a directory, whether or not they are given one.
func TestStartedAtOnce(t *testing.T) {
	const runs = 20
	parent := t.TempDir()
	now := time.Date(2026, 11, 23, 21, 48, 0, 0, time.UTC)
	dirs, taken := make([]string, runs), make([]error, runs)
	same := filepath.Join(parent, "same")
	var wait sync.WaitGroup
	begin := make(chan struct{})
	for i := range runs {
		wait.Go(func() {
			<-begin
			var err error
			if _, dirs[i], err = NewDir(filepath.Join(parent, "runs"), "mixed", now); err != nil {
				t.Error(err)
			}
			var w *Writer
			if w, taken[i] = Create(same, manifest(), nil); w != nil {
				_ = w.Close(End{Reason: Finished})
			}
		})
	}
	close(begin)
	wait.Wait()
	if slices.Sort(dirs); len(slices.Compact(dirs)) != runs {
		t.Errorf("%d runs share their directories: %q", runs, dirs)
	}
	kept := 0
	for _, err := range taken {
		if err == nil {
			kept++
		} else if !errors.Is(err, ErrNotEmpty) || !strings.Contains(err.Error(), same) {
			t.Errorf("a second run is refused with %v", err)
		}
	}
	if kept != 1 {
		t.Errorf("%d runs have taken one directory", kept)
	}
	for round := range 200 {
		var claimed atomic.Int64
		begin := make(chan struct{})
		for range 4 {
			wait.Go(func() {
				<-begin
				if f, err := Claim(filepath.Join(parent, strconv.Itoa(round)), hitsFile); err == nil {
					claimed.Add(1)
					_ = f.Close()
				}
			})
		}
		close(begin)
		wait.Wait()
		if n := claimed.Load(); n != 1 {
			t.Fatalf("%d of 4 have claimed one directory", n)
		}
	}
}

func TestSamples(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	w, err := Create(dir, manifest(), nil)
	if err != nil {
		t.Fatal(err)
	}
	first := Sample{Kind: "contract", Rule: "malformed-json", N: 3, Class: "text.Full", AtSeconds: 1.5, Status: 200, Message: "\x1b[31m\xff", Body: "<script>\n\x00"}
	for i := range maxSamples + 50 {
		s := first
		s.N = uint32(i)
		if err := w.Sample(s); err != nil {
			t.Fatal(err)
		}
	}
	// A line that was being written when the process died is no error.
	path := filepath.Join(dir, samplesFile)
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(`{"n":`); err != nil {
		t.Fatal(err)
	}
	_ = f.Close()
	run, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := first
	want.Message = "\x1b[31m\ufffd"
	want.N = 0
	if len(run.Samples) != maxSamples || run.Samples[0] != want {
		t.Errorf("%d samples, the first of them %+v", len(run.Samples), run.Samples[0])
	}
	if err := os.WriteFile(path, []byte("{}\nnonsense\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if run, err = Open(dir); err != nil || len(run.Samples) != 1 || len(run.Damage) != 1 || !strings.Contains(run.Damage[0], "samples.jsonl:2 is damaged") {
		t.Errorf("a bad line gives %d samples, %v, %v", len(run.Samples), run.Damage, err)
	}
}

func TestOpenErrors(t *testing.T) {
	dir := write(t, 10, rows(1), true)
	path := filepath.Join(dir, manifestFile)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, bytes.Replace(text, []byte("mixed"), []byte("mixes"), 1), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), "run.json: it has changed since it was written") {
		t.Errorf("another scenario: %v", err)
	}
	if text, err = unseal(text); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ why, text, want string }{
		{"an empty file", "", "run.json"},
		{"no JSON", "{\n x", "run.json:2"},
		{"another version", strings.Replace(string(text), "andon.run/2", "andon.run/1", 1), "another version of andon"},
		{"a field it does not know", strings.Replace(string(text), `"seed"`, `"sneed"`, 1), "sneed"},
		{"no labels", `{"schema":"andon.run/2"}`, "expected labels"},
		{"counts that do not fit", strings.Replace(string(text), "      3\n    ],", "      3, 4\n    ],", 1), "/planned/0"},
	} {
		if err := os.WriteFile(path, []byte(c.text), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %q", c.why, err, c.want)
		}
	}
	ended := write(t, 10, rows(1), true)
	for _, reason := range []string{"", "completed ", `\u001b[31m`} {
		if err := os.WriteFile(filepath.Join(ended, endFile), []byte(`{"reason":"`+reason+`","seconds":1}`), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(ended); err == nil || !strings.Contains(err.Error(), "end.json: /reason: unknown word") || strings.Contains(err.Error(), "\x1b") {
			t.Errorf("an end that is %q: %v", reason, err)
		}
	}
	if _, err := Open(t.TempDir()); err == nil || !strings.Contains(err.Error(), "no run directory") {
		t.Errorf("an empty folder: %v", err)
	}
	if _, err := Open(filepath.Join(t.TempDir(), "nope")); err == nil {
		t.Error("a folder that is not there is opened")
	}
	gone := write(t, 10, rows(1), true)
	if err := os.Remove(filepath.Join(gone, hitsFile)); err != nil {
		t.Fatal(err)
	}
	run, err := Open(gone)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := run.Rows(func(Row) error { return nil }); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without rows: %v", err)
	}
}

// An error of whoever takes the rows ends the reading and comes back as it is.
func TestRowsStop(t *testing.T) {
	run, err := Open(write(t, 10, rows(30), true))
	if err != nil {
		t.Fatal(err)
	}
	stop, n := errors.New("enough"), 0
	_, err = run.Rows(func(Row) error {
		if n++; n == 15 {
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) || n != 15 {
		t.Errorf("after %d rows: %v", n, err)
	}
}

// Rows of a version that did not keep all columns are read, with zeros in the others.
func TestOldColumns(t *testing.T) {
	want := rows(100)
	dir := write(t, 10, want, true)
	path := filepath.Join(dir, hitsFile)
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := ipc.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	metadata := r.Schema().Metadata()
	old := arrow.NewSchema(r.Schema().Fields()[:oldColumns], &metadata)
	var stream, head bytes.Buffer
	w := ipc.NewWriter(&stream, ipc.WithSchema(old))
	for r.Next() {
		if err := w.Write(array.NewRecordBatch(old, r.RecordBatch().Columns()[:oldColumns], r.RecordBatch().NumRows())); err != nil {
			t.Fatal(err)
		}
	}
	unproved(t, dir)
	if err := errors.Join(w.Close(), ipc.NewWriter(&head, ipc.WithSchema(old)).Close(), os.WriteFile(path, stream.Bytes(), 0o666)); err != nil {
		t.Fatal(err)
	}
	run, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	run.HitsHead = sum(bytes.TrimSuffix(head.Bytes(), endMark[:]))
	var got []Row
	if complete, err := run.Rows(func(r Row) error { got = append(got, r); return nil }); err != nil || !complete {
		t.Fatal(complete, err)
	}
	if !slices.Equal(got, want) {
		t.Errorf("%d rows, the first %+v, want %d, %+v", len(got), got[0], len(want), want[0])
	}
}

func TestOutcome(t *testing.T) {
	for _, c := range []struct {
		kind   Kind
		status uint16
		want   Outcome
	}{
		{None, 200, OutcomeAccepted}, {Contract, 202, OutcomeAccepted}, {Accepted, 200, OutcomeAccepted},
		{None, 400, OutcomeRefused}, {Contract, 422, OutcomeRefused}, // deliberately invalid
		{Shed, 429, OutcomeShed}, {Shed, 503, OutcomeShed},
		{Status3xx, 302, OutcomeRefused}, {Status4xx, 404, OutcomeRefused},
		{Status5xx, 503, OutcomeFailed}, {StatusOther, 799, OutcomeFailed}, {BodyLimit, 200, OutcomeFailed},
		{Reset, 0, OutcomeFailed}, {DialRefused, 0, OutcomeFailed}, {DNS, 0, OutcomeFailed}, {TimeoutReading, 200, OutcomeFailed},
		{Dropped, 0, OutcomeNone}, {Unsent, 0, OutcomeNone}, {Canceled, 0, OutcomeNone}, {Unread, 200, OutcomeNone}, {Descriptors, 0, OutcomeNone}, {ProxyTimeout, 0, OutcomeNone},
	} {
		if got := (Row{Error: c.kind, Status: c.status}).Outcome(); got != c.want {
			t.Errorf("%q with status %d is %q, want %q", c.kind, c.status, got, c.want)
		}
	}
	for k := range kinds {
		if r := (Row{Error: k}); (r.Outcome() != OutcomeNone) != (r.Sent() && !k.GivenUp()) {
			t.Errorf("%q has the outcome %q", k, r.Outcome())
		}
	}
}

// unproved makes a run as one of a version that kept no checksums.
func unproved(t testing.TB, dir string) {
	t.Helper()
	if err := os.Remove(filepath.Join(dir, sumsFile)); err != nil {
		t.Fatal(err)
	}
}

// A hits file that belongs to another run is refused rather than misread.
func TestForeignRows(t *testing.T) {
	dir := write(t, 10, rows(3), true)
	run, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	run.Labels.Classes[1].Name = "text.Nano"
	if _, err := run.Rows(known); err == nil || !strings.Contains(err.Error(), "class") {
		t.Errorf("other classes: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, hitsFile), append([]byte("PAR1 something else "), endMark[:]...), 0o666); err != nil {
		t.Fatal(err)
	}
	if complete, err := run.Rows(known); err != nil || complete || !strings.Contains(run.End.Detail, "3 of 3 calls are missing") {
		t.Errorf("another format: %v, %+v", err, run.End)
	}
	unproved(t, dir)
	if run, err = Open(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := run.Rows(known); err == nil || !strings.Contains(err.Error(), "not of this run") {
		t.Errorf("another format, without checksums: %v", err)
	}
}

func TestRow(t *testing.T) {
	for k := range kinds {
		r := Row{Error: k, Lag: 1, Service: 0.5}
		kept := k >= Descriptors && k <= Proxy
		if k.Kept() != kept || k.Own() != (kept && k <= LocalMemory) || k.ByProxy() != (kept && k >= ProxyRefused) {
			t.Errorf("%q: kept from the target %v, by the generator %v, by a proxy %v", k, k.Kept(), k.Own(), k.ByProxy())
		}
		if reached := k == Reset || k == TimeoutWaiting || k == TimeoutReading || k == BadHTTP || k == BodyLimit || k == Unread; k.Reached() != reached {
			t.Errorf("%q: the target was reached: %v", k, k.Reached())
		}
		sent := k != Dropped && k != Unsent && !kept
		completed := k == None || k == Status3xx || k == Status4xx || k == Status5xx || k == StatusOther || k == Contract || k == Accepted || k == Shed
		timed := completed || k == TimeoutWaiting || k == TimeoutReading || k == Dropped
		if r.Sent() != sent || r.Completed() != completed || r.Timed() != timed || r.OK() != (k == None) {
			t.Errorf("%q: sent %v, completed %v, timed %v, ok %v", k, r.Sent(), r.Completed(), r.Timed(), r.OK())
		}
		if k.String() != KindNames()[k] || k > 0 && k.String() == "" {
			t.Errorf("kind %d is called %q", k, k)
		}
	}
	if r := (Row{Lag: 1, Service: 0.5}); r.Latency() != 1500*time.Millisecond {
		t.Errorf("the latency is %v", r.Latency())
	}
	if s := kinds.String(); s != "unknown" {
		t.Errorf("an unknown kind is called %q", s)
	}
	if slices.Contains(KindNames()[1:], "") || len(slices.Compact(slices.Sorted(slices.Values(KindNames())))) != int(kinds) {
		t.Errorf("the names are not unique: %v", KindNames())
	}
}

func TestWriteJSON(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.json")
	if err := WriteJSON(path, map[string]string{"a": "<&>"}); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil || string(got) != "{\n  \"a\": \"<&>\",\n  \"crc32c\": \"0bdd3150\"\n}\n" {
		t.Errorf("%q, %v", got, err)
	}
	if err := WriteJSON(path, func() {}); err == nil {
		t.Error("a function is JSON")
	}
	if after, _ := os.ReadFile(path); !json.Valid(after) {
		t.Error("a failed write spoils the file that was there")
	}
}

func BenchmarkAdd(b *testing.B) {
	w, err := Create(filepath.Join(b.TempDir(), "run"), manifest(), nil)
	if err != nil {
		b.Fatal(err)
	}
	r := rows(1)[0]
	b.ReportAllocs()
	b.SetBytes(39)
	for b.Loop() {
		if err := w.Add(r); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRows(b *testing.B) {
	const n = 1 << 20
	run, err := Open(write(b, math.MaxInt, rows(n), true))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := run.Rows(known); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/row")
}
