package results

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/kaizenautomation/andon/reports/regular"
)

const (
	manifestSchema = "andon.run/2"
	maxSamples     = 1000
	maxVitals      = 1 << 20 // a week and more
)

// NewDir gives a name for a run and a place for it below parent that is not taken, such as 20261123T214800Z-mixed.
func NewDir(parent, scenario string, now time.Time) (id, dir string) {
	base := now.UTC().Format("20060102T150405Z") + "-" + scenario
	id = base
	for i := 2; ; i++ {
		dir = filepath.Join(parent, id)
		if _, err := os.Lstat(dir); errors.Is(err, fs.ErrNotExist) || i > 1000 {
			return id, dir
		}
		id = base + "-" + strconv.Itoa(i)
	}
}

// Writer writes a run directory while the run goes on. It is for one goroutine.
type Writer struct {
	dir     string
	run     Manifest
	hits    *hitsWriter
	rows    *file // that hits are written to
	samples *file
	vitals  *file
	written int
}

// ErrNotEmpty is why no run can be written into a directory where something is.
var ErrNotEmpty = errors.New("a run is never overwritten")

// PlaceError says that a run directory cannot be made or written where it was to be.
type PlaceError struct{ Err error }

// Error says why.
func (e *PlaceError) Error() string { return e.Err.Error() }

// Unwrap gives the reason.
func (e *PlaceError) Unwrap() error { return e.Err }

// Create makes the run directory and writes the manifest and the given files into it. A directory that exists must be
// empty, else the error is [ErrNotEmpty]. Where the place does not allow for it, it is a [PlaceError].
func Create(dir string, m Manifest, files map[string][]byte) (*Writer, error) {
	if len(m.Labels.Classes) > math.MaxInt16 || len(m.Labels.Phases) > math.MaxInt8 || len(m.Labels.Rules) > math.MaxInt8 {
		return nil, fmt.Errorf("the run has more classes, phases or rules than %s can tell apart", hitsFile)
	}
	for name := range files {
		if err := checkName(name); err != nil {
			return nil, err
		}
	}
	m.Schema = manifestSchema
	var err error
	if m.HitsHead, err = headSum(m); err != nil {
		return nil, err
	}
	manifest, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, err
	}
	if err := MakeDir(dir); err != nil {
		return nil, err
	}
	w := &Writer{dir: dir, run: m}
	if err := w.begin(m, append(manifest, '\n'), files); err != nil {
		return nil, &PlaceError{fmt.Errorf("the run directory cannot be written: %w", err)}
	}
	return w, nil
}

// MakeDir makes the directory of a run, or of a verification. One that exists must be empty, else the error is
// [ErrNotEmpty]. Where the place does not allow for it, it is a [PlaceError].
func MakeDir(dir string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return &PlaceError{fmt.Errorf("the run directory cannot be made: %w", err)}
	}
	if entries, err := os.ReadDir(dir); err != nil {
		return &PlaceError{fmt.Errorf("the run directory cannot be read: %w", err)}
	} else if len(entries) > 0 {
		return fmt.Errorf("the directory %s is not empty, and %w", dir, ErrNotEmpty)
	}
	return nil
}

// begin writes the files that are whole from the start, and opens those that grow.
func (w *Writer) begin(m Manifest, manifest []byte, files map[string][]byte) error {
	if err := writeFile(w.dir, manifestFile, manifest); err != nil {
		return err
	}
	for name, data := range files {
		if err := writeFile(w.dir, name, data); err != nil {
			return err
		}
	}
	var err error
	if w.rows, err = create(w.dir, hitsFile); err != nil {
		return err
	}
	if w.samples, err = create(w.dir, samplesFile); err != nil {
		return errors.Join(err, w.rows.Close())
	}
	if w.vitals, err = create(w.dir, vitalsFile); err != nil {
		return errors.Join(err, w.rows.Close(), w.samples.Close())
	}
	w.hits = newHitsWriter(w.rows, m, true)
	return nil
}

// checkName says why one of the caller's files cannot be kept below a run directory.
func checkName(name string) error {
	switch name {
	case manifestFile, hitsFile, samplesFile, vitalsFile, endFile, histogramsFile:
		return fmt.Errorf("a file called %s cannot be kept in a run directory, which has its own: rename it", name)
	}
	if !filepath.IsLocal(filepath.FromSlash(name)) {
		return fmt.Errorf("the file %s lies outside the run directory", name)
	}
	return nil
}

