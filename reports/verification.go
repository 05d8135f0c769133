package reports

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"
)

// VerificationSchema names the format of a [Verification] as JSON.
const VerificationSchema = "andon.verification/1"

// Verification is what came of holding a target against the contract, case by case.
type Verification struct {
	// Schema is VerificationSchema.
	Schema string `json:"schema"`
	// Title says what was done; empty is andon verify.
	Title      string    `json:"title,omitempty"`
	Verdict    Verdict   `json:"verdict"`
	Target     string    `json:"target"`
	Started    time.Time `json:"started"`
	SpecSHA256 string    `json:"specSha256"`
	Andon      string    `json:"andon"`
	// DurationSeconds is how long it took.
	DurationSeconds float64 `json:"durationSeconds"`
	// Planned is the number of cases; there are fewer checks where the verification ended early.
	Planned int `json:"planned"`
	// LeftOut is the number of combinations for which no case stands by itself.
	LeftOut int `json:"leftOut"`
	// Accepted is how many calls the target took, each of which starts a run there.
	Accepted int `json:"accepted"`
	// Coverage says which parts of the description were exercised, and MinCoverage, if not 0, is the share of them that
	// had to be, from 0 to 1.
	Coverage    []CoveragePart `json:"coverage,omitempty"`
	MinCoverage float64        `json:"minCoverage,omitempty"`
	Checks      []Check        `json:"checks"`
}

// CoveragePart is a part of the description, with how often it was kept and broken by the calls.
type CoveragePart struct {
	// Kind is "property", "value", "branch" or "status".
	Kind string `json:"kind"`
	Name string `json:"name"`
	// Kept and Broken count the calls that used the part as described and those that broke it; for a status, Kept counts
	// answers.
	Kept   int `json:"kept"`
	Broken int `json:"broken"`
	// Breakable parts have to be broken too; Open ones cannot be reached for sure and count for nothing.
	Breakable bool `json:"breakable"`
	Open      bool `json:"open"`
}

// Covered gives the share of the parts that were exercised, each counted once for being kept and, where it can be, once for
// being broken. It is from 0 to 1; false where nothing was to be covered.
func (v *Verification) Covered() (share float64, any bool) {
	done, all := 0, 0
	for _, p := range v.Coverage {
		if p.Open {
			continue
		}
		if all++; p.Kept > 0 {
			done++
		}
		if p.Breakable {
			if all++; p.Broken > 0 {
				done++
			}
		}
	}
	if all == 0 {
		return 0, false
	}
	return float64(done) / float64(all), true
}

func (v *Verification) coverageSentence() string {
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
	return fmt.Sprintf("Coverage of the description: %s (properties %s, branches %s, values %s; statuses seen %s)",
		percentOf(share), of("property"), of("branch"), of("value"), of("status"))
}

// percentOf rounds down, so that 100 % is all of it.
func percentOf(share float64) string { return fmt.Sprintf("%.0f %%", math.Floor(100*share)) }

