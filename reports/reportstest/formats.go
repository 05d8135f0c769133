package reportstest

import (
	"encoding/json"
	"encoding/xml"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kaizenautomation/andon/reports/summary"
)

var annotation = regexp.MustCompile(`^::(notice|warning|error) (?:file=[^:,\r\n]+,line=[0-9]+,)?title=[^:,\r\n]*::[^\r\n]*$`)

// CheckAnnotations holds a text against what the runner takes for commands.
func CheckAnnotations(t testing.TB, out []byte) {
	t.Helper()
	for line := range strings.Lines(string(out)) {
		line = strings.TrimSuffix(line, "\n")
		if !annotation.MatchString(line) || strings.Contains(line, "##[") {
			t.Errorf("no single annotation: %.200q", line)
		}
		for _, c := range regexp.MustCompile("%..?").FindAllString(line, -1) {
			if !slices.Contains([]string{"%25", "%0A", "%3A", "%2C"}, c) {
				t.Errorf("%q stands in %.200q", c, line)
			}
		}
	}
}

// CheckNoCommand holds a text against what a runner takes for commands on the output of a step: there is none.
func CheckNoCommand(t testing.TB, name string, out []byte) {
	t.Helper()
	for line := range strings.Lines(string(out)) {
		if strings.HasPrefix(strings.TrimSpace(line), "::") || strings.Contains(line, "##[") {
			t.Errorf("%s has a command: %.200q", name, line)
		}
	}
}

type junit struct {
	XMLName xml.Name `xml:"testsuites"`
	Suites  []struct {
		Name      string   `xml:"name,attr"`
		Tests     int      `xml:"tests,attr"`
		Failures  int      `xml:"failures,attr"`
		Errors    int      `xml:"errors,attr"`
		Skipped   int      `xml:"skipped,attr"`
		Time      *float64 `xml:"time,attr"`
		Timestamp string   `xml:"timestamp,attr"`
		Cases     []struct {
			Name  string    `xml:"name,attr"`
			Class string    `xml:"classname,attr"`
			Time  *float64  `xml:"time,attr"`
			Parts []xmlPart `xml:",any"`
			Text  string    `xml:",chardata"`
		} `xml:"testcase"`
		Known xmlPart   `xml:"properties"`
		Other []xmlPart `xml:",any"`
	} `xml:"testsuite"`
	Other []xmlPart `xml:",any"`
}

type xmlPart struct {
	XMLName xml.Name
	Message *string    `xml:"message,attr"`
	Type    string     `xml:"type,attr"`
	Other   []xml.Attr `xml:",any,attr"`
	Inner   []xmlPart  `xml:",any"`
}

// CheckJUnit holds a document against the shape that viewers of JUnit XML read (testsuites, testsuite, testcase, and at
// most one of failure, error and skipped in it), with counts that add up and agree with a verdict.
func CheckJUnit(t testing.TB, out []byte, verdict string) {
	t.Helper()
	var j junit
	if err := xml.Unmarshal(out, &j); err != nil {
		t.Fatalf("%v in %.300s", err, out)
	}
	if len(j.Other) > 0 || len(j.Suites) == 0 {
		t.Errorf("besides suites: %+v", j.Other)
	}
	failures, failed := 0, 0
	for _, s := range j.Suites {
		n := map[string]int{}
		for _, c := range s.Cases {
			if c.Name == "" || c.Class == "" || c.Time == nil || strings.TrimSpace(c.Text) != "" {
				t.Errorf("%s: %+v", s.Name, c)
			}
			verdicts := 0
			for _, p := range c.Parts {
				n[p.XMLName.Local]++
				switch p.XMLName.Local {
				case "failure", "error", "skipped":
					if verdicts++; p.Message == nil || *p.Message == "" || len(p.Inner)+len(p.Other) > 0 {
						t.Errorf("%s, %s: %+v", s.Name, c.Name, p)
					}
				case "system-out":
				default:
					t.Errorf("%s, %s: an element %s", s.Name, c.Name, p.XMLName.Local)
				}
			}
			if verdicts > 1 {
				t.Errorf("%s, %s: %d verdicts", s.Name, c.Name, verdicts)
			}
		}
		if _, err := time.Parse("2006-01-02T15:04:05", s.Timestamp); err != nil || s.Time == nil || s.Name == "" || len(s.Other) > 0 {
			t.Errorf("the suite %+v", s)
		}
		if s.Tests != len(s.Cases) || s.Failures != n["failure"] || s.Errors != n["error"] || s.Skipped != n["skipped"] {
			t.Errorf("%s: %d tests, %d failures, %d errors, %d skipped; counted %d, %v", s.Name, s.Tests, s.Failures, s.Errors, s.Skipped, len(s.Cases), n)
		}
		failures += s.Failures
		failed += s.Failures + s.Errors
	}
	if (verdict == summary.Pass) != (failed == 0) || verdict == summary.Fail && failures == 0 {
		t.Errorf("verdict %s with %d failures and %d errors", verdict, failures, failed-failures)
	}
}

