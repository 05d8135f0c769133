package export

import (
	"cmp"
	"encoding/json"
	"io"
	"net/url"
	"path"
	"path/filepath"
	"slices"

	"github.com/kaizenautomation/andon/reports/build"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
)

// SARIF writes what did not hold in the Static Analysis Results Interchange Format, version 2.1.0. The place of each
// result is the description, since the target's own code is not known; that of a known deviation which is over is where
// it is written.
func SARIF(w io.Writer, v summary.Verification) error {
	type message struct {
		Text string `json:"text"`
	}
	type rule struct {
		ID string `json:"id"`
	}
	type suppression struct {
		Kind          string `json:"kind"`
		Justification string `json:"justification"`
	}
	type result struct {
		RuleID    string         `json:"ruleId"`
		Level     string         `json:"level"`
		Message   message        `json:"message"`
		Locations []any          `json:"locations"`
		Prints    map[string]any `json:"partialFingerprints"`
		// Suppressions of a result keep it out of the way, with their reason.
		Suppressions []suppression `json:"suppressions,omitempty"`
	}
	rules, results, untold := []rule{}, []result{}, []any{}
	add := func(id, level, name, said, print string, at map[string]any, suppressed []suppression) {
		id, name = text.Printable(id, 100), text.Printable(name, 200)
		if !slices.Contains(rules, rule{id}) {
			rules = append(rules, rule{id})
		}
		results = append(results, result{
			Suppressions: suppressed, RuleID: id, Level: level, Message: message{name + ": " + said},
			Locations: []any{map[string]any{"physicalLocation": at, "logicalLocations": []any{map[string]any{"name": name, "kind": "member"}}}},
			Prints:    map[string]any{"andon/v1": print + "/" + name + "/" + id},
		})
	}
	for _, c := range v.Checks {
		if c.Verdict == summary.CheckInconclusive {
			// Nothing was found, and that is no result.
			said := text.Printable(c.Name, 200) + ": " + text.Printable(c.Reason, 1000)
			untold = append(untold, map[string]any{"level": "warning", "message": message{said}})
			continue
		}
		level := map[string]string{summary.CheckBroken: "error", summary.CheckDoubtful: "warning", summary.CheckAdvice: "note", summary.CheckWaived: "error"}[c.Verdict]
		if level == "" {
			continue
		}
		said := text.Printable(c.Reason, 1000)
		if repeat := c.Again(); repeat != "" {
			said += "\nRepeat: " + text.Printable(repeat, 2*summary.MaxCurl)
		}
		var suppressed []suppression
		if d := v.Waiver(c); d != nil {
			suppressed = []suppression{{"external", text.Printable(d.Reason(), 1000)}}
		}
		add(c.Rule, level, c.Name, said, c.Engine, physical(v, c.Place), suppressed)
	}
	for _, d := range v.Deviations {
		// What a deviation waives is a result already; one of its own is for what is to be done about the file.
		level := ""
		switch {
		case d.State == summary.DeviationExpired, d.Stale() != "" && slices.Contains(v.Strict, summary.StrictDeviations):
			level = "error"
		case d.Stale() != "":
			level = "note"
		default:
			continue
		}
		add("deviation-"+d.State, level, "the deviation "+d.Subject(), text.Printable(d.Fate(seenIn(v))+": "+d.Why, 1000), "deviation", physical(v, d.Place), nil)
	}
	invocation := map[string]any{"executionSuccessful": v.Verdict.Status != summary.NoVerdict, "exitCode": v.Verdict.ExitCode}
	if len(untold) > 0 {
		invocation["toolExecutionNotifications"] = untold
	}
	driver := map[string]any{"name": "andon", "version": v.Andon, "rules": rules}
	if semantic := build.Semantic(v.Andon); semantic != "" {
		driver["semanticVersion"] = semantic
	}
	run := map[string]any{
		"tool":        map[string]any{"driver": driver},
		"invocations": []any{invocation},
		"results":     results,
	}
	if len(v.Properties()) > 0 {
		known := map[string]string{}
		for _, l := range v.Properties() {
			known[text.Printable(l[0], 64)] = text.Printable(l[1], 200)
		}
		run["properties"] = known
	}
	e := json.NewEncoder(text.JSONWriter{To: w})
	e.SetIndent("", "  ")
	return e.Encode(map[string]any{
		"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": []any{run},
	})
}

// physical is where a result points to: a line of a file, or else the description.
func physical(v summary.Verification, place *summary.Place) map[string]any {
	at := summary.Place{File: cmp.Or(v.Description, "openapi.yaml"), Line: 1}
	if place != nil && place.File != "" && place.Line > 0 {
		at = *place
	}
	region := map[string]any{"startLine": at.Line}
	if at.Column > 0 {
		region["startColumn"] = at.Column
	}
	return map[string]any{"artifactLocation": map[string]any{"uri": uri(at.File)}, "region": region}
}

// uri is a file as a reference of RFC 3986: relative to where andon was started, as the name is, or absolute.
func uri(file string) string {
	u := url.URL{Path: path.Clean(filepath.ToSlash(text.Printable(file, 4096)))}
	if path.IsAbs(u.Path) {
		u.Scheme = "file"
	}
	return u.String()
}
