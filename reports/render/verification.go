package render

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
)

// verification is one to be shown.
type verification struct{ summary.Verification }

func (v verification) coverageSentence() string {
	share, _ := v.Covered()
	kinds := map[string][2]int{}
	for _, p := range v.Coverage {
		n := kinds[p.Kind]
		if n[1]++; p.Kept > 0 {
			n[0]++
		}
		kinds[p.Kind] = n
	}
	of := func(kind string) string { return fmt.Sprintf("%d/%d", kinds[kind][0], kinds[kind][1]) }
	by := ""
	if v.Choice != nil {
		by = " by " + v.Choice.String()
	}
	more := ""
	if kinds["parameter"][1] > 0 {
		more = ", parameters " + of("parameter")
	}
	if kinds["media type"][1] > 0 {
		more += ", further media types " + of("media type")
	}
	return fmt.Sprintf("Coverage of the description%s: %s (properties %s, branches %s, values %s%s; statuses seen %s)",
		by, text.WholePercent(share), of("property"), of("branch"), of("value"), more, of("status"))
}

// missed is the table of the parts that were not exercised.
func (v verification) missed(st style) Table {
	t := Table{Header: []string{"not covered", "kind", ">kept by", ">broken on purpose"}}
	for _, p := range v.Coverage {
		if !p.Open && p.Kept == 0 || p.Breakable && p.Broken == 0 {
			broken := "–"
			if p.Breakable {
				broken = fmt.Sprint(p.Broken)
			}
			t.Rows = append(t.Rows, []string{st.foreign(p.Name, 80), p.Kind, fmt.Sprint(p.Kept), broken})
		}
	}
	return t
}

