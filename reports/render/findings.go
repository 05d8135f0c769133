package render

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
)

const (
	// maxNamed is how many of the cases that found the same are named.
	maxNamed = 10
	// maxFindings is how many findings are in a comment on a pull request, which may have 65,536 characters.
	maxFindings = 30
	// answerLines and answerRunes bound what is shown of an answer's body: on a terminal, and in Markdown.
	answerLines, answerRunes = 4, 500
)

// shown are the findings that a report tells of, the verdicts in this order.
func (v verification) shown() (all []summary.Finding) {
	for _, verdict := range []string{summary.CheckBroken, summary.CheckDoubtful, summary.CheckInconclusive, summary.CheckAdvice} {
		all = append(all, summary.Findings(v.Checks, verdict)...)
	}
	return all
}

// comesFrom says what rule was not kept and who says so, each as foreign writes it.
func comesFrom(c summary.Check, foreign func(string, int) string) string {
	var said []string
	if c.Rule != "" {
		said = append(said, foreign(c.Rule, 100))
	}
	if by := c.By(); by != "" {
		said = append(said, "by "+by)
	}
	if p := c.Place; p != nil && p.Line > 0 {
		said = append(said, foreign(fmt.Sprintf("%s:%d", p.File, p.Line), 200))
	}
	if c.Pointer != "" {
		said = append(said, fmt.Sprintf("at %s of the answer's body", foreign(c.Pointer, 200)))
	}
	if c.Attempts > 1 {
		said = append(said, fmt.Sprintf("tried %d times", c.Attempts))
	}
	return strings.Join(said, ", ")
}

// named are the checks of a finding that are named, that which is repeated first, and how many more there are.
func named(f summary.Finding) (list []summary.Check, more int) {
	k := f.Example()
	list = append(list, k)
	for _, c := range f.Checks {
		if c.Name != k.Name && len(list) < maxNamed {
			list = append(list, c)
		}
	}
	return list, len(f.Checks) - len(list)
}

// byPact says that Pact has judged, where it has.
func byPact(engine string) string { return map[string]string{"pact": " (by Pact)"}[engine] }

// finding writes what one or several checks found alike, and how to repeat it.
func (o Options) finding(b *bytes.Buffer, f summary.Finding) {
	mark := map[string]string{summary.CheckBroken: o.paint(text.Red, "✗"), summary.CheckAdvice: o.paint(text.Yellow, "!")}[f.Verdict]
	mark = cmp.Or(mark, o.paint(text.Yellow, "?"))
	k := f.Example()
	advice := map[string]string{summary.CheckAdvice: "advice: "}[f.Verdict]
	indented := func(s string) { writeIndented(b, text.Wrap(s, o.Width-4), 4) }
	if len(f.Checks) == 1 {
		o.marked(b, mark, fmt.Sprintf("%s%s%s: %s", advice, text.Printable(k.Name, 120), byPact(f.Engine), text.Printable(k.Proves, 200)))
		wrap(b, text.Printable(k.Reason, 1000), o.Width)
	} else {
		o.marked(b, mark, fmt.Sprintf("%s%s%s: %s", advice, text.Plural(uint64(len(f.Checks)), "case"), byPact(f.Engine), text.Printable(k.Reason, 1000)))
		list, more := named(f)
		for _, c := range list {
			wrap(b, fmt.Sprintf("%s: %s", text.Printable(c.Name, 120), text.Printable(c.Proves, 200)), o.Width)
		}
		if more > 0 {
			wrap(b, fmt.Sprintf("and %d more", more), o.Width)
		}
	}
	if from := comesFrom(k, text.Printable); from != "" {
		indented(from)
	}
	// Each line has a bar before it, so that none of the target's own begins one.
	var body []string
	for _, line := range text.Lines(k.Answer, answerLines, answerRunes) {
		body = append(body, text.Wrap(line, o.Width-6)...)
	}
	if len(body) > answerLines {
		body = append(body[:answerLines-1], text.Wrap(body[answerLines-1]+"…", o.Width-6)[0])
	}
	for _, line := range body {
		fmt.Fprintf(b, "    | %s\n", line)
	}
	if repeat := k.Again(); repeat != "" {
		fmt.Fprintf(b, "    %s\n", text.Printable(repeat, 2*summary.MaxCurl))
	}
}

// markdownFindings writes what did not hold, and how to repeat it.
func (v verification) markdownFindings(b *bytes.Buffer) {
	all := v.shown()
	for _, f := range all[:min(len(all), maxFindings)] {
		k := f.Example()
		mark := map[string]string{summary.CheckBroken: "❌", summary.CheckAdvice: "💡 advice:"}[f.Verdict]
		mark = cmp.Or(mark, "❔")
		if len(f.Checks) == 1 {
			fmt.Fprintf(b, "\n### %s %s%s: %s\n\n%s\n", mark, code(k.Name, 120), byPact(k.Engine), prose(k.Proves), prose(k.Reason))
		} else {
			fmt.Fprintf(b, "\n### %s %d cases%s\n\n%s\n\n", mark, len(f.Checks), byPact(k.Engine), prose(k.Reason))
			list, more := named(f)
			for _, c := range list {
				fmt.Fprintf(b, "- %s: %s\n", code(c.Name, 120), prose(c.Proves))
			}
			if more > 0 {
				fmt.Fprintf(b, "- and %d more\n", more)
			}
		}
		if from := comesFrom(k, code); from != "" {
			fmt.Fprintf(b, "\n%s\n", from)
		}
		if lines := text.Lines(k.Answer, 5*answerLines, answerRunes); lines != nil {
			fmt.Fprintf(b, "\n%s\n", fenced(lines))
		}
		if repeat := k.Again(); repeat != "" {
			fmt.Fprintf(b, "\n%s\n", code(repeat, 2*summary.MaxCurl))
		}
	}
	if more := len(all) - maxFindings; more > 0 {
		fmt.Fprintf(b, "\nAnd %s that the comment has no room for.\n", text.Plural(uint64(more), "finding"))
	}
}

// fenced are lines as a block of code in Markdown: its fence is longer than any run of backticks in them (CommonMark
// 0.31, section 4.5).
func fenced(lines []string) string {
	longest := 2
	for _, line := range lines {
		run := 0
		for _, c := range []byte(line) {
			if run++; c != '`' {
				run = 0
			}
			longest = max(longest, run)
		}
	}
	fence := strings.Repeat("`", longest+1)
	return strings.Join(slices.Concat([]string{fence + "text"}, lines, []string{fence}), "\n")
}
