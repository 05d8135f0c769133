package results

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kaizenautomation/andon/reports/regular"
)

const (
	manifestSchema = "andon.run/2"
	maxSamples     = 1000
	maxVitals      = 1 << 20 // a week and more
)

// NewDir makes a directory for a run below parent, which no other run has, and names it, such as
// 20261123T214800Z-mixed. Where the place does not allow for it, the error is a [PlaceError].
func NewDir(parent, scenario string, now time.Time) (id, dir string, err error) {
	base := now.UTC().Format("20060102T150405Z") + "-" + scenario
	err = os.MkdirAll(parent, 0o777)
	for i := 1; err == nil; i++ {
		if id = base; i > 1 {
			id += "-" + strconv.Itoa(i)
		}
		dir = filepath.Join(parent, id)
		// Of several that try the same name at the same time, one makes it.
		if err = os.Mkdir(dir, 0o777); err == nil {
			return id, dir, nil
		} else if errors.Is(err, fs.ErrExist) {
			err = nil
		}
	}
	return "", "", &PlaceError{fmt.Errorf("the run directory cannot be made: %w", err)}
}

// Writer writes a run directory while the run goes on. It is for one goroutine.
type Writer struct {
	dir     string
	run     Manifest
	hits    *hitsWriter
	rows    *file // that hits are written to
	sums    *file // of its batches
	samples *file
	vitals  *file
	written int
	// given is where a shard keeps executionIds, nil where it need not, and ids are those that are not written yet.
	given *file
	ids   []byte
	count uint64
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
	m.Sums = make(map[string]string, len(files))
	for name, data := range files {
		if err := checkName(name); err != nil {
			return nil, err
		}
		m.Sums[name] = hexSum(crc32.Checksum(data, castagnoli))
	}
	m.Schema = manifestSchema
	var err error
	if m.HitsHead, err = headSum(m); err != nil {
		return nil, err
	}
	w := &Writer{dir: dir, run: m}
	rows, err := Claim(dir, hitsFile)
	if err != nil {
		return nil, err
	}
	w.rows = &file{File: rows}
	if err := w.begin(m, files); err != nil {
		return nil, &PlaceError{fmt.Errorf("the run directory cannot be written: %w", err)}
	}
	return w, nil
}

// Claim makes the directory of a run, or of a verification, and its first file, by which it is taken: of several that
// want the same directory, one gets it. One that exists must be empty. For the others, the error is [ErrNotEmpty].
// Where the place does not allow for it, it is a [PlaceError].
func Claim(dir, name string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, &PlaceError{fmt.Errorf("the run directory cannot be made: %w", err)}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, &PlaceError{fmt.Errorf("the run directory cannot be read: %w", err)}
	}
	if len(entries) > 0 {
		return nil, fmt.Errorf("the directory %s is not empty, and %w", dir, ErrNotEmpty)
	}
	f, err := create(dir, name)
	switch {
	case errors.Is(err, fs.ErrExist):
		return nil, fmt.Errorf("another run has just taken the directory %s, and %w", dir, ErrNotEmpty)
	case err != nil:
		return nil, &PlaceError{fmt.Errorf("the run directory cannot be written: %w", err)}
	}
	return f.File, nil
}

// begin writes the files that are whole from the start, and opens those that grow.
func (w *Writer) begin(m Manifest, files map[string][]byte) (err error) {
	open := []*file{w.rows}
	defer func() {
		if err != nil {
			for _, f := range open {
				_ = f.Close()
			}
		}
	}()
	if err := WriteJSON(filepath.Join(w.dir, manifestFile), m); err != nil {
		return err
	}
	for name, data := range files {
		if err := writeFile(w.dir, name, data); err != nil {
			return err
		}
	}
	grow := map[string]**file{sumsFile: &w.sums, samplesFile: &w.samples, vitalsFile: &w.vitals}
	if m.keepsGiven() {
		grow[givenFile] = &w.given
	}
	for name, f := range grow {
		if *f, err = create(w.dir, name); err != nil {
			return err
		}
		open = append(open, *f)
	}
	w.hits = newHitsWriter(w.rows, m, true)
	w.hits.sums = w.sums
	return nil
}

