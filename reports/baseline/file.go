package baseline

import (
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"

	"github.com/kaizenautomation/andon/reports/compare"
	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/regular"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/text"
)

const (
	// kind begins the first line of a file, and version ends it. What [metrics.Write] writes stands in it, so that the
	// version is another where that is written in another way.
	kind    = "andon.baseline/"
	version = "1"
	head    = kind + version + "\n"
	// maxFile bounds what is read, maxRatio and minInflated what it may grow to, and maxInflated that in any case: 20 runs
	// of an hour take a tenth.
	maxFile     = 32 << 20
	maxRatio    = 200
	minInflated = 1 << 20
	maxInflated = 256 << 20
	// maxRuns bounds how many runs there are, and maxCells how many classes times phases times thresholds each has.
	maxRuns  = 1000
	maxCells = 1 << 20
)

// stored is a run as the file has it: JSON of a [record], and what [metrics.Write] wrote.
type stored struct{ record, histograms []byte }

// record is what is kept of a run besides its histograms: what its run.json says, how it ended, and what its figures
// are worth.
type record struct {
	Manifest results.Manifest `json:"manifest"`
	End      results.End      `json:"end"`
	Validity string           `json:"validity"`
	Reasons  []string         `json:"reasons,omitempty"`
	// Completion is what became of its executions, where they were followed.
	Completion *compare.Completion `json:"completion,omitempty"`
}

// Open reads a baseline.
func Open(path string) (*Baseline, error) {
	data, err := regular.Read(path, maxFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no baseline %s: andon baseline add makes one of runs", path)
	} else if err != nil {
		return nil, err
	}
	b, _, err := parse(path, data)
	return b, err
}

// parse reads a baseline from what its file holds, and what it is stored as.
func parse(path string, data []byte) (*Baseline, []stored, error) {
	all, err := inflate(path, data)
	if err != nil {
		return nil, nil, err
	}
	b := &Baseline{Path: path}
	for i, s := range all {
		r, err := s.run(fmt.Sprintf("%s, run %d", path, i+1))
		if err != nil {
			return nil, nil, err
		}
		b.Runs = append(b.Runs, *r)
	}
	if reasons := alike(b.Runs); len(reasons) > 0 {
		return nil, nil, refused(path+": its runs are not of one load", reasons, "make it anew of the runs")
	}
	return b, all, nil
}

// inflate takes a file apart, without reading what it says of runs.
func inflate(path string, data []byte) ([]stored, error) {
	rest, ok := bytes.CutPrefix(data, []byte(head))
	if !ok {
		line, _, _ := bytes.Cut(data[:min(len(data), 60)], []byte("\n"))
		if other, is := bytes.CutPrefix(line, []byte(kind)); is {
			return nil, fmt.Errorf("%s: expected a baseline of version %s, found %q; another version of andon wrote it: read it with that one, or make it anew of the runs", path, version, other)
		}
		return nil, fmt.Errorf("%s is no baseline: expected it to begin with %q, found %q", path, head, line)
	}
	if len(rest) < sha256.Size {
		return nil, fmt.Errorf("%s is cut off within its head, at byte %d: restore it, or make it anew of the runs", path, len(data))
	}
	sum, body := rest[:sha256.Size], rest[sha256.Size:]
	if found := sha256.Sum256(body); !bytes.Equal(found[:], sum) {
		return nil, fmt.Errorf("%s is damaged: what begins at byte %d has not the SHA-256 that stands before it; restore it, or make it anew of the runs", path, len(data)-len(body))
	}
	limit := min(maxInflated, minInflated+maxRatio*int64(len(body)))
	inflated, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(body)), limit+1))
	if err == nil && int64(len(inflated)) > limit {
		err = errors.New("it grows to more than a baseline can be")
	}
	all, err := split(inflated, err)
	if err != nil {
		return nil, fmt.Errorf("%s is damaged: %w", path, err)
	}
	return all, nil
}

// split reads the list of runs.
func split(data []byte, err error) (all []stored, _ error) {
	at := data
	number := func(most uint64) uint64 {
		n, size := binary.Uvarint(at)
		if err == nil && (size <= 0 || n > most) {
			err = fmt.Errorf("expected a number of at most %d at byte %d of what was compressed", most, len(data)-len(at))
		}
		if err != nil {
			return 0
		}
		at = at[size:]
		return n
	}
	part := func() []byte {
		n := number(uint64(len(at)))
		if n > uint64(len(at)) {
			err = fmt.Errorf("expected %d bytes at byte %d of what was compressed, found %d", n, len(data)-len(at), len(at))
			return nil
		}
		one := at[:n:n]
		at = at[n:]
		return one
	}
	n := number(maxRuns)
	for i := uint64(0); i < n && err == nil; i++ {
		all = append(all, stored{part(), part()})
	}
	switch {
	case err != nil:
		return nil, err
	case n == 0:
		return nil, errors.New("it has no runs")
	case len(at) > 0:
		return nil, fmt.Errorf("expected the end at byte %d of what was compressed", len(data)-len(at))
	}
	return all, nil
}

// run reads a run. The place is for the error.
func (s stored) run(place string) (*compare.Measured, error) {
	var r record
	if err := results.ParseJSON(place, s.record, &r); err != nil {
		return nil, fmt.Errorf("%w; another version of andon may have written it", err)
	}
	if err := r.Manifest.Check(); err != nil {
		return nil, fmt.Errorf("%s: %w", place, err)
	}
	if m := &r.Manifest; len(m.Labels.Classes)*len(m.Labels.Phases)*(1+len(m.Thresholds)) > maxCells {
		return nil, fmt.Errorf("%s: expected at most %d classes times phases times thresholds, found %d × %d × %d", place, maxCells,
			len(m.Labels.Classes), len(m.Labels.Phases), len(m.Thresholds))
	}
	a, v, err := metrics.Read(r.Manifest, bytes.NewReader(s.histograms))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", place, err)
	}
	return &compare.Measured{Manifest: r.Manifest, End: r.End, Validity: r.Validity, Reasons: r.Reasons, Whole: a, Stretches: v, Completion: r.Completion}, nil
}

// store is a run as the file has it.
func store(r *compare.Measured) (s stored, err error) {
	var histograms bytes.Buffer
	if err := metrics.Write(&histograms, r.Whole, r.Stretches); err != nil {
		return s, err
	}
	s.histograms = histograms.Bytes()
	s.record, err = json.Marshal(record{r.Manifest, r.End, r.Validity, r.Reasons, r.Completion})
	return s, err
}

// file is what the file of runs holds.
func file(all []stored) ([]byte, error) {
	plain := binary.AppendUvarint(nil, uint64(len(all)))
	for _, s := range all {
		for _, part := range [][]byte{s.record, s.histograms} {
			plain = append(binary.AppendUvarint(plain, uint64(len(part))), part...)
		}
	}
	var body bytes.Buffer
	deflated, err := flate.NewWriter(&body, flate.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := deflated.Write(plain); err != nil {
		return nil, err
	}
	if err := deflated.Close(); err != nil {
		return nil, err
	}
	if size := len(head) + sha256.Size + body.Len(); len(all) > maxRuns || size > maxFile || len(plain) > maxInflated {
		return nil, fmt.Errorf("a baseline of %s takes %s, more than one can be: prune it", text.Plural(uint64(len(all)), "run"), text.Bytes(uint64(size)))
	}
	sum := sha256.Sum256(body.Bytes())
	return slices.Concat([]byte(head), sum[:], body.Bytes()), nil
}
