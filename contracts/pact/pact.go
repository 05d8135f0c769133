// Package pact proves the cases of the description with Pact: the requests that andon builds against Pact's mock
// server, and a provider against the pact that comes of it.
//
// What needs Pact's native library stands behind the build tag pact and runs in a process of its own, andon-pact, which
// [Program] starts and whose account it reads. This file says which cases Pact can hold, and how.
package pact

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/cases"
	"github.com/kaizenautomation/andon/contracts/schema"
)

// Consumer and Provider are the names under which the two sides are known to Pact.
const (
	Consumer = "andon"
	Provider = "agents"
)

// The states that a provider must be able to take on.
const (
	AgentExists   = "agent exists"
	FileUploaded  = "file uploaded"
	SkillExists   = "skill exists"
	TokenRequired = "token required"
)

// Held reports whether Pact can hold a case, and if not, why not.
func Held(c cases.Case) (ok bool, why string) {
	switch {
	case c.Expect == cases.Either:
		return false, "the description leaves the answer open, and a pact has to name one"
	case len(c.Body) == 0:
		return false, "a pact cannot tell an empty body from any body"
	case c.Rule == contracts.RuleMalformedJSON:
		return false, "a pact holds bodies as JSON"
	case c.Body[0] == '"':
		return false, "the library takes a text for a body that is no JSON"
	case c.Rule == contracts.RuleDuplicateKey:
		return false, "a pact holds bodies as JSON values, in which no key stands twice"
	case c.Expect == cases.Refused && strings.HasSuffix(c.ContentType, "xml"), strings.HasSuffix(c.ContentType, "form-urlencoded"):
		return false, "Pact reads a body by its named type, and JSON is none of this one"
	case c.Auth != cases.ValidToken && c.Auth != cases.NoToken:
		return false, "a pact without a token covers it: the mock server judges headers by their form alone"
	}
	return true, ""
}

// States are the states in which the provider must be for a case.
func States(c cases.Case) (states []string) {
	if c.Auth == cases.NoToken && c.Expect == cases.Refused {
		return []string{TokenRequired}
	}
	if c.Expect != cases.Accepted {
		return nil
	}
	var call map[string]any
	if json.Unmarshal(c.Body, &call) == nil && call[c.Operation.AgentID] != nil {
		states = append(states, AgentExists)
	}
	if slices.Contains(c.Content, "file") {
		states = append(states, FileUploaded)
	}
	if slices.Contains(c.Content, "skill") {
		states = append(states, SkillExists)
	}
	return states
}

// Matcher is a template in Pact's terms, as JSON that its mock server reads (the integration format): the values of an
// enum by a regular expression, constants and free objects as they are, anything else by its type.
func Matcher(t schema.Template) any {
	switch {
	case t.Members != nil:
		m := map[string]any{}
		for _, x := range t.Members {
			m[x.Name] = Matcher(x.Template)
		}
		return m
	case t.Items != nil:
		l := []any{}
		for _, x := range t.Items {
			l = append(l, Matcher(x))
		}
		return l
	case t.Exact || t.Value == nil:
		return t.Value
	case t.Pattern != "":
		return map[string]any{"pact:matcher:type": "regex", "regex": t.Pattern, "value": t.Value}
	}
	return map[string]any{"pact:matcher:type": "type", "value": t.Value}
}
