package export

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/kaizenautomation/andon/reports/approval"
	"github.com/kaizenautomation/andon/reports/compare"
	"github.com/kaizenautomation/andon/reports/sizing"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
)

// Annotations writes what is to be said of a run as commands of GitHub Actions, which shows them beside the commit when
// they stand on the output of a step. The verdict comes first, since of many only ten are shown.
func Annotations(w io.Writer, s summary.Summary) error {
	v := s.Checks()
	word, rest := s.VerdictLine()
	level := "error"
	if s.Verdict.Status == summary.Pass {
		level = "notice"
	}
	lines := []string{rest}
	for _, known := range v.Properties() {
		lines[0] += " · " + text.Printable(known[0], 64) + " " + text.Printable(known[1], 200)
	}
	lines = append(lines, s.Verdict.Causes...)
	lines = lines[:min(len(lines), maxLines)]
	var b strings.Builder
	annotate(&b, level, nil, v.Title+": "+word, lines...)
	for _, c := range v.Checks {
		if slices.ContainsFunc(lines[1:], c.SaidBy) || v.Waiver(c) != nil {
			continue // Told by the verdict, or by the deviation.
		}
		if c.Engine == summary.EngineRun {
			c.Reason = strings.TrimSuffix(c.Rule+": "+c.Reason, ": ")
		}
		if level := levelOf(c.Verdict); level != "" {
			annotate(&b, level, nil, v.Title+": "+c.Name, c.Reason)
		}
	}
	annotateDeviations(&b, v)
	_, err := io.WriteString(w, b.String())
	return err
}

// VerificationAnnotations writes what is to be said of a verification as commands of GitHub Actions, beside the lines
// of the description where they are known. What several cases found alike is one of them, and so is what one known
// deviation waives.
func VerificationAnnotations(w io.Writer, v summary.Verification) error {
	level := map[string]string{summary.Pass: "notice", summary.Fail: "error", summary.NoVerdict: "error"}[v.Verdict.Status]
	word := strings.ToUpper(strings.ReplaceAll(v.Verdict.Status, "-", " "))
	held := fmt.Sprintf("%s held", text.Plural(uint64(v.Count(summary.CheckHeld)), "case"))
	for _, verdict := range []string{summary.CheckInconclusive, summary.CheckWaived, summary.CheckAdvice} {
		if n := v.Count(verdict); n > 0 {
			held += fmt.Sprintf(", %d %s", n, verdict)
		}
	}
	var b strings.Builder
	annotate(&b, level, nil, v.Name()+": "+word, slices.Concat([]string{held}, v.Verdict.Causes)...)
	for _, verdict := range []string{summary.CheckBroken, summary.CheckDoubtful, summary.CheckInconclusive, summary.CheckAdvice, summary.CheckWaived} {
		for _, f := range summary.Findings(v.Checks, verdict) {
			k := f.Example()
			title := k.Name
			lines := []string{k.Proves, k.Reason}
			if n := len(f.Checks); n > 1 {
				title = fmt.Sprintf("%d cases", n)
				var names []string
				for _, c := range f.Checks[:min(n, maxLines)] {
					names = append(names, c.Name)
				}
				if n > maxLines {
					names = append(names, fmt.Sprintf("and %d more", n-maxLines))
				}
				lines = []string{k.Reason, strings.Join(names, ", ")}
			}
			if by := k.By(); by != "" {
				title += ", by " + by
			}
			if repeat := k.Again(); repeat != "" {
				lines = append(lines, repeat)
			}
			if v.Waiver(k) != nil {
				continue // Told once for each deviation, of which one waives many.
			}
			annotate(&b, levelOf(verdict), k.Place, v.Name()+": "+title, lines...)
		}
	}
	annotateDeviations(&b, v)
	_, err := io.WriteString(w, b.String())
	return err
}