func writeFile(dir, name string, data []byte) error {
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	return regular.Write(path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// Manifest is what the run is, as it was written.
func (w *Writer) Manifest() Manifest { return w.run }

// Add keeps one row. It reaches the file with the next Flush, or by itself after some ten thousand more.
func (w *Writer) Add(r Row) error { return w.hits.add(r) }

// Flush hands everything that was added to the kernel. Called every second, it bounds what a crash can lose.
func (w *Writer) Flush() error { return w.hits.flush() }

// Sample keeps one sample. Beyond a thousand they are dropped: they are there for people to read.
func (w *Writer) Sample(s Sample) error {
	if w.written++; w.written > maxSamples {
		return nil
	}
	return writeLine(w.samples, s)
}

// Vitals keeps how the generator did.
func (w *Writer) Vitals(v Vitals) error { return writeLine(w.vitals, v) }

// Longest is how long the longest write took since it was last asked for: the disk may hang.
func (w *Writer) Longest() (d time.Duration) {
	for _, f := range []*file{w.rows, w.samples, w.vitals} {
		d = max(d, f.longest)
		f.longest = 0
	}
	return d
}

func writeLine(f *file, document any) error {
	line, err := json.Marshal(document)
	if err != nil {
		return err
	}
	_, err = f.Write(append(line, '\n'))
	return err
}

// Close writes how the run ended, last of all: a run directory with an end is whole.
func (w *Writer) Close(e End) error {
	if err := errors.Join(w.hits.close(), w.rows.Close(), w.samples.Close(), w.vitals.Close()); err != nil {
		return err
	}
	return WriteJSON(filepath.Join(w.dir, endFile), e)
}

// Run is a run directory that was read.
type Run struct {
	Dir string
	Manifest
	Samples []Sample
	// Vitals are how the generator did, second by second.
	Vitals []Vitals
	// End says how the run ended; its Reason is Cut where the process died before it could say so.
	End End
}

// Open reads a run directory, apart from its rows.
func Open(dir string) (*Run, error) {
	r := &Run{Dir: dir}
	path := filepath.Join(dir, manifestFile)
	if err := ReadJSON(path, &r.Manifest); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%s is no run directory: it has no %s", dir, manifestFile)
		}
		return nil, err
	}
	if err := checkManifest(r.Manifest); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var err error
	if r.Samples, err = readLines[Sample](filepath.Join(dir, samplesFile), maxSamples); err != nil {
		return nil, err
	}
	if r.Vitals, err = readLines[Vitals](filepath.Join(dir, vitalsFile), maxVitals); err != nil {
		return nil, err
	}
	err = ReadJSON(filepath.Join(dir, endFile), &r.End)
	if errors.Is(err, fs.ErrNotExist) {
		r.End = End{Reason: Cut, Detail: "the end of the run is missing: andon was killed, or is still running; the figures go up to the last second that was written"}
	} else if err != nil {
		return nil, err
	}
	return r, nil
}

func checkManifest(m Manifest) error {
	switch {
	case m.Schema != manifestSchema:
		return fmt.Errorf("expected \"schema\": %q, found %q; another version of andon wrote it", manifestSchema, m.Schema)
	case len(m.Labels.Classes) == 0 || len(m.Labels.Phases) == 0 || len(m.Labels.Rules) == 0 || m.Labels.Rules[0] != "":
		return errors.New("expected labels with classes, phases and rules, the first of which is \"\"")
	case m.Planned != nil && len(m.Planned) != len(m.Labels.Phases):
		return fmt.Errorf("expected /planned to have %d entries, one for each phase, found %d", len(m.Labels.Phases), len(m.Planned))
	}
	for i, p := range m.Planned {
		if len(p) != len(m.Labels.Classes) {
			return fmt.Errorf("expected /planned/%d to have %d entries, one for each class, found %d", i, len(m.Labels.Classes), len(p))
		}
	}
	return nil
}

// readLines reads one document a line; a last line without an end was being written when the process died. A file that
// is not there has none.
func readLines[T any](path string, most int) (all []T, err error) {
	f, _, err := regular.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	defer f.Close()
	in := bufio.NewReaderSize(f, 32<<10) // a sample is a few kilobytes, and six times that at most, escaped
	for line := 1; line <= most; line++ {
		text, err := in.ReadSlice('\n')
		switch {
		case errors.Is(err, io.EOF):
			return all, nil
		case err != nil:
			return nil, fmt.Errorf("%s:%d: %w", path, line, err)
		}
		var one T
		if err := json.Unmarshal(text, &one); err != nil {
			return nil, fmt.Errorf("%s:%d: expected a line of andon's, found something else: %w", path, line, err)
		}
		all = append(all, one)
	}
	return all, nil
}

// Rows gives the run's rows in the order in which the calls ended, with constant memory, and reports whether the file
// is whole. Where it was cut off, the rows of all batches that were written are given, and that is no error.
func (r *Run) Rows(each func(Row) error) (complete bool, err error) {
	return r.rows(func(row *Row) error { return each(*row) })
}

// rows is Rows without a copy: the row is the taker's for the length of the call.
func (r *Run) rows(each func(*Row) error) (complete bool, err error) {
	path := filepath.Join(r.Dir, hitsFile)
	f, info, err := regular.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	return readHits(f, info.Size(), path, r.Manifest, each)
}

// ScenarioFile is the scenario that the run was of, as it lies in the directory; nil where it is not there.
func (r *Run) ScenarioFile() ([]byte, error) {
	text, err := regular.Read(filepath.Join(r.Dir, "scenario.yaml"), maxDocument)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return text, err
}