// missed is the table of the parts that were not exercised.
func (v *Verification) missed(st style) Table {
	t := Table{Header: []string{"not covered", "kind", ">kept", ">broken"}}
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

// parts is the table of all parts.
func (v *Verification) parts() Table {
	t := Table{Header: []string{"part of the description", "kind", ">kept by", ">broken by"}}
	for _, p := range v.Coverage {
		row := []string{Printable(p.Name, 80), p.Kind, fmt.Sprint(p.Kept), "–"}
		if p.Breakable {
			row[3] = fmt.Sprint(p.Broken)
		}
		if p.Open && p.Kept == 0 {
			row[2] = "not seen; the target chooses"
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// failed lists the checks that did not hold, or on which nothing can be said.
func (v *Verification) failed() (out []Check) {
	for _, c := range v.Checks {
		if c.Verdict == CheckBroken || c.Verdict == CheckDoubtful {
			out = append(out, c)
		}
	}
	return out
}

func (v *Verification) title() string { return cmp.Or(v.Title, "andon verify") }

// tally counts the verdicts in a sentence without its stop.
func (v *Verification) tally() string {
	s := fmt.Sprintf("%s held, %d broken, %d left open by the description, %d skipped", plural(uint64(v.count(CheckHeld)), "case"), v.count(CheckBroken), v.count(CheckNoted), v.count(CheckSkipped))
	if v.LeftOut > 0 {
		s += fmt.Sprintf("; %s more of tier, content and optional properties were left out: every two meet in a case", plural(uint64(v.LeftOut), "combination"))
	}
	return s
}

// repeat is how a check is repeated by hand.
func (c Check) repeat() string {
	if len(c.Curl) > maxCurl {
		return "andon contracts show " + c.Name + " --curl"
	}
	return c.Curl
}

// Check is one thing that was tried, and what came of it.
type Check struct {
	// Engine says who judged: "description" or "pact".
	Engine string `json:"engine"`
	// Name identifies the check: a case's id.
	Name string `json:"name"`
	// Proves says what it is about.
	Proves string `json:"proves"`
	// Expect is what had to come back: "accepted", "refused" or "either".
	Expect string `json:"expect"`
	// Verdict is "held", "broken", "noted", "doubtful" or "skipped".
	Verdict string `json:"verdict"`
	// Rule and Pointer say which rule was broken, and where in the body; Reason says it in one sentence.
	Rule    string `json:"rule,omitempty"`
	Pointer string `json:"pointer,omitempty"`
	Reason  string `json:"reason,omitempty"`
	// Status is the HTTP status of the answer.
	Status  int     `json:"status,omitempty"`
	Seconds float64 `json:"seconds"`
	// Curl repeats it by hand.
	Curl string `json:"curl"`
}

// What a check can come to.
const (
	CheckHeld    = "held"
	CheckBroken  = "broken"
	CheckNoted   = "noted"
	CheckSkipped = "skipped"
	// CheckDoubtful is for answers on which andon's tools disagree: no pass, and no finding about the target.
	CheckDoubtful = "doubtful"
)

// Decide fills in the verdict. A reason why the verification ended early may be empty.
func (v *Verification) Decide(early string) {
	v.Verdict = Verdict{Status: Pass, Causes: []string{}}
	if n := v.count(CheckBroken); n > 0 {
		v.Verdict.Status, v.Verdict.ExitCode = Fail, 1
		v.Verdict.Causes = append(v.Verdict.Causes, sentence(fmt.Sprintf("%d of %s did not hold", n, plural(uint64(v.Planned), "case"))))
	}
	if share, any := v.Covered(); any && share < v.MinCoverage {
		v.Verdict.Status, v.Verdict.ExitCode = Fail, 1
		v.Verdict.Causes = append(v.Verdict.Causes, sentence(fmt.Sprintf("%s of the description were covered, expected at least %s", percentOf(share), percentOf(v.MinCoverage))))
	}
	if n := v.count(CheckDoubtful); n > 0 && v.Verdict.Status == Pass {
		v.Verdict.Status, v.Verdict.ExitCode = NoVerdict, 3
		v.Verdict.Causes = append(v.Verdict.Causes, sentence(fmt.Sprintf("andon's own tools disagree on %s", plural(uint64(n), "case"))))
	}
	if early != "" {
		v.Verdict.Status, v.Verdict.ExitCode = NoVerdict, 3
		v.Verdict.Causes = append(v.Verdict.Causes, sentence(fmt.Sprintf("%s, after %d of %s", early, len(v.Checks), plural(uint64(v.Planned), "case"))))
	} else if v.count(CheckHeld) == 0 && v.Verdict.Status == Pass {
		v.Verdict.Status, v.Verdict.ExitCode = NoVerdict, 3
		v.Verdict.Causes = append(v.Verdict.Causes, "No case was held against the target.")
	}
}

func (v *Verification) count(verdict string) (n int) {
	for _, c := range v.Checks {
		if c.Verdict == verdict {
			n++
		}
	}
	return n
}

// area is the part of the description that a check is about: the first word of its name.
func (c Check) area() string {
	word, _, _ := strings.Cut(c.Name, ".")
	word, _, _ = strings.Cut(word, "+")
	return word
}

// areas is the table of what was tried, by area and expectation.
func (v *Verification) areas(st style) Table {
	t := Table{Header: []string{"about", ">must be accepted", ">must be refused", ">left open", ">skipped"}}
	var areas []string
	for _, c := range v.Checks {
		if !slices.Contains(areas, c.area()) {
			areas = append(areas, c.area())
		}
	}
	both := slices.ContainsFunc(v.Checks, func(c Check) bool { return c.Engine != v.Checks[0].Engine })
	if both {
		t.Header = append(t.Header, ">by Pact")
	}
	for _, area := range areas {
		row := []string{st.foreign(area, 40)}
		for _, expect := range []string{"accepted", "refused", "either"} {
			held, all := 0, 0
			for _, c := range v.Checks {
				if c.area() != area || c.Expect != expect || c.Verdict == CheckSkipped || both && c.Engine == "pact" {
					continue
				}
				if all++; c.Verdict != CheckBroken && c.Verdict != CheckDoubtful {
					held++
				}
			}
			cell := fmt.Sprintf("%d/%d", held, all)
			switch {
			case all == 0:
				cell = ""
			case held < all:
				cell = st.bad(cell)
			}
			row = append(row, cell)
		}
		skipped := 0
		for _, c := range v.Checks {
			if c.area() == area && c.Verdict == CheckSkipped {
				skipped++
			}
		}
		if skipped > 0 {
			row = append(row, fmt.Sprint(skipped))
		} else {
			row = append(row, "")
		}
		if both {
			held, all := 0, 0
			for _, c := range v.Checks {
				if c.area() == area && c.Engine == "pact" {
					if all++; c.Verdict == CheckHeld {
						held++
					}
				}
			}
			cell := ""
			if all > 0 {
				cell = fmt.Sprintf("%d/%d", held, all)
			}
			if held < all {
				cell = st.bad(cell)
			}
			row = append(row, cell)
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// VerificationTerminal writes a verification for people: what was covered, what did not hold and how to repeat it.
func VerificationTerminal(w io.Writer, v Verification, o TerminalOptions) error {
	if o.Width <= 0 {
		o.Width = 100
	}
	st := style{foreign: Printable, good: func(s string) string { return o.paint(green, s) }, bad: func(s string) string { return o.paint(red, s) }}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\n  %s · %s · took %s\n\n", o.paint(bold, "andon verify"), Printable(v.Target, 200), v.Started.UTC().Format(time.DateTime+"Z"), duration(&v.DurationSeconds))
	if err := v.areas(st).Text(&b); err != nil {
		return err
	}
	if len(v.Coverage) > 0 {
		b.WriteByte('\n')
		if err := v.parts().Text(&b); err != nil {
			return err
		}
		fmt.Fprintf(&b, "\n  %s\n", v.coverageSentence())
	}
	for _, c := range v.failed() {
		fmt.Fprintf(&b, "\n%s %s%s: %s\n", st.bad("✗"), Printable(c.Name, 120), map[bool]string{true: " (by Pact)"}[c.Engine == "pact"], Printable(c.Proves, 200))
		wrap(&b, Printable(c.Reason, 1000), o.Width)
		if c.Pointer != "" {
			fmt.Fprintf(&b, "    at %s of the answer's body\n", Printable(c.Pointer, 200))
		}
		if repeat := c.repeat(); repeat != "" {
			fmt.Fprintf(&b, "    %s\n", Printable(repeat, 2*maxCurl))
		}
	}
	fmt.Fprintf(&b, "\n  %s", v.tally())
	if v.Accepted > 0 {
		fmt.Fprintf(&b, "\n  %s accepted, each of which has started a run", plural(uint64(v.Accepted), "call"))
	}
	b.WriteByte('\n')
	if i := slices.IndexFunc(v.Checks, func(c Check) bool { return c.Verdict == CheckSkipped }); i >= 0 {
		wrap(&b, sentence("skipped: "+Printable(v.Checks[i].Reason, 400)), o.Width)
	}
	word, color := map[string]string{Pass: "PASS", Fail: "FAIL", NoVerdict: "NO VERDICT"}[v.Verdict.Status], map[string]string{Pass: green, Fail: red, NoVerdict: yellow}[v.Verdict.Status]
	fmt.Fprintf(&b, "\n%s  (exit code %d)\n", o.paint(bold+";"+color, word), v.Verdict.ExitCode)
	for _, c := range v.Verdict.Causes {
		wrap(&b, Printable(c, 2000), o.Width)
	}
	_, err := w.Write(b.Bytes())
	return err
}

// maxCurl is the longest curl line that is shown.
const maxCurl = 600
