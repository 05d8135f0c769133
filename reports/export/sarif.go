package export

import (
	"encoding/json"
	"io"
	"slices"

	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
)

// SARIF writes what did not hold in the Static Analysis Results Interchange Format, version 2.1.0. The place of each
// result is the description, since the target's own code is not known.
func SARIF(w io.Writer, v summary.Verification) error {
	type message struct {
		Text string `json:"text"`
	}
	type rule struct {
		ID string `json:"id"`
	}
	type result struct {
		RuleID    string         `json:"ruleId"`
		Level     string         `json:"level"`
		Message   message        `json:"message"`
		Locations []any          `json:"locations"`
		Prints    map[string]any `json:"partialFingerprints"`
	}
	rules, results := []rule{}, []result{}
	for _, c := range v.Checks {
		level := map[string]string{summary.CheckBroken: "error", summary.CheckDoubtful: "warning"}[c.Verdict]
		if level == "" {
			continue
		}
		id := text.Printable(c.Rule, 100)
		if !slices.Contains(rules, rule{id}) {
			rules = append(rules, rule{id})
		}
		name := text.Printable(c.Name, 200)
		said := name + ": " + text.Printable(c.Reason, 1000)
		if repeat := c.Again(); repeat != "" {
			said += "\nRepeat: " + text.Printable(repeat, 2*summary.MaxCurl)
		}
		results = append(results, result{
			RuleID: id, Level: level, Message: message{said},
			Locations: []any{map[string]any{
				"physicalLocation": map[string]any{"artifactLocation": map[string]any{"uri": "openapi.yaml"}, "region": map[string]any{"startLine": 1}},
				"logicalLocations": []any{map[string]any{"name": name, "kind": "member"}},
			}},
			Prints: map[string]any{"andon/v1": c.Engine + "/" + name + "/" + id},
		})
	}
	run := map[string]any{
		"tool":        map[string]any{"driver": map[string]any{"name": "andon", "version": v.Andon, "rules": rules}},
		"invocations": []any{map[string]any{"executionSuccessful": v.Verdict.Status != summary.NoVerdict, "exitCode": v.Verdict.ExitCode}},
		"results":     results,
	}
	if len(v.Properties()) > 0 {
		known := map[string]string{}
		for _, l := range v.Properties() {
			known[text.Printable(l[0], 64)] = text.Printable(l[1], 200)
		}
		run["properties"] = known
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(map[string]any{
		"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": []any{run},
	})
}

// JSON writes a document as summary.json is written.
func JSON(w io.Writer, document any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(document)
}
