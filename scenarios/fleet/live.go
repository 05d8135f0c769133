package fleet

import (
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
)

// A meter makes increments of what a worker measures. What is measured comes from one goroutine, and increments are
// taken by another.
type meter struct {
	mu       sync.Mutex
	manifest results.Manifest
	rows     []results.Row
	inFlight int
	// began is the run's zero.
	began time.Time
	// whole says that increments have rows, and no figures.
	whole bool

	// known is up to which moment of the run everything is in increments.
	known float64
	// n counts the increments, and open are those that nobody has taken yet.
	n    uint64
	open []*increment
}

// begin says what the run is, when it began, and whether rows are wanted.
func (m *meter) begin(manifest results.Manifest, at time.Time, whole bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.manifest, m.began, m.whole = manifest, at, whole
}

func (m *meter) observe(r results.Row) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.rows = append(m.rows, r)
}

func (m *meter) tick(inFlight int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.inFlight = inFlight
}

// cut closes an increment, if there is anything in it, and gives the first that was not taken yet.
func (m *meter) cut(now time.Time) (first *increment, seconds float64, inFlight int, err error) {
	m.mu.Lock()
	rows, manifest, whole := m.rows, m.manifest, m.whole
	m.rows = nil
	if inFlight = m.inFlight; !m.began.IsZero() {
		seconds = max(now.Sub(m.began).Seconds(), 0)
	}
	m.mu.Unlock()
	for len(rows) > 0 {
		next := increment{N: m.n + 1, Seconds: seconds}
		if whole && len(rows) > mostRows {
			// What is left is of the same time.
			next.Seconds = m.known
			next.Rows, err = encodeRows(rows[:mostRows])
			rows = rows[mostRows:]
		} else if whole {
			next.Rows, err = encodeRows(rows)
			rows = nil
		} else {
			next.Data, err = encode(manifest, rows)
			rows = nil
		}
		if err != nil {
			return nil, 0, 0, err
		}
		m.n++
		m.open = append(m.open, &next)
	}
	m.known = seconds
	if len(m.open) > 0 {
		first = m.open[0]
	}
	return first, seconds, inFlight, nil
}

// taken says up to which increment all were taken, and reports whether none is left.
func (m *meter) taken(n uint64) bool {
	for len(m.open) > 0 && m.open[0].N <= n {
		m.open = m.open[1:]
	}
	return len(m.open) == 0
}

// encode gives the figures of some rows.
func encode(m results.Manifest, rows []results.Row) ([]byte, error) {
	a := metrics.Of(m)
	if err := a.AddBatch(rows); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, flate.BestSpeed)
	if err != nil {
		return nil, err
	}
	if err := metrics.Write(w, a, metrics.NewStretches(m.Labels)); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// mostOfIncrement bounds what an increment may grow to.
const mostOfIncrement = 64 << 20

// decode reads what encode has given. m is the run's.
func decode(m results.Manifest, data []byte) (*metrics.Aggregator, error) {
	a, _, err := metrics.Read(m, io.LimitReader(flate.NewReader(bytes.NewReader(data)), mostOfIncrement))
	if err != nil {
		return nil, fmt.Errorf("an increment cannot be read: %w", err)
	}
	return a, nil
}

// A sum is what the workers have measured together so far.
type sum struct {
	manifest results.Manifest
	whole    *metrics.Aggregator
	// each is of one shard; nil before its first increment.
	each []*metrics.Aggregator
}

func newSum(m results.Manifest, workers int) *sum {
	return &sum{manifest: m, whole: metrics.Of(m), each: make([]*metrics.Aggregator, workers)}
}

// add takes an increment of a shard.
func (s *sum) add(shard int, data []byte) error {
	a, err := decode(s.manifest, data)
	if err != nil {
		return err
	}
	if s.each[shard] == nil {
		s.each[shard] = metrics.Of(s.manifest)
	}
	s.each[shard].Merge(a)
	s.whole.Merge(a)
	return nil
}

// rows are those of a shard, in the place of their figures.
func (s *sum) rows(shard int, data []byte) ([]results.Row, error) {
	return decodeRows(data, results.Shard{Index: shard, Of: len(s.each)}, s.manifest.Labels)
}

// addRows takes rows of a shard.
func (s *sum) addRows(shard int, rows []results.Row) error {
	if s.each[shard] == nil {
		s.each[shard] = metrics.Of(s.manifest)
	}
	return errors.Join(s.each[shard].AddBatch(rows), s.whole.AddBatch(rows))
}

// same says how the figures of a shard differ from those of its run directory; empty where they are the same, bit for
// bit.
func (s *sum) same(shard int, run *results.Run) error {
	kept, _, err := metrics.Kept(run)
	if err != nil {
		// Where the run kept no figures, they are those of its rows.
		kept = metrics.Of(run.Manifest)
		if err := run.Batches(kept.AddBatch); err != nil {
			return err
		}
	}
	told := s.each[shard]
	if told == nil {
		told = metrics.Of(s.manifest)
	}
	var a, b bytes.Buffer
	none := metrics.NewStretches(s.manifest.Labels)
	if err := metrics.Write(&a, told, none); err != nil {
		return err
	}
	if err := metrics.Write(&b, kept, none); err != nil {
		return err
	}
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		return fmt.Errorf("what shard %d told while it ran is not what its files have: expected %d calls as in its files, found %d", shard, kept.Running().Sent, told.Running().Sent)
	}
	return nil
}
