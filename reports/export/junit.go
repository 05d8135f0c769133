// Package export writes what came of a run, or of a verification, for other tools: JUnit, SARIF, annotations of GitHub
// Actions, tables, HdrHistogram's files, and vegeta's. Each format is handed what it is made of and nothing else.
package export

import (
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
)

// junitMessage is what a test says that did not pass.
type junitMessage struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",chardata"`
}

// junitTest is a check.
type junitTest struct {
	Name    string        `xml:"name,attr"`
	Class   string        `xml:"classname,attr"`
	Seconds string        `xml:"time,attr"`
	Failure *junitMessage `xml:"failure"`
	Error   *junitMessage `xml:"error"`
	Skipped *junitMessage `xml:"skipped"`
	Out     string        `xml:"system-out,omitempty"`
}

// junitSuite are the checks of an engine.
type junitSuite struct {
	Name     string `xml:"name,attr"`
	Tests    int    `xml:"tests,attr"`
	Failures int    `xml:"failures,attr"`
	Errors   int    `xml:"errors,attr"`
	Skipped  int    `xml:"skipped,attr"`
	Seconds  string `xml:"time,attr"`
	Started  string `xml:"timestamp,attr"`
	// Known comes before the cases in the format's schema.
	Known *properties `xml:"properties"`
	Cases []junitTest `xml:"testcase"`
}

// JUnit writes checks as JUnit XML, one test suite for each engine. What is doubtful or has no verdict is an error, and
// what was skipped is skipped, as is what a known deviation waives; what was only noted, or is advice, has passed, with
// a word on its output.
func JUnit(w io.Writer, v summary.Verification) error {
	w = &text.InertWriter{To: w, Bracket: "&#91;"}
	var all struct {
		XMLName xml.Name      `xml:"testsuites"`
		Suites  []*junitSuite `xml:"testsuite"`
	}
	known := knownBy(v)
	seconds := map[string]float64{}
	of := func(engine string) *junitSuite {
		name := v.Name() + ": " + engine
		if i := slices.IndexFunc(all.Suites, func(s *junitSuite) bool { return s.Name == name }); i >= 0 {
			return all.Suites[i]
		}
		all.Suites = append(all.Suites, &junitSuite{Name: name, Started: v.Started.UTC().Format("2006-01-02T15:04:05"), Known: known})
		return all.Suites[len(all.Suites)-1]
	}
	for _, c := range v.Checks {
		s := of(c.Engine)
		k := junitTest{Name: text.Printable(c.Name, 200), Class: "andon." + c.Engine, Seconds: fmt.Sprintf("%.3f", c.Seconds)}
		m := &junitMessage{Message: text.Printable(c.Reason, 1000), Type: text.Printable(c.Rule, 100), Text: "expected: " + text.Printable(c.Proves, 400) + "\nfound: " + text.Printable(strings.TrimPrefix(c.Reason, "found "), 1000) + "\n"}
		for i, line := range text.Lines(c.Answer, 40, 2000) {
			if i == 0 {
				m.Text += fmt.Sprintf("answered with status %d:\n", c.Status)
			}
			m.Text += line + "\n"
		}
		if repeat := c.Again(); repeat != "" {
			m.Text += text.Printable(repeat, 2*summary.MaxCurl) + "\n"
		}
		switch c.Verdict {
		case summary.CheckBroken:
			k.Failure = m
			s.Failures++
		case summary.CheckDoubtful, summary.CheckInconclusive:
			k.Error = m
			s.Errors++
		case summary.CheckSkipped:
			k.Skipped = &junitMessage{Message: m.Message}
			s.Skipped++
		case summary.CheckWaived:
			k.Skipped, k.Out = &junitMessage{Message: waivedBy(v, c)}, m.Message
			s.Skipped++
		case summary.CheckNoted:
			k.Out = m.Message
		case summary.CheckAdvice:
			// A test that has passed: what does not decide turns nothing red, and is there for whoever looks.
			k.Out = "advice, by " + c.By() + ": " + m.Message + "\n" + m.Text
		case summary.CheckHeld:
			// Of a run itself, such a reason says with what reserve it held; of others, it is the answer.
			if slices.Contains([]string{summary.EngineRun, summary.EngineCapacity, summary.EngineComparison, summary.EngineGate}, c.Engine) {
				k.Out = m.Message
			}
		}
		s.Tests++
		seconds[s.Name] += c.Seconds
		s.Seconds = fmt.Sprintf("%.3f", seconds[s.Name])
		s.Cases = append(s.Cases, k)
	}
	red := slices.ContainsFunc(all.Suites, func(s *junitSuite) bool { return s.Failures > 0 })
	further, said := unsaid(v)
	switch {
	case v.Verdict.Status == summary.NoVerdict:
		s := of("verdict")
		s.Tests, s.Errors, s.Seconds = 1, 1, "0.000"
		k := junitTest{Name: "a verdict was reached", Class: "andon.verdict", Seconds: "0.000", Error: &junitMessage{Type: "no-verdict"}}
		k.Error.Message = strings.Join(append(further, said...), " ")
		s.Cases = append(s.Cases, k)
	case v.Verdict.Status == summary.Fail && (!red || len(further) > 0):
		// What failed is none of the checks, or not they alone: what was covered, or a deviation that no longer occurs.
		s := of("verdict")
		s.Tests, s.Failures, s.Seconds = 1, 1, "0.000"
		if !red {
			further = append(further, said...)
		}
		failed := &junitMessage{Type: "failed", Message: strings.Join(further, " ")}
		s.Cases = append(s.Cases, junitTest{Name: "the verdict is a pass", Class: "andon.verdict", Seconds: "0.000", Failure: failed})
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// waivedBy says by which known deviation a check is waived.
func waivedBy(v summary.Verification, c summary.Check) string {
	d := v.Waiver(c)
	if d == nil {
		return "a known deviation"
	}
	return text.Printable(d.Reason(), 1000)
}

// unsaid are the causes of a verdict that no check gives, and what those give that do. Where checks are broken, the
// first cause counts them.
func unsaid(v summary.Verification) (causes, said []string) {
	var names []string
	for at, cause := range v.Verdict.Causes {
		i := slices.IndexFunc(v.Checks, func(c summary.Check) bool { return c.SaidBy(cause) })
		counted := at == 0 && v.Count(summary.CheckBroken) > 0 || slices.Contains(v.Untold(), cause)
		switch {
		case i < 0 && counted:
			said = append(said, text.Printable(cause, 1000))
		case i < 0:
			causes = append(causes, text.Printable(cause, 1000))
		case !slices.Contains(names, v.Checks[i].Name):
			names = append(names, v.Checks[i].Name)
		}
	}
	if len(names) > 0 {
		said = append(said, "See: "+text.Printable(strings.Join(names, ", "), 1000)+".")
	}
	return causes, said
}

// properties are what a test suite says of itself.
type properties struct {
	List []property `xml:"property"`
}

type property struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

// knownBy are the release and the labels of a run; nil where it has none.
func knownBy(v summary.Verification) *properties {
	if len(v.Properties()) == 0 {
		return nil
	}
	p := new(properties)
	for _, l := range v.Properties() {
		p.List = append(p.List, property{text.Printable(l[0], 64), text.Printable(l[1], 200)})
	}
	return p
}
