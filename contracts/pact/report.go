package pact

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/kaizenautomation/andon/contracts/cases"
)

// Request is what a verification needs to know. It is handed to the process that has the native library as JSON.
type Request struct {
	Target string `json:"target"`
	// Token is put into every call but those that are about its absence; it may be empty.
	Token string `json:"token"`
	// PactFile is the pact's path.
	PactFile string `json:"pactFile,omitempty"`
	// Calls, if there are any, are held against Pact's mock server instead, and Outcomes is the path of the file that says
	// what came of them. Method and Path say where the call lives.
	Calls    []Call `json:"calls,omitempty"`
	Outcomes string `json:"outcomes,omitempty"`
	Method   string `json:"method,omitempty"`
	Path     string `json:"path,omitempty"`
	// Spec, if it is given, is a description of which the pact is made and written to PactFile instead.
	Spec []byte `json:"spec,omitempty"`
}

// Call is a request's body with what the mock server is to expect in its place; see [Matcher].
type Call struct {
	ID      string `json:"id"`
	Body    []byte `json:"body"`
	Matcher any    `json:"matcher"`
}

// For gives a pact as a target can be held against it: with the bodies of the given cases, in which the user's
// values may stand, without the cases that are not among them, and without those about tokens where there is no token. It
// also gives the number of calls that the verifier makes for it.
func For(pact []byte, chosen []cases.Case, token bool) (text []byte, calls int, err error) {
	var file map[string]any
	if err := json.Unmarshal(pact, &file); err != nil {
		return nil, 0, fmt.Errorf("the pact cannot be read: %w", err)
	}
	byID := map[string]cases.Case{}
	for _, c := range chosen {
		byID[c.ID] = c
	}
	var kept []any
	list, _ := file["interactions"].([]any)
	for _, i := range list {
		interaction, _ := i.(map[string]any)
		id, _ := interaction["description"].(string)
		c, known := byID[id]
		if held, _ := Held(c); !known || !held || c.Auth != cases.ValidToken && !token {
			continue
		}
		request, _ := interaction["request"].(map[string]any)
		body, _ := request["body"].(map[string]any)
		if _, isText := body["content"].(string); body != nil && !isText {
			var content any
			if err := json.Unmarshal(c.Body, &content); err != nil {
				return nil, 0, fmt.Errorf("the case %s: %w", id, err)
			}
			body["content"] = content
		}
		kept = append(kept, interaction)
	}
	file["interactions"] = kept
	text, err = json.Marshal(file)
	return text, len(kept), err
}

// Interactions lists the calls that the verifier makes for a pact: their names, and whether they are to be accepted.
func Interactions(pact []byte) (names []string, accepted map[string]bool) {
	var file struct {
		Interactions []struct {
			Description string
			Response    struct{ Status int }
		}
	}
	accepted = map[string]bool{}
	if json.Unmarshal(pact, &file) != nil {
		return nil, accepted
	}
	for _, i := range file.Interactions {
		names = append(names, i.Description)
		// A pact that names no status means 200.
		accepted[i.Description] = i.Response.Status == 0 || i.Response.Status/100 == 2
	}
	return names, accepted
}

// Outcome is what Pact's verifier says of one case.
type Outcome struct {
	ID   string `json:"id"`
	Held bool   `json:"held"`
	// Reason is what did not match, in Pact's words; empty where all did.
	Reason string `json:"reason,omitempty"`
}

var (
	verified = regexp.MustCompile(`^\s+(\S.*?) \([0-9.]+m?s loading, [0-9.]+m?s verification\)`)
	failure  = regexp.MustCompile(`^[0-9]+\) Verifying a pact between .* - `)
	colour   = regexp.MustCompile("\x1b\\[[0-9;]*m")
)

// maxReason is the most of a reason that is kept, in bytes.
const maxReason = 600

// ParseReport reads what the verifier prints: the library gives no other account of the single cases.
func ParseReport(text string) (outcomes []Outcome) {
	index := map[string]int{}
	current, failing := -1, -1
	for _, line := range strings.Split(colour.ReplaceAllString(text, ""), "\n") {
		line = strings.TrimRight(line, "\r ")
		if m := verified.FindStringSubmatch(line); m != nil {
			if at, seen := index[m[1]]; seen {
				current = at
				continue
			}
			index[m[1]] = len(outcomes)
			current = len(outcomes)
			outcomes = append(outcomes, Outcome{ID: m[1], Held: true})
			continue
		}
		if failure.MatchString(line) {
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
		case failing >= 0:
			reason := &outcomes[failing].Reason
			if *reason != "" {
				*reason += " "
			}
			if *reason += strings.Join(strings.Fields(line), " "); len(*reason) > maxReason {
				*reason = strings.ToValidUTF8((*reason)[:maxReason], "") + "…"
				failing = -1
			}
		}
	}
	return outcomes
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

var mismatched = regexp.MustCompile(`Pact Verification Failed for: \S*/([0-9]+)$`)

// ParseMismatches reads, off what the library prints, why its mock server did not take calls, by their place in the request.
func ParseMismatches(text string) map[int]string {
	reasons := map[int]string{}
	at := -1
	for _, line := range strings.Split(text, "\n") {
		if m := mismatched.FindStringSubmatch(line); m != nil {
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
