package pact

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/cases"
)

// Request is what a verification needs to know. It is handed to the process that has the native library as JSON.
type Request struct {
	// Target is where the calls of a pact are sent, and PactFile the pact's path.
	Target   string `json:"target,omitempty"`
	PactFile string `json:"pactFile,omitempty"`
	// Calls, if there are any, are held against Pact's mock server instead, and Outcomes is the path of the file that says
	// what came of them. Method is the call's.
	Calls    []Call `json:"calls,omitempty"`
	Outcomes string `json:"outcomes,omitempty"`
	Method   string `json:"method,omitempty"`
	// Spec, if it is given, is a description of which the pact is made and written to PactFile instead, for what is chosen
	// of it.
	Spec   []byte           `json:"spec,omitempty"`
	Chosen contracts.Choice `json:"chosen,omitzero"`
}

// Call is what a request carries, with what the mock server is to expect in its body's place; see [Matcher].
type Call struct {
	ID      string `json:"id"`
	Body    []byte `json:"body"`
	Matcher any    `json:"matcher"`
	// Path is the call's, escaped. Header and Query are put in besides what every call has.
	Path   string      `json:"path"`
	Header http.Header `json:"header,omitempty"`
	Query  string      `json:"query,omitempty"`
}

// For gives a pact as a target can be held against it: with the bodies of the given cases, in which the user's values
// may stand, without the cases that are not among them, and without those about tokens where there is no token.
func For(pact []byte, chosen []cases.Case, token bool) ([]byte, error) {
	file, err := read(pact)
	if err != nil {
		return nil, err
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
			body["content"] = json.RawMessage(c.Body)
		}
		kept = append(kept, interaction)
	}
	file["interactions"] = kept
	return json.Marshal(file)
}

// Interaction is a call that the verifier makes for a pact.
type Interaction struct {
	Name string
	// Status is the one that stands in the pact; 0 where the interaction is no call over HTTP.
	Status int
	// Bare calls are about what comes of it that they say nothing of who sends them.
	Bare bool
}

// Accepted reports whether the call is to be accepted.
func (i Interaction) Accepted() bool { return i.Status/100 == 2 }

// Mark is the header by which the calls of a pact are known: a key and the place of the interaction, from 0.
const Mark = "Andon-Interaction"

// Marked gives a pact whose calls carry their [Mark], and what they are.
func Marked(pact []byte, key string) (marked []byte, list []Interaction, err error) {
	file, err := read(pact)
	if err != nil {
		return nil, nil, err
	}
	all, _ := file["interactions"].([]any)
	for n, each := range all {
		interaction, _ := each.(map[string]any)
		var i Interaction
		i.Name, _ = interaction["description"].(string)
		i.Bare = inState(interaction, TokenRequired)
		if request, ok := interaction["request"].(map[string]any); ok {
			headers, _ := request["headers"].(map[string]any)
			if headers == nil {
				headers = map[string]any{}
				request["headers"] = headers
			}
			headers[Mark] = key + "-" + strconv.Itoa(n)
			response, _ := interaction["response"].(map[string]any)
			i.Status = http.StatusOK // that is what no status means
			if status, given := response["status"].(json.Number); given {
				i.Status, _ = strconv.Atoi(status.String())
			}
		}
		list = append(list, i)
	}
	marked, err = json.Marshal(file)
	return marked, list, err
}

// read reads a pact. Its numbers stay as they are written.
func read(pact []byte) (file map[string]any, err error) {
	d := json.NewDecoder(bytes.NewReader(pact))
	d.UseNumber()
	if err := d.Decode(&file); err != nil || file == nil {
		return nil, fmt.Errorf("the pact cannot be read: %w", cmp.Or(err, errors.New("expected an object, found null")))
	}
	return file, nil
}

// inState reports whether the provider has to be in a state for an interaction, as any version of the pact
// specification says it.
func inState(interaction map[string]any, state string) bool {
	states, _ := interaction["providerStates"].([]any)
	for _, s := range states {
		if named, _ := s.(map[string]any); named["name"] == state {
			return true
		}
	}
	return interaction["providerState"] == state || interaction["provider_state"] == state
}
