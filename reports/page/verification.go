package page

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
)

const (
	// maxCards is how many cases that did not hold are shown with their calls and answers, and maxCases how many are
	// listed at all.
	maxCards, maxCases = 300, 5000
	// maxCurl is the longest command, and answerLines the most lines of an answer, of maxBody characters each.
	maxCurl     = 2 * summary.MaxCurl
	answerLines = 40
)

// verificationView is what the template of a verification's page is given. Foreign texts in it went through
// [text.Printable], and the template escapes all.
type verificationView struct {
	frame

	Facts             []fact
	Findings          []findingCard
	Deviations        []deviationCard
	Areas             []areaList
	Unlisted          int
	Covered           string
	Coverage          table
	SpecSHA256, Andon string
	ExitCode          int
}

// findingCard is what one or several cases found alike. Only the first of them are shown with their calls.
type findingCard struct {
	verdictWord
	Verdict, Rule, By, Place, Reason, Excerpt, Engine string
	Deviation                                         int
	First                                             caseCard
	Others                                            []caseCard
	Names                                             []string
}

type caseCard struct {
	Name, Proves, Expected, Found, Pointer, Answer, Answered, Curl string
}

type deviationCard struct {
	Number                               int
	Cases, Rules, Why, Ask, Until, Place string
	State, Class, Seen                   string
}

// areaList are the cases about one part of the description.
type areaList struct {
	Name, Counts string
	Open         bool
	Cases        []caseRow
}

type caseRow struct {
	verdictWord
	Name, Proves, Note string
}

// verdictWord is a verdict as the page shows it.
type verdictWord struct{ Mark, Word, Class string }

func wordOf(verdict string) verdictWord {
	switch verdict {
	case summary.CheckHeld:
		return verdictWord{"✓", "held", "good"}
	case summary.CheckBroken:
		return verdictWord{"✕", "broken", "bad"}
	case summary.CheckAdvice:
		return verdictWord{"!", "advice", "advice"}
	case summary.CheckWaived:
		return verdictWord{"~", "waived", "waived"}
	case summary.CheckNoted:
		return verdictWord{"·", "left open", "soft"}
	case summary.CheckSkipped:
		return verdictWord{"–", "skipped", "soft"}
	case summary.CheckInconclusive:
		return verdictWord{"?", "inconclusive", "unsure"}
	}
	return verdictWord{"?", "doubtful", "unsure"}
}

// verdicts are all that a check can come to, what matters most first.
var verdicts = [...]string{summary.CheckBroken, summary.CheckDoubtful, summary.CheckInconclusive, summary.CheckAdvice,
	summary.CheckWaived, summary.CheckNoted, summary.CheckSkipped, summary.CheckHeld}

// WriteVerification writes a verification as one HTML file, which needs nothing else, as that of a run does: not even a
// script, to be read.
func WriteVerification(w io.Writer, of summary.Verification) error {
	d := verification{of}
	v := d.view()
	t, err := assemble(&v.frame, "verification.html", []string{"page.css", "verification.css"}, []string{"common.js", "plain.js"})
	if err != nil {
		return err
	}
	return t.Execute(inert(w), v)
}

type verification struct{ summary.Verification }

func (d verification) view() verificationView {
	name, target := text.Printable(d.Name(), 64), text.Printable(d.Target, 300)
	word := map[string]string{summary.Pass: "PASS", summary.Fail: "FAIL", summary.NoVerdict: "NO VERDICT"}[d.Verdict.Status]
	v := verificationView{
		frame: newFrame(name, name+", "+target, word, d.Verdict, d.tiles()), Facts: d.facts(), Findings: d.findings(), Deviations: d.deviations(),
		SpecSHA256: text.Printable(d.SpecSHA256, 64), Andon: text.Printable(d.Andon, 64), ExitCode: d.Verdict.ExitCode,
	}
	v.Tab = word + " · " + name + " · " + target
	if d.Insecure {
		v.Notes = append(v.Notes, summary.Insecure)
	}
	if alone := d.Alone(); alone != "" {
		v.Notes = append(v.Notes, alone)
	}
	said := map[string]bool{}
	for _, c := range d.Checks {
		if c.Verdict == summary.CheckSkipped && !said[c.Reason] && len(said) < maxCauses {
			said[c.Reason] = true
			v.Notes = append(v.Notes, text.Sentence("skipped: "+text.Printable(c.Reason, 400)))
		}
	}
	v.Areas, v.Unlisted = d.areas()
	v.Covered, v.Coverage = d.coverage()
	return v
}

