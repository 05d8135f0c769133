package summary_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/kaizenautomation/andon/reports/reportstest"
	"github.com/kaizenautomation/andon/reports/summary"
)

func encoded(t testing.TB, v summary.Verification) []byte {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A verification is read as it was written; what is no verification, or not whole, is an error that says where.
func TestReadVerification(t *testing.T) {
	whole := string(encoded(t, reportstest.Found()))
	replaced := func(old, new string) string {
		t.Helper()
		if !strings.Contains(whole, old) {
			t.Fatalf("there is no %s", old)
		}
		return strings.Replace(whole, old, new, 1)
	}
	for why, c := range map[string]struct{ text, want string }{
		"empty":               {"", "verification.json:1: EOF"},
		"cut off":             {whole[:len(whole)/2], "unexpected EOF"},
		"no JSON":             {"schema: x", "verification.json:1: invalid character"},
		"of a run":            {`{"schema": "andon.summary/3", "run": {}}`, `expected "schema": "andon.verification/2", found "andon.summary/3"; another version of andon wrote it`},
		"newer":               {replaced(`"andon.verification/2"`, `"andon.verification/9", "more": 1`), `found "andon.verification/9"`},
		"a list":              {"[]", "verification.json:1: "},
		"null":                {"null", "/schema: expected"},
		"a word too many":     {replaced(`"target"`, `"tarjet"`), `unknown field "tarjet"`},
		"another type":        {replaced(`"planned": `, `"planned": "x`+"\",\n  \"leftOut\": "), "verification.json:"},
		"more behind":         {whole + "{}", "there is more behind the document"},
		"an unknown status":   {replaced(`"status": "fail"`, `"status": "failed"`), `verdict: expected pass, fail or no-verdict`},
		"an exit code":        {replaced(`"exitCode": 1`, `"exitCode": 0`), `found "fail" with 0`},
		"an unknown verdict":  {replaced(`"verdict": "held"`, `"verdict": "hald"`), `/checks/14/verdict: unknown word "hald"; did you mean "held"?`},
		"no such deviation":   {replaced(`"deviation": 1`, `"deviation": 7`), "the deviation 7 is not among the 3 there are"},
		"a negative count":    {replaced(`"accepted": 9`, `"accepted": -9`), "counts of 0 or more"},
		"a count too few":     {replaced(`"leftOut": 7`, `"leftOut": -7`), "counts of 0 or more"},
		"part of a count":     {replaced(`"leftOut": 7`, `"leftOut": 1e7`), "counts of 0 or more"},
		"a negative duration": {replaced(`"seconds": 0.012`, `"seconds": -1`), "/checks/0: expected seconds"},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, summary.VerificationFile), []byte(c.text), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := summary.VerificationDocument().Read(dir); err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), filepath.Join(dir, "verification.json")) {
			t.Errorf("%s: %v, want %q", why, err, c.want)
		}
	}
	v, err := summary.VerificationDocument().Parse("x", []byte(whole))
	// What is no UTF-8 cannot stand in JSON, and nothing else is lost.
	if err != nil || strings.ReplaceAll(string(encoded(t, v)), "\ufffd", `\ufffd`) != whole {
		t.Errorf("it is read as another: %v", err)
	}
	dir := t.TempDir()
	if _, err := summary.VerificationDocument().Read(dir); !os.IsNotExist(err) {
		t.Errorf("nothing is read: %v", err)
	}
	// A file without an end of it is not read to its end.
	large, err := os.Create(filepath.Join(dir, summary.VerificationFile))
	if err != nil {
		t.Fatal(err)
	}
	if err := large.Truncate(1 << 40); err != nil {
		t.Skip(err)
	}
	_ = large.Close()
	if _, err := summary.VerificationDocument().Read(dir); err == nil || !strings.Contains(err.Error(), "larger than 256 MiB") {
		t.Errorf("much is read: %v", err)
	}
}

// Whatever a file holds, reading it does not panic; and what is read can be written and read again.
func FuzzParseVerification(f *testing.F) {
	f.Add(encoded(f, reportstest.Found()))
	f.Add(encoded(f, summary.Verification{Schema: summary.VerificationSchema, Verdict: summary.Verdict{Status: summary.Pass}}))
	f.Add([]byte(`{"schema":"andon.verification/2","verdict":{"status":"pass"},"checks":[{"verdict":"held","deviation":-1}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := summary.VerificationDocument().Parse("x", data)
		if err != nil {
			return
		}
		for _, verdict := range []string{summary.CheckHeld, summary.CheckBroken, summary.CheckWaived} {
			summary.Findings(v.Checks, verdict)
		}
		v.Covered()
		again, err := summary.VerificationDocument().Parse("x", encoded(t, v))
		if err != nil {
			t.Fatal(err)
		}
		if third, err := summary.VerificationDocument().Parse("x", encoded(t, again)); err != nil || !reflect.DeepEqual(again, third) {
			t.Fatalf("%v", err)
		}
	})
}
