package sizing_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/kaizenautomation/andon/reports"
	"github.com/kaizenautomation/andon/reports/reportstest"
	"github.com/kaizenautomation/andon/reports/sizing"
	"github.com/kaizenautomation/andon/reports/summary"
)

// bare is a search that came to nothing at all.
func bare() sizing.Report {
	return sizing.Report{Schema: sizing.Schema, Run: sizing.Run{Arrivals: "poisson", Ended: sizing.EndedUnreachable}, Verdict: summary.Verdict{Status: summary.NoVerdict, ExitCode: 3}}
}

// What is written conforms to the schema that ships, and reads back as it was.
func TestWrite(t *testing.T) {
	schema := reportstest.Compiled(t, reports.CapacitySchema)
	empty := bare()
	empty.Mix, empty.Isolation, empty.Scaling, empty.Replicas = &sizing.Mix{}, &sizing.Isolation{}, &sizing.Scaling{}, &sizing.Replicas{}
	empty.Trials = []sizing.Trial{{Outcome: sizing.Void}}
	for name, r := range map[string]sizing.Report{"all": reportstest.Sizing(), "bare": bare(), "empty parts": empty} {
		dir := t.TempDir()
		if err := sizing.Write(dir, r); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(filepath.Join(dir, sizing.File))
		if err != nil {
			t.Fatal(err)
		}
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(value); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		read, err := sizing.Read(dir)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		// What was no UTF-8 is replaced when it is first written.
		if err := sizing.Write(dir, read); err != nil {
			t.Fatal(err)
		}
		if again, err := sizing.Read(dir); err != nil || !reflect.DeepEqual(again, read) {
			t.Errorf("%s: it reads back as another: %v", name, err)
		}
	}
}

// Every field has its place in the schema, and every place has its field.
func TestSchemaHasEveryField(t *testing.T) {
	reportstest.CheckSchema(t, reports.CapacitySchema, reflect.TypeFor[sizing.Report]())
}

// What cannot be is told with its place, and what another version wrote is not called damaged.
func TestRead(t *testing.T) {
	if _, err := sizing.Read(t.TempDir()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a file: %v", err)
	}
	var whole bytes.Buffer
	if err := sizing.Encode(&whole, reportstest.Sizing()); err != nil {
		t.Fatal(err)
	}
	with := func(change func(*sizing.Report)) []byte {
		r := reportstest.Sizing()
		change(&r)
		var b bytes.Buffer
		if err := sizing.Encode(&b, r); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	for name, c := range map[string]struct {
		data    []byte
		want    string
		another bool
	}{
		"cut":               {whole.Bytes()[:3000], "capacity.json:", false},
		"changed":           {bytes.Replace(whole.Bytes(), []byte("73.1"), []byte("93.1"), 1), "it has changed since it was written", false},
		"nothing":           {nil, "capacity.json:1: ", false},
		"another version":   {[]byte(`{"schema": "andon.capacity/2", "found": 1}`), `expected "schema": "andon.capacity/1", found "andon.capacity/2"`, true},
		"no schema":         {[]byte(`{"verdict": {"status": "pass", "exitCode": 0}}`), "/schema: expected", false},
		"a field more":      {[]byte(`{"schema": "andon.capacity/1", "founded": 1}`), `unknown field "founded"`, false},
		"no verdict":        {with(func(r *sizing.Report) { r.Verdict.ExitCode = 1 }), `/verdict: expected pass, fail or no-verdict with the exit code 0, 1 or 3, found "pass" with 1`, false},
		"an answer":         {with(func(r *sizing.Report) { r.Need.Answer = "yse" }), `/need/answer: unknown word "yse"; did you mean "yes"?`, false},
		"a kind":            {with(func(r *sizing.Report) { r.Completion.Kind = "" }), `/completion/kind: unknown word ""`, false},
		"half an interval":  {with(func(r *sizing.Report) { r.Acceptance.High = nil }), "/acceptance: expected an interval", false},
		"turned round":      {with(func(r *sizing.Report) { r.Acceptance.Low, r.Acceptance.High = r.Acceptance.High, r.Acceptance.Low }), "/acceptance: expected an interval", false},
		"at least nothing":  {with(func(r *sizing.Report) { r.Mix.Points[4].Capacity.Low = nil }), "/mix/points/4/capacity: expected the low end", false},
		"at most nothing":   {with(func(r *sizing.Report) { r.Completion.Kind, r.Completion.High = sizing.AtMost, nil }), "/completion: expected the high end", false},
		"a third objective": {with(func(r *sizing.Report) { r.Acceptance.Broke.Objective = 2 }), "/acceptance/broke/objective: expected one of 2 objectives, counted from 0, found 2", false},
		"an outcome":        {with(func(r *sizing.Report) { r.Trials[3].Outcome = "fail" }), `/trials/3/outcome: unknown word "fail"`, false},
		"too many shares":   {with(func(r *sizing.Report) { r.Trials[5].Shares = make([]float64, 3) }), "/trials/5/shares: expected one for each of 2 objectives at most, found 3", false},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, sizing.File), c.data, 0o666); err != nil {
			t.Fatal(err)
		}
		_, err := sizing.Read(dir)
		if err == nil || !strings.Contains(err.Error(), c.want) || errors.Is(err, sizing.ErrDamaged) == c.another {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, sizing.File), make([]byte, 16<<20+1), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := sizing.Read(dir); err == nil || !strings.Contains(err.Error(), "is larger than 16 MiB") {
		t.Errorf("too large: %v", err)
	}
}