// CheckSARIF holds a log against what SARIF 2.1.0 requires of what is in it (OASIS, sections 3.13, 3.14, 3.18, 3.19,
// 3.27, 3.28, 3.58), and gives its results.
func CheckSARIF(t testing.TB, out []byte) (results []any) {
	t.Helper()
	var log map[string]any
	if err := json.Unmarshal(out, &log); err != nil {
		t.Fatal(err)
	}
	runs, _ := log["runs"].([]any)
	if log["version"] != "2.1.0" || len(runs) != 1 {
		t.Fatalf("version %v, %d runs", log["version"], len(runs))
	}
	run := runs[0].(map[string]any)
	driver := run["tool"].(map[string]any)["driver"].(map[string]any)
	if driver["name"] != "andon" {
		t.Errorf("driver %v", driver["name"])
	}
	rules := map[any]bool{}
	for _, r := range driver["rules"].([]any) {
		id := r.(map[string]any)["id"]
		if rules[id] || id == "" {
			t.Errorf("rule %v twice, or without a name", id)
		}
		rules[id] = true
	}
	for _, i := range run["invocations"].([]any) {
		if _, there := i.(map[string]any)["executionSuccessful"].(bool); !there {
			t.Error("an invocation without executionSuccessful")
		}
		told, _ := i.(map[string]any)["toolExecutionNotifications"].([]any)
		for _, n := range told {
			n := n.(map[string]any)
			text, _ := n["message"].(map[string]any)["text"].(string)
			if text == "" || !slices.Contains([]any{"error", "warning", "note", "none"}, n["level"]) {
				t.Errorf("the notification %v", n)
			}
		}
	}
	results = run["results"].([]any)
	for _, r := range results {
		r := r.(map[string]any)
		text, _ := r["message"].(map[string]any)["text"].(string)
		if !rules[r["ruleId"]] || !slices.Contains([]any{"error", "warning", "note", "none"}, r["level"]) || text == "" {
			t.Errorf("%v", r)
		}
		for _, l := range r["locations"].([]any) {
			p := l.(map[string]any)["physicalLocation"].(map[string]any)
			if p["artifactLocation"].(map[string]any)["uri"] == "" || p["region"].(map[string]any)["startLine"].(float64) < 1 {
				t.Errorf("%v", p)
			}
		}
	}
	return results
}

// OutsideCode takes the code spans out of Markdown: from a run of backticks to the next one of the same length.
func OutsideCode(s string) string {
	runs := regexp.MustCompile("`+").FindAllStringIndex(s, -1)
	var b strings.Builder
	at := 0
	for i := 0; i < len(runs); i++ {
		for j := i + 1; j < len(runs); j++ {
			if runs[i][1]-runs[i][0] == runs[j][1]-runs[j][0] {
				b.WriteString(s[at:runs[i][0]])
				at, i = runs[j][1], j
				break
			}
		}
	}
	return b.String() + s[at:]
}
