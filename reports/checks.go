package reports

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
)

// JUnit writes checks as JUnit XML, one test suite for each engine. What is doubtful or has no verdict is an error, and what
// was skipped is skipped; what was only noted is no failure.
func JUnit(w io.Writer, v Verification) error {
	type message struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr,omitempty"`
		Text    string `xml:",chardata"`
	}
	type test struct {
		Name    string   `xml:"name,attr"`
		Class   string   `xml:"classname,attr"`
		Seconds string   `xml:"time,attr"`
		Failure *message `xml:"failure"`
		Error   *message `xml:"error"`
		Skipped *message `xml:"skipped"`
		Out     string   `xml:"system-out,omitempty"`
	}
	type suite struct {
		Name     string `xml:"name,attr"`
		Tests    int    `xml:"tests,attr"`
		Failures int    `xml:"failures,attr"`
		Errors   int    `xml:"errors,attr"`
		Skipped  int    `xml:"skipped,attr"`
		Seconds  string `xml:"time,attr"`
		Started  string `xml:"timestamp,attr"`
		Cases    []test `xml:"testcase"`
	}
	var all struct {
		XMLName xml.Name `xml:"testsuites"`
		Suites  []*suite `xml:"testsuite"`
	}
	seconds := map[string]float64{}
	of := func(engine string) *suite {
		name := v.title() + ": " + engine
		if i := slices.IndexFunc(all.Suites, func(s *suite) bool { return s.Name == name }); i >= 0 {
			return all.Suites[i]
		}
		all.Suites = append(all.Suites, &suite{Name: name, Started: v.Started.UTC().Format("2006-01-02T15:04:05")})
		return all.Suites[len(all.Suites)-1]
	}
	for _, c := range v.Checks {
		s := of(c.Engine)
		k := test{Name: Printable(c.Name, 200), Class: "andon." + c.Engine, Seconds: fmt.Sprintf("%.3f", c.Seconds)}
		m := &message{Message: Printable(c.Reason, 1000), Type: Printable(c.Rule, 100), Text: "expected: " + Printable(c.Proves, 400) + "\nfound: " + Printable(strings.TrimPrefix(c.Reason, "found "), 1000) + "\n"}
		if repeat := c.repeat(); repeat != "" {
			m.Text += Printable(repeat, 2*maxCurl) + "\n"
		}
		switch c.Verdict {
		case CheckBroken:
			k.Failure = m
			s.Failures++
		case CheckDoubtful:
			k.Error = m
			s.Errors++
		case CheckSkipped:
			k.Skipped = &message{Message: m.Message}
			s.Skipped++
		case CheckNoted:
			k.Out = m.Message
		}
		s.Tests++
		seconds[s.Name] += c.Seconds
		s.Seconds = fmt.Sprintf("%.3f", seconds[s.Name])
		s.Cases = append(s.Cases, k)
	}
	if v.Verdict.Status == NoVerdict {
		s := of("verdict")
		s.Tests, s.Errors, s.Seconds = 1, 1, "0.000"
		k := test{Name: "a verdict was reached", Class: "andon.verdict", Seconds: "0.000", Error: &message{Type: "no-verdict"}}
		var causes []string
		for _, cause := range v.Verdict.Causes {
			causes = append(causes, Printable(cause, 1000))
		}
		k.Error.Message = strings.Join(causes, " ")
		s.Cases = append(s.Cases, k)
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

// SARIF writes what did not hold in the Static Analysis Results Interchange Format, version 2.1.0. The place of each result
// is the description, since the target's own code is not known.
func SARIF(w io.Writer, v Verification) error {
	type text struct {
		Text string `json:"text"`
	}
	type rule struct {
		ID string `json:"id"`
	}
	type result struct {
		RuleID    string         `json:"ruleId"`
		Level     string         `json:"level"`
		Message   text           `json:"message"`
		Locations []any          `json:"locations"`
		Prints    map[string]any `json:"partialFingerprints"`
	}
	rules, results := []rule{}, []result{}
	for _, c := range v.Checks {
		level := map[string]string{CheckBroken: "error", CheckDoubtful: "warning"}[c.Verdict]
		if level == "" {
			continue
		}
		id := Printable(c.Rule, 100)
		if !slices.Contains(rules, rule{id}) {
			rules = append(rules, rule{id})
		}
		name := Printable(c.Name, 200)
		message := name + ": " + Printable(c.Reason, 1000)
		if repeat := c.repeat(); repeat != "" {
			message += "\nRepeat: " + Printable(repeat, 2*maxCurl)
		}
		results = append(results, result{
			RuleID: id, Level: level, Message: text{message},
			Locations: []any{map[string]any{
				"physicalLocation": map[string]any{"artifactLocation": map[string]any{"uri": "openapi.yaml"}, "region": map[string]any{"startLine": 1}},
				"logicalLocations": []any{map[string]any{"name": name, "kind": "member"}},
			}},
			Prints: map[string]any{"andon/v1": c.Engine + "/" + name + "/" + id},
		})
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(map[string]any{
		"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0",
		"runs": []any{map[string]any{
			"tool":        map[string]any{"driver": map[string]any{"name": "andon", "version": v.Andon, "rules": rules}},
			"invocations": []any{map[string]any{"executionSuccessful": v.Verdict.Status != NoVerdict, "exitCode": v.Verdict.ExitCode}},
			"results":     results,
		}},
	})
}

// VerificationMarkdown writes a verification for a comment on a pull request.
func VerificationMarkdown(w io.Writer, v Verification) error {
	st := style{foreign: code, good: func(s string) string { return s }, bad: func(s string) string { return "**" + s + "**" }}
	var b bytes.Buffer
	word := map[string]string{Pass: "✅ PASS", Fail: "❌ FAIL", NoVerdict: "⚠️ NO VERDICT"}[v.Verdict.Status]
	fmt.Fprintf(&b, "## %s: %s\n\n", word, prose(v.title()))
	for _, c := range v.Verdict.Causes {
		fmt.Fprintf(&b, "- %s\n", prose(c))
	}
	fmt.Fprintf(&b, "\n%s · %s\n\n", code(v.Target, 200), prose(v.tally()))
	if len(v.Coverage) > 0 {
		if err := v.areas(st).markdown(&b); err != nil {
			return err
		}
		fmt.Fprintf(&b, "\n%s\n", prose(v.coverageSentence()))
		if missed := v.missed(st); len(missed.Rows) > 0 {
			b.WriteByte('\n')
			if err := missed.markdown(&b); err != nil {
				return err
			}
		}
	}
	for _, c := range v.failed() {
		fmt.Fprintf(&b, "\n### %s (%s): %s\n\n%s\n", code(c.Name, 120), c.Engine, prose(c.Proves), prose(c.Reason))
		if repeat := c.repeat(); repeat != "" {
			fmt.Fprintf(&b, "\n%s\n", code(repeat, 2*maxCurl))
		}
	}
	fmt.Fprintf(&b, "\n<sub>andon %s · openapi.yaml sha256 %s · exit code %d</sub>\n", prose(v.Andon), code(v.SpecSHA256, 64), v.Verdict.ExitCode)
	_, err := w.Write(b.Bytes())
	return err
}
