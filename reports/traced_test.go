package reports

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/kaizenautomation/andon/reports/results"
)

// Where calls carried a trace-id, the slowest of each class are listed with it; else they are in summary.json alone.
func TestTraced(t *testing.T) {
	m := manifest()
	m.Traces = 7
	m.Labels.Classes[0].Name = hostile
	agg := fixture(t, m, func(r *results.Row) {
		if r.N == 777 {
			r.Error, r.Status, r.Service = results.TimeoutWaiting, 0, 30
		}
	})
	s := Summarize(m, nil, nil, results.End{Reason: results.Finished, Seconds: 55.2}, agg)
	if len(s.Slowest) != 3*len(m.Labels.Classes) {
		t.Fatalf("%d slow calls", len(s.Slowest))
	}
	for _, h := range s.Slowest {
		if want := fmt.Sprintf("%x", results.TraceID(m.Traces, uint64(h.N))); h.TraceID != want {
			t.Errorf("hit %d: %s, want %s", h.N, h.TraceID, want)
		}
	}
	var text, md bytes.Buffer
	if err := Terminal(&text, s, TerminalOptions{Width: 110}); err != nil {
		t.Fatal(err)
	}
	if err := Markdown(&md, s); err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(text.String(), "Slowest calls\n")
	table, _, _ = strings.Cut(table, "\n\n")
	_, mdTable, _ := strings.Cut(md.String(), "### Slowest calls\n")
	mdTable, _, _ = strings.Cut(mdTable, "\n### ")
	golden(t, "traced.txt", []byte(table+"\n"+mdTable))

	encoded, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(encoded))
	if err != nil {
		t.Fatal(err)
	}
	if err := compiled(t).Validate(value); err != nil {
		t.Error(err)
	}

	plain := passing(t)
	if len(plain.Slowest) == 0 || plain.Slowest[0].TraceID != "" {
		t.Errorf("%+v", plain.Slowest)
	}
}
