package render

import (
	"bytes"
	"fmt"
	"io"
	"slices"

	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
)

// maxCauses is how many causes of a verdict [Brief] shows.
const maxCauses = 4

// Brief writes the verdict, three numbers and where the report is: for a person who has watched the run.
func Brief(w io.Writer, of summary.Summary, o Options) error {
	s := run{of}
	if o.Width <= 0 {
		o.Width = 100
	}
	var b bytes.Buffer
	s.writeVerdict(&b, o, maxCauses)
	f := s.Total
	name, value := s.tail()
	errors := text.Share(f.Failed(), f.Sent)
	if f.Failed() > 0 {
		errors = o.paint(text.Red, errors)
	}
	if shed := f.Of(results.OutcomeShed); shed > 0 {
		errors += " · shed " + o.paint(text.Red, text.Share(shed, f.Sent))
	}
	fmt.Fprintf(&b, "  %s at %s · %s %s · errors %s\n", text.Plural(f.Sent, "call"), text.RateOf(f.Rate.Achieved, f.Rate.Planned), name, text.Duration(value), errors)
	if note := s.MostlyWarmup(); note != "" {
		wrap(&b, note, o.Width)
	}
	if known := s.knownBy(text.Printable); known != "" {
		fmt.Fprintf(&b, "  %s\n", known)
	}
	if o.Dir != "" {
		fmt.Fprintf(&b, "  report: %s\n  andon report %[1]s shows all tables\n", text.Printable(o.Dir, 4096))
	}
	_, err := w.Write(b.Bytes())
	return err
}

// tail is the highest percentile up to the 99th that the samples support.
func (s run) tail() (name string, value *float64) {
	x := s.Times(s.Total)
	kind := "latency"
	if s.Run.ClosedLoop {
		kind = "service time"
	}
	for _, p := range slices.Backward(x.Percentiles()) {
		if p.P <= 99 && p.Value != nil {
			return p.Name + " " + kind, p.Value
		}
	}
	return "max " + kind, x.Max
}