func (d verification) tiles() (tiles []tile) {
	notes := map[string]string{
		summary.CheckBroken: "these fail", summary.CheckDoubtful: "andon's tools disagree", summary.CheckInconclusive: "no answer that tells",
		summary.CheckAdvice: "does not fail", summary.CheckWaived: "known deviations", summary.CheckNoted: "by the description", summary.CheckSkipped: "not tried",
	}
	tiles = append(tiles, tile{"Held", text.Count(uint64(d.Count(summary.CheckHeld))), fmt.Sprintf("of %s", text.Plural(uint64(max(d.Planned, 0)), "case")), "good"})
	for _, verdict := range verdicts[:len(verdicts)-1] {
		n := d.Count(verdict)
		if n == 0 && verdict != summary.CheckBroken {
			continue
		}
		class := ""
		if n > 0 && (verdict == summary.CheckBroken || verdict == summary.CheckDoubtful || verdict == summary.CheckInconclusive) {
			class = "bad"
		}
		tiles = append(tiles, tile{capital(wordOf(verdict).Word), text.Count(uint64(n)), notes[verdict], class})
	}
	if share, any := d.Covered(); any {
		tiles = append(tiles, tile{"Coverage", text.WholePercent(share), "of the description", ""})
	}
	if d.Accepted > 0 || d.Unsure > 0 {
		note := "by calls that were accepted"
		if d.Unsure > 0 {
			note = fmt.Sprintf("and up to %d more: no answer", d.Unsure)
		}
		tiles = append(tiles, tile{"Runs started", text.Count(uint64(max(d.Accepted, 0))), note, ""})
	}
	return tiles
}

func (d verification) facts() []fact {
	f := []fact{
		{"Target", text.Printable(d.Target, 300)},
		{"Description", text.Printable(d.Description, 300)},
		{"Started", d.Started.UTC().Format(time.DateTime) + " UTC"},
		{"Took", text.Duration(&d.DurationSeconds)},
		{"Decided by", text.Printable(strings.Join(append([]string{"the description"}, d.Strict...), ", "), 200)},
	}
	if d.Choice != nil {
		f = append(f, fact{"Chosen", d.Choice.String()})
	}
	if n := d.Combinations(); n != "" {
		f = append(f, fact{"Left out", n + " of tier, content and optional properties: every two meet in a case"})
	}
	if d.MaxRuns > 0 {
		f = append(f, fact{"Most runs to be started", fmt.Sprint(d.MaxRuns)})
	}
	return append(f, fact{"andon", text.Printable(d.Andon, 64)})
}

// findings are what did not hold, or on which nothing can be said, what matters most first.
func (d verification) findings() (cards []findingCard) {
	room := maxCards
	for _, verdict := range verdicts[:5] {
		for _, f := range summary.Findings(d.Checks, verdict) {
			k := f.Example()
			card := findingCard{
				verdictWord: wordOf(verdict), Verdict: verdict, Rule: text.Printable(f.Rule, 100), By: k.By(), Reason: text.Printable(k.Reason, maxMessage),
				First: newCaseCard(k), Deviation: k.Deviation,
			}
			if f.Engine == "pact" {
				card.Engine = "Pact"
			}
			if p := k.Place; p != nil && p.Line > 0 {
				card.Place = text.Printable(fmt.Sprintf("%s:%d", p.File, p.Line), 300)
				card.Excerpt = strings.Join(text.Lines(d.Excerpts[p.Line], 20, 200), "\n")
			}
			room--
			shown := false
			for _, c := range f.Checks {
				switch {
				case c.Name == k.Name && !shown:
					shown = true
				case room > 0:
					room--
					card.Others = append(card.Others, newCaseCard(c))
				default:
					card.Names = append(card.Names, text.Printable(c.Name, 120))
				}
			}
			cards = append(cards, card)
		}
	}
	return cards
}

