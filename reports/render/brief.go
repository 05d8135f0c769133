package render

import (
	"bytes"
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
	said := []string{text.Plural(f.Sent, "call") + " at " + text.RateOf(f.Rate.Achieved, f.Rate.Planned), name + " " + text.Duration(value), "errors " + errors}
	if shed := f.Of(results.OutcomeShed); shed > 0 {
		said = append(said, "shed "+o.paint(text.Red, text.Share(shed, f.Sent)))
	}
	o.flow(&b, said)
	o.flow(&b, s.briefly(o))
	if note := s.MostlyWarmup(); note != "" {
		wrap(&b, note, o.Width)
	}
	o.flow(&b, s.knownBy(text.Printable))
	o.named(&b, "report:", o.Dir, "")
	o.named(&b, "andon report", o.Dir, "shows all tables")
	_, err := io.WriteString(w, text.Inert(b.String()))
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