// parts is the table of all parts: how many calls kept each, and how many broke it so that they are refused.
func (v verification) parts() Table {
	t := Table{Header: []string{"part", "kind", ">kept by", ">broken on purpose"}}
	for _, p := range v.Coverage {
		row := []string{text.Printable(p.Name, 80), p.Kind, fmt.Sprint(p.Kept), "–"}
		if p.Breakable {
			row[3] = fmt.Sprint(p.Broken)
		}
		if p.Open && p.Kept == 0 {
			row[2] = "not seen"
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// tally counts the verdicts in a sentence without its stop.
func (v verification) tally() string {
	s := fmt.Sprintf("%s held, %d broken", text.Plural(uint64(v.Count(summary.CheckHeld)), "case"), v.Count(summary.CheckBroken))
	for _, verdict := range []string{summary.CheckDoubtful, summary.CheckInconclusive, summary.CheckWaived, summary.CheckAdvice} {
		if n := v.Count(verdict); n > 0 {
			s += fmt.Sprintf(", %d %s", n, verdict)
		}
	}
	s += fmt.Sprintf(", %d left open by the description, %d skipped", v.Count(summary.CheckNoted), v.Count(summary.CheckSkipped))
	if n := v.Combinations(); n != "" {
		s += "; " + n + " more of tier, content and optional properties were left out: every two meet in a case"
	}
	return s
}

// areas is the table of what was tried, by area and expectation, with what did not hold and does not fail.
func (v verification) areas(st style) Table {
	t := Table{Header: []string{"about", ">must be accepted", ">must be refused", ">left open"}}
	var aside []string
	for _, verdict := range []string{summary.CheckWaived, summary.CheckAdvice, summary.CheckSkipped} {
		if v.Count(verdict) > 0 {
			aside, t.Header = append(aside, verdict), append(t.Header, ">"+verdict)
		}
	}
	var areas []string
	for _, c := range v.Checks {
		if !slices.Contains(areas, c.Area()) {
			areas = append(areas, c.Area())
		}
	}
	both := slices.ContainsFunc(v.Checks, func(c summary.Check) bool { return c.Engine != v.Checks[0].Engine })
	if both {
		t.Header = append(t.Header, ">by Pact")
	}
	for _, area := range areas {
		row := []string{st.foreign(area, 40)}
		for _, expect := range []string{"accepted", "refused", "either"} {
			held, failed, all := 0, 0, 0
			for _, c := range v.Checks {
				if c.Area() != area || c.Expect != expect || c.Verdict == summary.CheckSkipped || both && c.Engine == "pact" {
					continue
				}
				all++
				switch c.Verdict {
				case summary.CheckHeld, summary.CheckNoted:
					held++
				case summary.CheckBroken, summary.CheckDoubtful, summary.CheckInconclusive:
					failed++
				}
			}
			cell := fmt.Sprintf("%d/%d", held, all)
			switch {
			case all == 0:
				cell = ""
			case failed > 0:
				cell = st.bad(cell)
			}
			row = append(row, cell)
		}
		for _, verdict := range aside {
			n := 0
			for _, c := range v.Checks {
				if c.Area() == area && c.Verdict == verdict && (verdict == summary.CheckSkipped || !both || c.Engine != "pact") {
					n++
				}
			}
			row = append(row, strings.TrimPrefix(fmt.Sprint(n), "0"))
		}
		if both {
			held, failed, all := 0, 0, 0
			for _, c := range v.Checks {
				if c.Area() != area || c.Engine != "pact" {
					continue
				}
				switch all++; c.Verdict {
				case summary.CheckHeld:
					held++
				case summary.CheckAdvice, summary.CheckWaived:
				default:
					failed++
				}
			}
			cell := ""
			if all > 0 {
				cell = fmt.Sprintf("%d/%d", held, all)
			}
			if failed > 0 {
				cell = st.bad(cell)
			}
			row = append(row, cell)
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// VerificationTerminal writes a verification for people: what was covered, what did not hold and how to repeat it.
func VerificationTerminal(w io.Writer, of summary.Verification, o Options) error {
	v := verification{of}
	if o.Width <= 0 {
		o.Width = 100
	}
	st := style{tables: new(tableWriter), foreign: text.Printable, good: func(s string) string { return o.paint(text.Green, s) }, bad: func(s string) string { return o.paint(text.Red, s) }}
	var b bytes.Buffer
	o.title(&b, "andon verify")
	o.flow(&b, []string{text.Printable(v.Target, 200), v.Started.UTC().Format(time.DateTime + "Z"), "took " + text.Duration(&v.DurationSeconds)})
	if v.Insecure {
		b.WriteByte('\n')
		o.marked(&b, st.bad("!"), summary.Insecure)
	}
	b.WriteByte('\n')
	if err := st.tables.text(&b, v.areas(st), o.Width); err != nil {
		return err
	}
	if len(v.Coverage) > 0 {
		b.WriteByte('\n')
		if err := st.tables.text(&b, v.parts(), o.Width); err != nil {
			return err
		}
		b.WriteByte('\n')
		o.say(&b, v.coverageSentence())
	}
	if alone := v.Alone(); alone != "" {
		o.say(&b, alone)
	}
	for _, f := range v.shown() {
		b.WriteByte('\n')
		o.finding(&b, f)
	}
	o.deviations(&b, v.Deviations, "check")
	b.WriteByte('\n')
	o.say(&b, v.tally())
	if started := v.started(); started != "" {
		o.say(&b, started)
	}
	if i := slices.IndexFunc(v.Checks, func(c summary.Check) bool { return c.Verdict == summary.CheckSkipped }); i >= 0 {
		wrap(&b, text.Sentence("skipped: "+text.Printable(v.Checks[i].Reason, 400)), o.Width)
	}
	word, color := map[string]string{summary.Pass: "PASS", summary.Fail: "FAIL", summary.NoVerdict: "NO VERDICT"}[v.Verdict.Status], map[string]text.Color{summary.Pass: text.Green, summary.Fail: text.Red, summary.NoVerdict: text.Yellow}[v.Verdict.Status]
	b.WriteByte('\n')
	o.marked(&b, o.paint(text.Bold+";"+color, word)+" ", fmt.Sprintf("(exit code %d)", v.Verdict.ExitCode))
	for _, c := range v.Verdict.Causes {
		wrap(&b, text.Printable(c, 2000), o.Width)
	}
	o.named(&b, "report:", o.Dir, "")
	_, err := io.WriteString(w, text.Inert(b.String()))
	return err
}

// VerificationMarkdown writes a verification for a comment on a pull request.
func VerificationMarkdown(w io.Writer, of summary.Verification) error {
	v := verification{of}
	st := style{tables: new(tableWriter), foreign: code, good: func(s string) string { return s }, bad: func(s string) string { return "**" + s + "**" }}
	var b bytes.Buffer
	word := map[string]string{summary.Pass: "✅ PASS", summary.Fail: "❌ FAIL", summary.NoVerdict: "⚠️ NO VERDICT"}[v.Verdict.Status]
	fmt.Fprintf(&b, "## %s: %s\n\n", word, prose(v.Name()))
	for _, c := range v.Verdict.Causes {
		fmt.Fprintf(&b, "- %s\n", prose(c))
	}
	if v.Insecure {
		fmt.Fprintf(&b, "- ⚠️ %s\n", prose(summary.Insecure))
	}
	fmt.Fprintf(&b, "\n%s · %s\n\n", code(v.Target, 200), prose(v.tally()))
	if started := v.started(); started != "" {
		fmt.Fprintf(&b, "%s\n\n", prose(text.Sentence(started)))
	}
	if alone := v.Alone(); alone != "" {
		fmt.Fprintf(&b, "%s\n\n", prose(alone))
	}
	if len(v.Coverage) > 0 {
		if err := st.tables.markdown(&b, v.areas(st)); err != nil {
			return err
		}
		fmt.Fprintf(&b, "\n%s\n", prose(v.coverageSentence()))
		if missed := v.missed(st); len(missed.Rows) > 0 {
			b.WriteByte('\n')
			if err := st.tables.markdown(&b, missed); err != nil {
				return err
			}
		}
	}
	v.markdownFindings(&b)
	if err := markdownDeviations(st.tables, &b, v.Deviations, "check"); err != nil {
		return err
	}
	fmt.Fprintf(&b, "\n<sub>andon %s · %s sha256 %s · exit code %d</sub>\n", prose(v.Andon), prose(cmp.Or(v.Description, "openapi.yaml")), code(v.SpecSHA256, 64), v.Verdict.ExitCode)
	_, err := io.WriteString(w, text.Inert(b.String()))
	return err
}

// started says how many runs the calls have started, as far as is known; empty where none has.
func (v verification) started() string {
	var said []string
	if v.Accepted > 0 {
		said = append(said, text.Plural(uint64(v.Accepted), "call")+" accepted, each of which has started a run")
	}
	if v.Unsure > 0 {
		said = append(said, text.Plural(uint64(v.Unsure), "call")+" more may have: no answer says so")
	}
	return strings.Join(said, "; ")
}
