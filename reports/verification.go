package reports

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// VerificationSchema names the format of a [Verification] as JSON.
const VerificationSchema = "andon.verification/1"

// Verification is what came of holding a target against the contract, case by case.
type Verification struct {
	// Schema is VerificationSchema.
	Schema     string    `json:"schema"`
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
	LeftOut int     `json:"leftOut"`
	Checks  []Check `json:"checks"`
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

// coverage is the table of what was tried, by area and expectation.
func (v *Verification) coverage(st style) Table {
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
	if err := v.coverage(st).Text(&b); err != nil {
		return err
	}
	for _, c := range v.Checks {
		if c.Verdict != CheckBroken && c.Verdict != CheckDoubtful {
			continue
		}
		fmt.Fprintf(&b, "\n%s %s%s: %s\n", st.bad("✗"), Printable(c.Name, 120), map[bool]string{true: " (by Pact)"}[c.Engine == "pact"], Printable(c.Proves, 200))
		wrap(&b, Printable(c.Reason, 1000), o.Width)
		if c.Pointer != "" {
			fmt.Fprintf(&b, "    at %s of the answer's body\n", Printable(c.Pointer, 200))
		}
		curl := c.Curl
		if len(curl) > maxCurl {
			curl = "andon contracts show " + c.Name + " --curl"
		}
		fmt.Fprintf(&b, "    %s\n", Printable(curl, 2*maxCurl))
	}
	fmt.Fprintf(&b, "\n  %s held, %d broken, %d left open by the description, %d skipped", plural(uint64(v.count(CheckHeld)), "case"), v.count(CheckBroken), v.count(CheckNoted), v.count(CheckSkipped))
	if v.LeftOut > 0 {
		fmt.Fprintf(&b, "; %s more of tier, content and optional properties were left out: every two meet in a case", plural(uint64(v.LeftOut), "combination"))
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