// CapacityAnnotations writes what is to be said of a search for capacity as commands of GitHub Actions: the answer,
// with what broke first, and then what is not as it should be.
func CapacityAnnotations(w io.Writer, r sizing.Report) error {
	v := r.Checks()
	level := "error"
	if r.Verdict.Status == summary.Pass {
		level = "notice"
	}
	lines := append([]string{r.Headline()}, r.Verdict.Causes...)
	for _, c := range []*sizing.Capacity{r.Acceptance, r.Completion} {
		if c != nil && c.Broke != nil {
			lines = append(lines, text.Sentence(c.Broke.Sentence))
		}
	}
	var b strings.Builder
	annotate(&b, level, nil, v.Title+": "+r.Word(), lines...)
	for _, c := range v.Checks {
		// The answer has told of those.
		if level := levelOf(c.Verdict); level != "" && c.Engine != summary.EngineCapacity {
			annotate(&b, level, nil, v.Title+": "+c.Name, c.Reason)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// ComparisonAnnotations writes what is to be said of a comparison as commands of GitHub Actions: the answer, and then
// each declared figure that became worse or cannot be told.
func ComparisonAnnotations(w io.Writer, r compare.Report) error {
	v := r.Checks()
	level := "error"
	if r.Verdict.Status == summary.Pass {
		level = "notice"
	}
	causes := r.Causes()
	lines := slices.Concat([]string{r.Headline()}, causes)
	var b strings.Builder
	annotate(&b, level, nil, v.Title+": "+r.Word(), lines...)
	for _, c := range v.Checks {
		if level := levelOf(c.Verdict); level != "" && !slices.ContainsFunc(causes, c.SaidBy) {
			annotate(&b, level, nil, v.Title+": "+c.Name, c.Reason)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// GateAnnotations writes what is to be said of a gate as commands of GitHub Actions: the answer, and then each part
// that is not green, with what would turn it so.
func GateAnnotations(w io.Writer, r approval.Report) error {
	level := "error"
	if r.Verdict.Status == summary.Pass {
		level = "notice"
	}
	var b strings.Builder
	annotate(&b, level, nil, "andon gate: "+r.Word(), text.Sentence(r.Headline()), r.Budget.Used())
	for _, p := range r.Parts {
		level := map[string]string{summary.Fail: "error", summary.NoVerdict: "warning", approval.LeftOut: "notice"}[p.Outcome]
		if level == "" && p.Before != nil {
			level = "notice"
		}
		if level != "" {
			annotate(&b, level, nil, "andon gate: "+p.Name+", "+approval.Word(p.Outcome), p.Line())
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// levelOf is how loud a runner says what came of a check; empty is not at all.
func levelOf(verdict string) string {
	switch verdict {
	case summary.CheckBroken:
		return "error"
	case summary.CheckDoubtful, summary.CheckInconclusive, summary.CheckNoted:
		return "warning"
	case summary.CheckAdvice, summary.CheckWaived:
		return "notice"
	}
	return ""
}

// annotateDeviations says of known deviations what became of them, where they are written.
func annotateDeviations(b *strings.Builder, v summary.Verification) {
	for _, d := range v.Deviations {
		title := map[string]string{summary.DeviationWaived: "a known deviation", summary.DeviationGone: "a deviation that no longer occurs",
			summary.DeviationLapsed: "a deviation that has expired"}[d.State]
		// Where one fails, the verdict has named it.
		if title == "" || d.Stale() != "" && slices.Contains(v.Strict, summary.StrictDeviations) {
			continue
		}
		lines := []string{d.Subject(), d.Fate(seenIn(v)), d.Why}
		if d.Ask != "" {
			lines = append(lines, "ask: "+d.Ask)
		}
		annotate(b, "notice", d.Place, v.Name()+": "+title, lines...)
	}
}

// seenIn is the word for what known deviations are seen in: a run is counted in answers.
func seenIn(v summary.Verification) string {
	if v.Title != "" {
		return "answer"
	}
	return "check"
}

// maxLines is how many lines of an annotation are shown.
const maxLines = 10

// annotate writes one command, beside a line of a file if there is one, whose text has at most ten lines. Whatever is
// not printable in one is made so, and what a command ends with is escaped as the runner reads it (actions/toolkit,
// command.ts). The runner also acts on "##[" anywhere in a line, which is how its older commands begin.
func annotate(b *strings.Builder, level string, at *summary.Place, title string, lines ...string) {
	lines = slices.Clone(lines[:min(len(lines), maxLines)])
	for i, line := range lines {
		lines[i] = text.Inert(text.Printable(line, 1000))
	}
	data := strings.NewReplacer("%", "%25", "\n", "%0A")
	property := strings.NewReplacer("%", "%25", ":", "%3A", ",", "%2C")
	place := ""
	if at != nil && at.Line > 0 {
		place = fmt.Sprintf("file=%s,line=%d,", property.Replace(text.Inert(text.Printable(at.File, 400))), at.Line)
	}
	fmt.Fprintf(b, "::%s %stitle=%s::%s\n", level, place, property.Replace(text.Inert(text.Printable(title, 200))), data.Replace(strings.Join(lines, "\n")))
}
