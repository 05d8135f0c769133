package pact

import (
	"encoding/json"
	"fmt"

	"github.com/kaizenautomation/andon/contracts/cases"
	"github.com/kaizenautomation/andon/contracts/credentials"
)

// Request is what a verification needs to know. It is handed to the process that has the native library as JSON.
type Request struct {
	Target string `json:"target"`
	// Headers and Query are put into every call, but for the header Authorization into those that are about its absence.
	Headers map[string][]string `json:"headers,omitempty"`
	Query   string              `json:"query,omitempty"`
	// Trust is how to connect to a target over TLS.
	Trust credentials.Connection `json:"trust"`
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

// For gives a pact as a target can be held against it: with the bodies of the given cases, in which the user's values
// may stand, without the cases that are not among them, and without those about tokens where there is no token. It also
// gives the number of calls that the verifier makes for it.
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
