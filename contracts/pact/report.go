package pact

import (
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// Outcome is what Pact's verifier says of one case.
type Outcome struct {
	ID   string `json:"id"`
	Held bool   `json:"held"`
	// Reason is what did not match, in Pact's words; empty where all did.
	Reason string `json:"reason,omitempty"`
}

var (
	// Durations are several words where they are longer than a second: 1s 200ms.
	verified = compiled(`^\s+(\S.*?) \([0-9][0-9a-zµ. ]* loading, [0-9][0-9a-zµ. ]* verification\)`)
	failure  = compiled(`^[0-9]+\) Verifying a pact between .* - `)
	colour   = compiled("\x1b\\[[0-9;]*m")
)

// compiled is a regular expression that is made when it is first asked for.
func compiled(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}

const (
	// maxReason is the most of a reason that is kept, in bytes.
	maxReason = 600
	// unmade is how the library says that a call got no answer.
	unmade = "Request Failed - "
)

// ParseReport reads what the verifier prints: the library gives no other account of the single cases.
func ParseReport(text string) (outcomes []Outcome) {
	index := map[string]int{}
	current, failing := -1, -1
	for _, line := range strings.Split(colour().ReplaceAllString(text, ""), "\n") {
		line = strings.TrimRight(line, "\r ")
		if m := verified().FindStringSubmatch(line); m != nil {
			if at, seen := index[m[1]]; seen {
				current = at
				continue
			}
			index[m[1]] = len(outcomes)
			current = len(outcomes)
			outcomes = append(outcomes, Outcome{ID: m[1], Held: true})
			continue
		}
		if failure().MatchString(line) {
			current, failing = -1, named(outcomes, line)
			if failing >= 0 {
				outcomes[failing].Held = false
			}
			continue
		}
		switch {
		case line == "":
			failing = -1
		case current >= 0 && strings.HasSuffix(line, "(FAILED)"):
			outcomes[current].Held = false
		case current >= 0 && strings.HasPrefix(strings.TrimSpace(line), unmade):
			outcomes[current].Held = false
			outcomes[current].because(line)
		case failing >= 0 && !outcomes[failing].because(line):
			failing = -1
		}
	}
	return outcomes
}

// because adds a line to the reason; it reports whether there is room for more.
func (o *Outcome) because(line string) bool {
	if o.Reason != "" {
		o.Reason += " "
	}
	if o.Reason += strings.Join(strings.Fields(line), " "); len(o.Reason) <= maxReason {
		return true
	}
	o.Reason = strings.ToValidUTF8(o.Reason[:maxReason], "") + "…"
	return false
}

// named gives the outcome with whose name a line ends, the longest if there are several; -1 if there is none.
func named(outcomes []Outcome, line string) int {
	found := -1
	for i, o := range outcomes {
		if strings.HasSuffix(line, " - "+o.ID) && (found < 0 || len(o.ID) > len(outcomes[found].ID)) {
			found = i
		}
	}
	return found
}

var mismatched = compiled(`Pact Verification Failed for: \S*/([0-9]+)$`)

// ParseMismatches reads, off what the library prints, why its mock server did not take calls, by their place in the
// request.
func ParseMismatches(text string) map[int]string {
	reasons := map[int]string{}
	at := -1
	for _, line := range strings.Split(text, "\n") {
		if m := mismatched().FindStringSubmatch(line); m != nil {
			at, _ = strconv.Atoi(m[1]) // digits
			continue
		}
		said := strings.TrimSpace(line)
		switch {
		case at < 0 || said == "" || said == "Diff:" || strings.HasPrefix(said, "expected:") || strings.HasPrefix(said, "actual:"):
		case !strings.HasPrefix(line, "\t\t"):
			at = -1
		case len(reasons[at]) < maxReason:
			reasons[at] = strings.ToValidUTF8(strings.TrimPrefix(reasons[at]+"; "+said[:min(len(said), maxReason)], "; "), "")
		}
	}
	return reasons
}
