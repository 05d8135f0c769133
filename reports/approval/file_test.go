package approval_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/kaizenautomation/andon/reports"
	"github.com/kaizenautomation/andon/reports/approval"
	"github.com/kaizenautomation/andon/reports/reportstest"
	"github.com/kaizenautomation/andon/reports/summary"
)

// What is written conforms to the schema that ships, and reads back as it was.
func TestWrite(t *testing.T) {
	schema := reportstest.Compiled(t, reports.GateSchema)
	bare := approval.Report{Schema: approval.Schema}
	bare.Decide()
	for name, r := range map[string]approval.Report{"all": reportstest.Approval(), "bare": bare} {
		dir := t.TempDir()
		if err := approval.Write(dir, r); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(filepath.Join(dir, approval.File))
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
		read, err := approval.Read(dir)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		// What was no UTF-8 is replaced when it is first written.
		if err := approval.Write(dir, read); err != nil {
			t.Fatal(err)
		}
		if again, err := approval.Read(dir); err != nil || !reflect.DeepEqual(again, read) {
			t.Errorf("%s: it reads back as another: %v", name, err)
		}
	}
}

// The verdict is the worst of the parts': a fail beats no verdict, and what was left out is no pass.
func TestDecide(t *testing.T) {
	for _, c := range []struct {
		outcomes string
		status   string
		code     int
		says     string
	}{
		{"", summary.NoVerdict, 3, "nobody knows whether it is safe to ship"},
		{"pass", summary.Pass, 0, "safe to ship, by description"},
		{"pass pass pass", summary.Pass, 0, "safe to ship, by description, verify and load"},
		{"pass fail left-out", summary.Fail, 1, "not safe to ship: verify failed; load left out"},
		{"no-verdict fail pass", summary.Fail, 1, "not safe to ship: verify failed; description came to no verdict"},
		{"fail fail", summary.Fail, 1, "not safe to ship: description and verify failed"},
		{"pass no-verdict left-out", summary.NoVerdict, 3, "nobody knows whether it is safe to ship: verify came to no verdict; load left out"},
		{"pass left-out", summary.NoVerdict, 3, "nobody knows whether it is safe to ship; verify left out"},
	} {
		var r approval.Report
		for i, outcome := range strings.Fields(c.outcomes) {
			r.Parts = append(r.Parts, approval.Part{Name: []string{approval.Description, approval.Verify, approval.Load}[i], Outcome: outcome, Found: "found"})
		}
		r.Decide()
		if r.Verdict.Status != c.status || r.Verdict.ExitCode != c.code || r.Headline() != c.says {
			t.Errorf("%q: %s, %d, %q", c.outcomes, r.Verdict.Status, r.Verdict.ExitCode, r.Headline())
		}
		if broken := slices.ContainsFunc(r.Checks().Checks, func(k summary.Check) bool { return k.Verdict == summary.CheckBroken }); broken != (c.code == 1) {
			t.Errorf("%q: a check is broken: %t", c.outcomes, broken)
		}
	}
}

// A file that says what cannot be is refused, with the place.
func TestDamaged(t *testing.T) {
	with := func(change func(*approval.Report)) []byte {
		r := reportstest.Approval()
		change(&r)
		var b bytes.Buffer
		if err := approval.Encode(&b, r); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	whole := with(func(*approval.Report) {})
	for name, c := range map[string]struct {
		data    []byte
		want    string
		another bool
	}{
		"cut":             {whole[:2000], "gate.json:", false},
		"changed":         {bytes.Replace(whole, []byte("4100"), []byte("4101"), 1), "it has changed since it was written", false},
		"another version": {[]byte(`{"schema": "andon.gate/2", "x": 1}`), `expected "schema": "andon.gate/1", found "andon.gate/2"`, true},
		"no schema":       {[]byte(`{"verdict": {"status": "pass", "exitCode": 0}}`), "/schema: expected", false},
		"a part":          {with(func(r *approval.Report) { r.Parts[1].Name = "verfy" }), `/parts/1/name: unknown word "verfy"; did you mean "verify"?`, false},
		"an outcome":      {with(func(r *approval.Report) { r.Parts[1].Outcome = "green" }), `/parts/1/outcome: expected pass`, false},
		"a way out":       {with(func(r *approval.Report) { r.Parts[1].Dir = "../x" }), `/parts/1/dir: expected a directory below the gate's`, false},
		"a better verdict": {with(func(r *approval.Report) { r.Verdict.Status, r.Verdict.ExitCode = summary.Pass, 0 }),
			`/verdict: expected fail with the exit code 1, by the parts, found "pass" with 0`, false},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, approval.File), c.data, 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := approval.Read(dir); err == nil || !strings.Contains(err.Error(), c.want) || errors.Is(err, approval.ErrDamaged) == c.another {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// Whatever gate.json holds, it is refused or can be shown.
func FuzzRead(f *testing.F) {
	var b bytes.Buffer
	if err := approval.Encode(&b, reportstest.Approval()); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte(`{"schema":"andon.gate/1","verdict":{"status":"no-verdict","exitCode":3}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, approval.File), data, 0o666); err != nil {
			t.Fatal(err)
		}
		r, err := approval.Read(dir)
		if err != nil {
			return
		}
		if r.Headline() == "" || r.Word() == "" || len(r.Checks().Checks) != len(r.Parts) {
			t.Errorf("%q says %q, %q", data, r.Word(), r.Headline())
		}
		if err := approval.Encode(new(bytes.Buffer), r); err != nil {
			t.Error(err)
		}
	})
}

func TestSchema(t *testing.T) {
	reportstest.CheckSchema(t, reports.GateSchema, reflect.TypeFor[approval.Report]())
}