// Whatever capacity.json holds, it is refused or can be shown: its words, its checks, and itself again.
func FuzzRead(f *testing.F) {
	for _, r := range []sizing.Report{reportstest.Sizing(), bare()} {
		var b bytes.Buffer
		if err := sizing.Encode(&b, r); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
	}
	f.Add([]byte(`{"schema":"andon.capacity/1","verdict":{"status":"pass","exitCode":0},"need":{"answer":"no"},"acceptance":{"kind":"at-most","high":-1e308},"onsets":[{}],"scaling":{},"trials":[{"outcome":"void"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, sizing.File), data, 0o666); err != nil {
			t.Fatal(err)
		}
		r, err := sizing.Read(dir)
		if err != nil {
			return
		}
		if r.Headline() == "" || r.Word() == "" || len(r.Checks().Checks) < 3 {
			t.Errorf("%q says %q, %q", data, r.Word(), r.Headline())
		}
		said(r)
		var b bytes.Buffer
		if err := sizing.Encode(&b, r); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, sizing.File), b.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
		if again, err := sizing.Read(dir); err != nil || again.Headline() != r.Headline() {
			t.Errorf("it reads back as %q, %v", again.Headline(), err)
		}
	})
}

// said are all sentences of a report.
func said(r sizing.Report) (list []string) {
	list = append(list, r.Headline(), r.Run.Ending(), r.Budget.String())
	if r.Need != nil {
		list = append(list, r.Need.String())
	}
	for _, c := range []*sizing.Capacity{r.Acceptance, r.Completion} {
		if c != nil {
			list = append(append(list, c.String()), c.Sentences()...)
		}
	}
	for _, o := range r.Onsets {
		list = append(list, o.String())
	}
	if r.Mix != nil {
		list = append(list, r.Mix.String())
	}
	if r.Isolation != nil {
		list = append(list, r.Isolation.String())
	}
	if r.Scaling != nil {
		list = append(list, r.Scaling.Sentences()...)
	}
	if r.Replicas != nil {
		list = append(list, r.Replicas.String())
	}
	if r.Soak != nil {
		list = append(list, r.Soak.String())
	}
	for _, t := range r.Trials {
		list = append(list, t.Load())
	}
	return list
}
