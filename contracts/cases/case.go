// Package cases derives what a description implies: the requests that a provider must accept, those that it must
// refuse, and those on which the description is silent. It chooses among them, draws further ones at random, and says
// which parts of the description a choice of them exercises.
package cases

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/kaizenautomation/andon/contracts"
)

// Expectation is what must come back for a case.
type Expectation string

const (
	// Accepted cases conform, so the answer is a documented success.
	Accepted Expectation = "accepted"
	// Refused cases do not, so the answer is a 4xx: never a success, and never a 5xx.
	Refused Expectation = "refused"
	// Either is for cases on which the description is silent: a success and a 4xx are both fine, a 5xx is not.
	Either Expectation = "either"
)

// Authority is what says what must come back for a case.
type Authority string

const (
	// ByDescription is for what the description says itself: schemas, parameters, statuses, security.
	ByDescription Authority = "description"
	// ByHTTP is for what HTTP says: methods and media types.
	ByHTTP Authority = "http"
	// ByJSON is for what JSON says of texts on which its readers do not agree.
	ByJSON Authority = "json"
	// ByAssumption is for what the description marks as an assumption.
	ByAssumption Authority = "assumption"
)

// Auth says who a case's request says that it is from.
type Auth = contracts.Caller

const (
	// ValidToken is what the user gives, if anything.
	ValidToken = contracts.AsGiven
	// NoToken leaves out what would say it.
	NoToken = contracts.Unnamed
	// WrongToken sends a token that nobody was given.
	WrongToken = contracts.Wrong
	// EmptyToken sends one that has nothing in it.
	EmptyToken = contracts.Empty
	// WrongScheme sends a token under another scheme than the description's.
	WrongScheme = contracts.WrongScheme
)

// Case is one shape of request, derived from the description, with what must come back.
type Case struct {
	// ID names the case wherever it appears: text.Full, json.Lite+summarySchema, file.missing-id.negative.
	ID string
	// Operation is the call that the case is about.
	Operation contracts.Operation
	// Proves says in words what the case is about.
	Proves string
	Expect Expectation
	// Authority says it; empty is ByDescription.
	Authority Authority
	// Line is where the description says so; 0 is not known.
	Line   int
	Method string
	// ContentType is the request's media type; empty sends none.
	ContentType string
	Auth        Auth
	Body        []byte
	// Parameter names the parameter that the case is about; empty where it is about the body, or what stands around it.
	Parameter string
	// Rule is the rule that the body breaks; empty where it conforms.
	Rule string
	// Content lists the types of the content items in a body that conforms.
	Content []string
	// Large cases have a body that is larger than the target should take.
	Large bool
	// Random cases are drawn by a seed.
	Random bool
}

// By is the case's authority, by name.
func (c Case) By() Authority { return cmp.Or(c.Authority, ByDescription) }

// Tags are words by which cases can be chosen: what must come back, the part of the description that the case is about,
// which is the first word of its id, who says what must come back (by-http; also without "by-", unless that is the name
// of a content type: json), and the types of its content items.
func (c Case) Tags() []string {
	about, _, _ := strings.Cut(c.ID, ".")
	about, _, _ = strings.Cut(about, "+")
	tags := []string{string(c.Expect), about}
	for _, t := range append(c.Content[:len(c.Content):len(c.Content)], "by-"+string(c.By())) {
		if !slices.Contains(tags, t) {
			tags = append(tags, t)
		}
	}
	if by := string(c.By()); c.By() != ByJSON && !slices.Contains(tags, by) {
		tags = append(tags, by)
	}
	return tags
}

// Status is the status that a refusal must have where HTTP itself says so: 405 for a method that the path does not
// have, 401 for a token that is missing or wrong (RFC 9110, sections 15.5.6 and 15.5.2). 0 is any 4xx.
func (c Case) Status() int {
	switch {
	case c.Method != c.Operation.Method:
		return http.StatusMethodNotAllowed
	case c.Auth != ValidToken:
		return http.StatusUnauthorized
	}
	return 0
}