func newCaseCard(c summary.Check) caseCard {
	card := caseCard{
		Name: text.Printable(c.Name, 120), Proves: text.Printable(c.Proves, 300), Found: text.Printable(c.Reason, maxMessage), Pointer: text.Printable(c.Pointer, 200),
		Expected: map[string]string{"accepted": "a documented success", "refused": "a refusal (4xx)", "either": "a success or a refusal, and no failure"}[c.Expect],
		Answer:   strings.Join(text.Lines(c.Answer, answerLines, maxBody), "\n"), Curl: text.Printable(c.Again(), maxCurl),
	}
	if c.Status > 0 {
		card.Answered = fmt.Sprintf("status %d", c.Status)
		if c.Seconds > 0 {
			card.Answered += ", after " + text.Duration(&c.Seconds)
		}
	}
	if c.Attempts > 1 {
		card.Answered = strings.TrimPrefix(fmt.Sprintf("%s; tried %d times", card.Answered, c.Attempts), "; ")
	}
	return card
}

func (d verification) deviations() (cards []deviationCard) {
	for i, x := range d.Deviations {
		card := deviationCard{
			Number: i + 1, Cases: text.Printable(strings.Join(x.Cases, ", "), 300), Rules: text.Printable(strings.Join(x.Rules, ", "), 300), Why: text.Printable(x.Why, 1000),
			Ask: text.Printable(x.Ask, 300), Until: text.Printable(x.Until, 20), State: text.Printable(x.State, 20), Seen: "seen in " + text.Plural(uint64(max(x.Occurred, 0)), "case"),
		}
		card.Class = map[string]string{summary.DeviationWaived: "waived", summary.DeviationExpired: "bad", summary.DeviationLapsed: "unsure", summary.DeviationGone: "unsure"}[x.State]
		if x.State == summary.DeviationLapsed {
			card.State, card.Seen = "expired", card.Seen+", nothing fails by it"
		}
		if x.Place != nil {
			card.Place = text.Printable(fmt.Sprintf("%s:%d", x.Place.File, x.Place.Line), 300)
		}
		cards = append(cards, card)
	}
	return cards
}

// areas lists all cases by the part of the description that they are about, and says how many more there are.
func (d verification) areas() (areas []areaList, unlisted int) {
	at := map[string]int{}
	counts := []map[string]int{}
	for i, c := range d.Checks {
		if i == maxCases {
			unlisted = len(d.Checks) - i
			break
		}
		n, known := at[c.Area()]
		if !known {
			n, at[c.Area()] = len(areas), len(areas)
			areas, counts = append(areas, areaList{Name: text.Printable(cmp.Or(c.Area(), "other"), 60)}), append(counts, map[string]int{})
		}
		counts[n][c.Verdict]++
		row := caseRow{verdictWord: wordOf(c.Verdict), Name: text.Printable(c.Name, 120), Proves: text.Printable(c.Proves, 300)}
		if c.Engine == "pact" {
			row.Note = "by Pact"
		}
		if c.Verdict != summary.CheckHeld {
			row.Note = strings.TrimPrefix(row.Note+"; "+text.Printable(c.Reason, 200), "; ")
		}
		areas[n].Cases = append(areas[n].Cases, row)
		areas[n].Open = areas[n].Open || c.Verdict == summary.CheckBroken || c.Verdict == summary.CheckDoubtful || c.Verdict == summary.CheckInconclusive
	}
	for i := range areas {
		var said []string
		for _, verdict := range verdicts {
			if n := counts[i][verdict]; n > 0 {
				said = append(said, fmt.Sprintf("%d %s", n, wordOf(verdict).Word))
			}
		}
		areas[i].Counts = strings.Join(said, " · ")
	}
	return areas, unlisted
}

// coverage is the table of the parts of the description, and a sentence about them.
func (d verification) coverage() (string, table) {
	share, any := d.Covered()
	if !any {
		return "", table{}
	}
	t := table{Header: []column{{"part of the description", false}, {"kind", false}, {"kept by", true}, {"broken on purpose", true}}}
	for _, p := range d.Coverage[:min(len(d.Coverage), maxCases)] {
		row := []string{text.Printable(p.Name, 100), text.Printable(p.Kind, 40), fmt.Sprint(p.Kept), "–"}
		if p.Breakable {
			row[3] = fmt.Sprint(p.Broken)
		}
		if p.Open && p.Kept == 0 {
			row[2] = "not seen"
		}
		t.Rows = append(t.Rows, row)
	}
	said := text.WholePercent(share) + " of the description were covered: each part once for being kept, and once for being broken where it can be"
	if d.MinCoverage > 0 {
		said += fmt.Sprintf("; at least %s were to be", text.WholePercent(d.MinCoverage))
	}
	return said + ".", t
}
