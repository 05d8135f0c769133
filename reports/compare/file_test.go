package compare_test

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
	"github.com/kaizenautomation/andon/reports/compare"
	"github.com/kaizenautomation/andon/reports/reportstest"
	"github.com/kaizenautomation/andon/reports/summary"
)

// bare is a comparison of nothing.
func bare() compare.Report {
	return compare.Report{Schema: compare.Schema, Confidence: 0.9, Verdict: summary.Verdict{Status: summary.NoVerdict, ExitCode: 3}}
}

// all are comparisons of every kind.
func all() map[string]compare.Report {
	empty := bare()
	empty.Paired, empty.Curves = &compare.Paired{Points: []compare.PairPoint{{}}}, []compare.Curves{{}}
	return map[string]compare.Report{"full": reportstest.Comparison(), "one": reportstest.ComparisonOfOne(), "forced": reportstest.ComparisonForced(), "paired": reportstest.ComparisonPaired(),
		"alarm": reportstest.ComparisonControl(true), "control": reportstest.ComparisonControl(false), "bare": bare(), "empty": empty}
}

// What is written conforms to the schema that ships, and reads back as it was.
func TestWrite(t *testing.T) {
	schema := reportstest.Compiled(t, reports.ComparisonSchema)
	for name, r := range all() {
		dir := t.TempDir()
		if err := compare.Write(dir, r); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(filepath.Join(dir, compare.File))
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
		read, err := compare.Read(dir)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		// What was no UTF-8 is replaced when it is first written.
		if err := compare.Write(dir, read); err != nil {
			t.Fatal(err)
		}
		if again, err := compare.Read(dir); err != nil || !reflect.DeepEqual(again, read) {
			t.Errorf("%s: it reads back as another: %v", name, err)
		}
	}
}

// Every field has its place in the schema, and every place has its field.
func TestSchemaHasEveryField(t *testing.T) {
	reportstest.CheckSchema(t, reports.ComparisonSchema, reflect.TypeFor[compare.Report]())
}

// What cannot be is told with its place, and what another version wrote is not called damaged.
func TestRead(t *testing.T) {
	if _, err := compare.Read(t.TempDir()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a file: %v", err)
	}
	with := func(change func(*compare.Report)) []byte {
		r := reportstest.Comparison()
		change(&r)
		var b bytes.Buffer
		if err := compare.Encode(&b, r); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	whole := with(func(*compare.Report) {})
	for name, c := range map[string]struct {
		data    []byte
		want    string
		another bool
	}{
		"cut":             {whole[:3000], "comparison.json:", false},
		"changed":         {bytes.Replace(whole, []byte("0.235"), []byte("0.035"), 1), "it has changed since it was written", false},
		"nothing":         {nil, "comparison.json:1: ", false},
		"another version": {[]byte(`{"schema": "andon.comparison/2", "found": 1}`), `expected "schema": "andon.comparison/1", found "andon.comparison/2"`, true},
		"no schema":       {[]byte(`{"verdict": {"status": "pass", "exitCode": 0}}`), "/schema: expected", false},
		"a field more":    {[]byte(`{"schema": "andon.comparison/1", "founded": 1}`), `unknown field "founded"`, false},
		"no verdict":      {with(func(r *compare.Report) { r.Verdict.ExitCode = 0 }), `/verdict: expected pass, fail or no-verdict with the exit code 0, 1 or 3, found "fail" with 0`, false},
		"no confidence":   {with(func(r *compare.Report) { r.Confidence = 0 }), "/confidence: expected more than 0 and less than 1, found 0", false},
		"a kind":          {with(func(r *compare.Report) { r.Rows[3].Kind = "teir" }), `/rows/3/kind: unknown word "teir"; did you mean "tier"?`, false},
		"a unit":          {with(func(r *compare.Report) { r.Rows[3].Unit = "" }), `/rows/3/unit: unknown word ""`, false},
		"a verdict":       {with(func(r *compare.Report) { r.Rows[0].Verdict = "held" }), `/rows/0/verdict: unknown word "held"`, false},
		"turned round":    {with(func(r *compare.Report) { r.Rows[1].Low, r.Rows[1].High = r.Rows[1].High, r.Rows[1].Low }), "/rows/1: expected a low end that is not above", false},
		"undecided":       {with(func(r *compare.Report) { r.Rows[1].Verdict = compare.Looked }), `/rows/1: expected a verdict of what is declared, and "looked" of what is not, found "looked"`, false},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, compare.File), c.data, 0o666); err != nil {
			t.Fatal(err)
		}
		_, err := compare.Read(dir)
		if err == nil || !strings.Contains(err.Error(), c.want) || errors.Is(err, compare.ErrDamaged) == c.another {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// Whatever comparison.json holds, it is refused or can be shown: its words, its checks, and itself again.
func FuzzRead(f *testing.F) {
	for _, r := range all() {
		for _, side := range []*compare.Side{&r.Base, &r.New} { // what is short is soon changed
			side.Runs = side.Runs[:min(len(side.Runs), 1)]
			for i := range side.Runs {
				side.Runs[i].Times = side.Runs[i].Times[:1]
			}
		}
		r.Rows = r.Rows[:min(len(r.Rows), 5)]
		for i := range r.Curves {
			r.Curves[i] = compare.Curves{Tier: r.Curves[i].Tier}
		}
		var b bytes.Buffer
		if err := compare.Encode(&b, r); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
	}
	f.Add([]byte(`{"schema":"andon.comparison/1","verdict":{"status":"pass","exitCode":0},"confidence":0.9,"rows":[{"kind":"all","unit":"share","verdict":"drift","declared":true,"low":-1e308,"high":1e308,"change":1,"visible":1e-300}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, compare.File), data, 0o666); err != nil {
			t.Fatal(err)
		}
		r, err := compare.Read(dir)
		if err != nil {
			return
		}
		if r.Headline() == "" || r.Word() == "" || len(r.Checks().Checks) < len(r.Declared()) {
			t.Errorf("%q says %q, %q", data, r.Word(), r.Headline())
		}
		r.Chances()
		r.Beside()
		for _, row := range r.Rows {
			if n := len(row.Remark()); n > 2000+8*len(row.Reason) {
				t.Errorf("a remark of %d bytes", n)
			}
		}
		var b bytes.Buffer
		if err := compare.Encode(&b, r); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, compare.File), b.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
		if again, err := compare.Read(dir); err != nil || again.Headline() != r.Headline() {
			t.Errorf("it reads back as %q, %v", again.Headline(), err)
		}
	})
}