// checkName says why one of the caller's files cannot be kept below a run directory.
func checkName(name string) error {
	switch name {
	case manifestFile, hitsFile, sumsFile, samplesFile, vitalsFile, endFile, histogramsFile, givenFile,
		journalFile, executionsFile, executionSumsFile, FollowingFile, UnfinishedFile:
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
func (w *Writer) Flush() error { return errors.Join(w.hits.flush(), w.flushGiven()) }

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
	for _, f := range []*file{w.rows, w.sums, w.samples, w.vitals, w.given} {
		if f == nil {
			continue
		}
		d = max(d, f.longest)
		f.longest = 0
	}
	return d
}

// Close writes how the run ended, last of all: a run directory with an end is whole.
func (w *Writer) Close(e End) error {
	kept := w.flushGiven()
	if w.given != nil {
		kept = errors.Join(kept, w.given.Close())
	}
	if err := errors.Join(kept, w.hits.close(), w.rows.Close(), w.sums.Close(), w.samples.Close(), w.vitals.Close()); err != nil {
		return err
	}
	e.Rows, e.Given = w.hits.rows, w.count
	return WriteJSON(filepath.Join(w.dir, endFile), e)
}

// Run is a run directory that was read.
type Run struct {
	Dir string
	Manifest
	Samples []Sample
	// Vitals are how the generator did, second by second.
	Vitals []Vitals
	// End says how the run ended; its Reason is Cut where the process died before it could say so, and Damaged where
	// figures that were written are lost.
	End End
	// Damage says what of the files is not as it was written, and was left out, as far as they were read.
	Damage []string

	sums []batchSum
}

// Open reads a run directory, apart from its rows.
func Open(dir string) (*Run, error) {
	r := &Run{Dir: dir}
	path := filepath.Join(dir, manifestFile)
	if err := ReadJSON(path, &r.Manifest); err != nil {
		if _, missing := os.Stat(dir); errors.Is(missing, fs.ErrNotExist) {
			return nil, fmt.Errorf("%s is no run directory: it does not exist", dir)
		} else if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%s is no run directory: it has no %s", dir, manifestFile)
		}
		return nil, err
	}
	if err := r.Manifest.Check(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	path = filepath.Join(dir, endFile)
	err := ReadJSON(path, &r.End)
	ended := err == nil
	if errors.Is(err, fs.ErrNotExist) {
		r.End = End{Reason: Cut, Detail: "the end of the run is missing: andon was killed, or is still running; the figures go up to the last second that was written"}
	} else if err != nil {
		return nil, err
	}
	if wrong := r.End.Wrong(""); wrong != "" {
		return nil, fmt.Errorf("%s: %s", path, wrong)
	}
	samples, damaged, err := readLines[Sample](filepath.Join(dir, samplesFile), maxSamples, ended)
	if err != nil {
		return nil, err
	}
	r.Samples = samples
	r.damaged(false, damaged...)
	if r.Vitals, damaged, err = readLines[Vitals](filepath.Join(dir, vitalsFile), maxVitals, ended); err != nil {
		return nil, err
	}
	r.damaged(true, damaged...)
	// They are written after the rows, so that they are read before.
	if r.sums, damaged, err = readLines[batchSum](filepath.Join(dir, sumsFile), maxVitals, ended); err != nil {
		return nil, err
	}
	r.damaged(false, damaged...)
	return r, nil
}

// damaged takes down what is damaged, and whether figures are lost by it, which leave no verdict.
func (r *Run) damaged(lost bool, list ...string) {
	for _, one := range list {
		if !slices.Contains(r.Damage, one) {
			r.Damage = append(r.Damage, one)
		}
	}
	if len(list) > 0 && lost && r.End.Reason != Cut {
		const most = 3
		told := r.Damage
		if more := len(told) - most; more > 0 {
			told = append(told[:most:most], fmt.Sprintf("and %d places more", more))
		}
		r.End.Reason = Damaged
		r.End.Detail = "not all that was measured can be read any more (restore the run directory from a copy): " + strings.Join(told, "; ")
	}
}

// Check says what keeps figures from being made of a manifest.
func (m Manifest) Check() error {
	switch {
	case m.Schema != manifestSchema:
		return fmt.Errorf("expected \"schema\": %q, found %q; another version of andon wrote it", manifestSchema, m.Schema)
	case len(m.Labels.Classes) == 0 || len(m.Labels.Phases) == 0 || len(m.Labels.Rules) == 0 || m.Labels.Rules[0] != "":
		return errors.New("expected labels with classes, phases and rules, the first of which is \"\"")
	case m.Planned != nil && len(m.Planned) != len(m.Labels.Phases):
		return fmt.Errorf("expected /planned to have %d entries, one for each phase, found %d", len(m.Labels.Phases), len(m.Planned))
	}
	if err := m.Shard.check(); err != nil {
		return err
	}
	for i, p := range m.Planned {
		if len(p) != len(m.Labels.Classes) {
			return fmt.Errorf("expected /planned/%d to have %d entries, one for each class, found %d", i, len(m.Labels.Classes), len(p))
		}
	}
	return nil
}

// Rows gives the run's rows in the order in which the calls ended, with constant memory, and reports whether they are
// all that were written. Where the file was cut off, or a part of it is damaged, the rows of all other batches are
// given, and that is no error: see [Run].Damage.
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
	if len(r.sums) == 0 {
		return readHits(f, info.Size(), path, r.Manifest, each)
	}
	ended := r.End.Reason != Cut
	var read uint64
	var refused error
	in := &proved{f: f, size: info.Size(), path: path, m: r.Manifest, sums: r.sums, ended: ended}
	_, err = readStream(in, math.MaxInt64, path, r.Manifest, func(row *Row) error { read++; refused = each(row); return refused })
	switch {
	case err == nil:
	case refused == nil && in.done && !ended:
		// Only what was being written when the process or the machine died is not proved.
		in.lost = append(in.lost, fmt.Sprintf("%s, behind the last checksum, at byte %d: %v", path, in.at, err))
	default:
		return false, err
	}
	complete = ended && read == r.End.Rows
	if ended && !complete {
		in.lost = slices.Insert(in.lost, 0, fmt.Sprintf("%d of %d calls are missing", r.End.Rows-min(read, r.End.Rows), r.End.Rows))
	}
	r.damaged(!complete, in.lost...)
	return complete, nil
}

// ScenarioFile is the scenario that the run was of, as it lies in the directory; nil where it is not there, or damaged.
func (r *Run) ScenarioFile() ([]byte, error) {
	const name = "scenario.yaml"
	path := filepath.Join(r.Dir, name)
	text, err := regular.Read(path, maxDocument)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	if found, want := hexSum(crc32.Checksum(text, castagnoli)), r.Sums[name]; want != "" && found != want {
		r.damaged(false, fmt.Sprintf("%s is damaged, and left out: its CRC-32C is %s, and should be %s", path, found, want))
		return nil, nil
	}
	return text, nil
}
