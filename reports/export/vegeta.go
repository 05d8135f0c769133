package export

import (
	"cmp"
	"encoding/csv"
	"encoding/gob"
	"io"
	"maps"
	"math/bits"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/text"
)

// vegetaResult is a result as vegeta's own files hold it; gob goes by the names and types of the fields.
type vegetaResult struct {
	Attack    string
	Seq       uint64
	Code      uint16
	Timestamp time.Time
	Latency   time.Duration
	BytesOut  uint64
	BytesIn   uint64
	Error     string
	Body      []byte
	Method    string
	URL       string
	Headers   map[string][]string
}

// VegetaGob writes the calls in vegeta's own encoding. What is in it, see VegetaCSV.
func VegetaGob(w io.Writer, runs ...*results.Run) error {
	e := gob.NewEncoder(w)
	return eachRun(runs, func(run *results.Run) (func([]results.Row) error, error) {
		v, err := newNumbered(run)
		return results.Each(func(r results.Row) error {
			if !v.has(r) {
				return nil
			}
			return e.Encode(&vegetaResult{
				Attack: run.ID, Seq: v.seq(r), Code: r.Status, Timestamp: run.Started.Add(r.Due), Latency: r.Latency(),
				BytesOut: uint64(r.BytesOut), BytesIn: uint64(r.BytesIn), Error: vegetaError(r), Method: v.method, URL: v.urls[r.Class],
			})
		}), err
	})
}

// VegetaCSV writes a line for each call of the measured phases that was sent or dropped, as vegeta encode -to csv does,
// so that vegeta's report counts what andon's does. The time of a call is when it was due, and its latency counts from
// there. A call without a whole response, or with a status that vegeta takes for none of success, has an error: its
// kind, or the status in words. An answer that breaks the contract is no error of vegeta's. The URL names the class in
// its fragment; there are no bodies and no heads. Results are numbered by their due times, as vegeta's plot wants them.
func VegetaCSV(w io.Writer, runs ...*results.Run) error {
	return eachRun(runs, func(run *results.Run) (func([]results.Row) error, error) {
		v, err := newNumbered(run)
		attack, method := field(run.ID), field(v.method)
		began := run.Started.UnixNano()
		var urls []string
		for _, u := range v.urls {
			urls = append(urls, field(u))
		}
		var b []byte
		return func(rows []results.Row) error {
			b = b[:0]
			for _, r := range rows {
				if !v.has(r) {
					continue
				}
				b = append(strconv.AppendInt(b, began+int64(r.Due), 10), ',')
				b = append(strconv.AppendUint(b, uint64(r.Status), 10), ',')
				b = append(strconv.AppendInt(b, int64(r.Latency()), 10), ',')
				b = append(strconv.AppendUint(b, uint64(r.BytesOut), 10), ',')
				b = append(strconv.AppendUint(b, uint64(r.BytesIn), 10), ',')
				b = append(append(b, vegetaError(r)...), ",,"...) // no comma or quote is in it; the body is empty
				b = append(append(b, attack...), ',')
				b = append(strconv.AppendUint(b, v.seq(r), 10), ',')
				b = append(append(b, method...), ',')
				b = append(append(b, urls[r.Class]...), ",\n"...)
			}
			_, err := w.Write(b)
			return err
		}, err
	})
}

// eachRun hands all rows to what take makes for each run.
func eachRun(runs []*results.Run, take func(*results.Run) (func([]results.Row) error, error)) error {
	for _, run := range runs {
		t, err := take(run)
		if err != nil {
			return err
		}
		if err := run.Batches(t); err != nil {
			return err
		}
	}
	return nil
}

// field is a text as a field of CSV.
func field(s string) string {
	var b strings.Builder
	w := csv.NewWriter(&b)
	_ = w.Write([]string{s, ""}) // a builder takes whatever it is given
	w.Flush()
	return strings.TrimSuffix(b.String(), ",\n")
}

// numbered is what the results of a run have in common.
type numbered struct {
	phases []results.Phase
	method string
	urls   []string // by class
	// pages are of the calls that are written, by number / pageCalls. A number that was damaged may be any.
	pages map[uint32]*page
}

// page has a bit for each of its calls that is written; before counts the bits in all words before each.
type page struct {
	taken  [pageCalls / 64]uint64
	before [pageCalls / 64]uint32
}

const pageCalls = 1 << 12

// newNumbered reads the rows once, for their numbers: those of warm-ups and of calls that were never sent are left out,
// and vegeta's plot waits for every number from 0.
func newNumbered(run *results.Run) (*numbered, error) {
	// Runs that do not say which call was made are of a time when there was one alone.
	method, path := cmp.Or(run.Method, http.MethodPost), cmp.Or(run.Path, "/agents/execute")
	v := &numbered{phases: run.Labels.Phases, method: method, pages: map[uint32]*page{}}
	for _, c := range run.Labels.Classes {
		v.urls = append(v.urls, strings.TrimSuffix(run.Target, "/")+path+"#"+text.Token(c.Name))
	}
	_, err := run.Rows(func(r results.Row) error {
		if v.has(r) {
			p := v.pages[r.N/pageCalls]
			if p == nil {
				p = &page{}
				v.pages[r.N/pageCalls] = p
			}
			p.taken[r.N%pageCalls/64] |= 1 << (r.N % 64)
		}
		return nil
	})
	n := uint32(0)
	for _, at := range slices.Sorted(maps.Keys(v.pages)) {
		p := v.pages[at]
		for i, word := range p.taken {
			p.before[i] = n
			n += uint32(bits.OnesCount64(word))
		}
	}
	return v, err
}

func (v *numbered) has(r results.Row) bool {
	return (r.Sent() || r.Error == results.Dropped) && !v.phases[r.Phase].Warmup
}

// seq is how many of the results have a lower number.
func (v *numbered) seq(r results.Row) uint64 {
	p, word := v.pages[r.N/pageCalls], r.N%pageCalls/64
	return uint64(p.before[word]) + uint64(bits.OnesCount64(p.taken[word]&(1<<(r.N%64)-1)))
}

// vegetaError is what vegeta would say of a call.
func vegetaError(r results.Row) string {
	switch {
	case !r.Completed():
		return r.Error.String()
	case r.Status < 200 || r.Status >= 400:
		return strings.TrimSpace(strconv.Itoa(int(r.Status)) + " " + http.StatusText(int(r.Status)))
	}
	return ""
}
