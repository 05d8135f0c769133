// Package broker talks to a Pact Broker over its HTTP interface: it publishes a pact, fetches those that a provider has
// to keep, publishes what came of verifying them, and asks whether a version may be deployed.
package broker

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/kaizenautomation/andon/reports/bounded"
	"github.com/kaizenautomation/andon/reports/build"
	"github.com/kaizenautomation/andon/reports/text"
)

// Broker is a Pact Broker. A token or a user name with a password may be given, not both.
type Broker struct {
	URL                       *url.URL
	Token, Username, Password string
}

// ParseURL reads the address of a Pact Broker, which is no place for credentials. The error goes on after the name of
// what was read: "the address wants …".
func ParseURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		// The parser's message would quote the whole text, in which a password may stand.
		return nil, errors.New("wants a URL such as https://broker.example.com")
	case u.User != nil:
		return nil, errors.New("wants no credentials in the URL: set PACT_BROKER_USERNAME and PACT_BROKER_PASSWORD")
	}
	return u, nil
}

// Version is a version of one of the two sides, as the broker knows it.
type Version struct {
	// Number tells the version from every other: a commit, mostly.
	Number   string
	Branch   string
	Tags     []string
	BuildURL string
}

const (
	patience    = 30 * time.Second
	maxDocument = 32 << 20
)

// document is a document of the broker's, with its links (HAL).
type document struct {
	Links map[string]json.RawMessage `json:"_links"`
	body  []byte
}

// link gives the address of a link, with the names in braces replaced. It is empty where there is none.
func (d document) link(name string, values ...string) string {
	var l struct {
		Href string `json:"href"`
	}
	if json.Unmarshal(d.Links[name], &l) != nil {
		return ""
	}
	for i := 0; i+1 < len(values); i += 2 {
		l.Href = strings.ReplaceAll(l.Href, "{"+values[i]+"}", url.PathEscape(values[i+1]))
	}
	return l.Href
}

func (b Broker) call(ctx context.Context, method, address string, body any) (d document, err error) {
	u, err := b.URL.Parse(address)
	if err != nil {
		return d, fmt.Errorf("the broker's link %s is no URL", text.Printable(text.Public(strconv.Quote(address)), 200))
	}
	if u.Host != b.URL.Host || u.Scheme != b.URL.Scheme {
		// Whoever gets the credentials is for the user to say, not for a link.
		return d, fmt.Errorf("the broker's link leads to %s, not to %s", text.Printable(u.Host, 200), b.URL.Host)
	}
	var sent []byte
	if body != nil {
		if sent, err = json.Marshal(body); err != nil {
			return d, err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, u.String(), bytes.NewReader(sent))
	if err != nil {
		return d, err
	}
	r.Header.Set("Accept", "application/hal+json, application/json")
	r.Header.Set("User-Agent", build.Agent())
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	switch {
	case b.Token != "":
		r.Header.Set("Authorization", "Bearer "+b.Token)
	case b.Username != "":
		r.SetBasicAuth(b.Username, b.Password)
	}
	// A redirection could carry the credentials elsewhere, and turns a POST into a GET.
	transport := bounded.Transport()
	defer transport.CloseIdleConnections()
	client := http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(r)
	if err != nil {
		return d, fmt.Errorf("the broker cannot be reached: %w", text.Reason(err))
	}
	defer func() { _ = response.Body.Close() }()
	d.body, err = bounded.Append(nil, response, maxDocument+1)
	switch {
	case err != nil:
		return d, fmt.Errorf("the broker's answer broke off: %w", err)
	case len(d.body) > maxDocument:
		return d, fmt.Errorf("the broker's answer is longer than %d bytes", maxDocument)
	case response.StatusCode == http.StatusUnauthorized || response.StatusCode == http.StatusForbidden:
		return d, fmt.Errorf("the broker refuses with status %d: set PACT_BROKER_TOKEN, or PACT_BROKER_USERNAME and PACT_BROKER_PASSWORD", response.StatusCode)
	case response.StatusCode/100 != 2:
		said := strings.TrimSpace(string(d.body))
		if said != "" {
			said = ": " + text.Printable(said, 400)
		}
		return d, fmt.Errorf("the broker answers %s %s with status %d%s", method, text.Public(u.String()), response.StatusCode, said)
	}
	if len(d.body) > 0 {
		if err := json.Unmarshal(d.body, &d); err != nil {
			return d, fmt.Errorf("the broker answers %s %s with something that is no JSON: %w", method, text.Public(u.String()), err)
		}
	}
	return d, nil
}

// follow reads the broker's index and calls one of its links.
func (b Broker) follow(ctx context.Context, method, link string, body any, values ...string) (document, error) {
	index, err := b.call(ctx, http.MethodGet, b.URL.String(), nil)
	if err != nil {
		return index, err
	}
	address := index.link(link, values...)
	if address == "" {
		return index, fmt.Errorf("%s is no Pact Broker, or an old one: its index has no link %s", text.Public(b.URL.String()), link)
	}
	return b.call(ctx, method, address, body)
}

// Publish hands a pact to the broker under a version of its consumer. The names of the two sides are those in the pact.
func (b Broker) Publish(ctx context.Context, pact []byte, v Version) error {
	var sides struct{ Consumer, Provider struct{ Name string } }
	if err := json.Unmarshal(pact, &sides); err != nil {
		return fmt.Errorf("the pact cannot be read: %w", err)
	}
	body := map[string]any{
		"pacticipantName": sides.Consumer.Name, "pacticipantVersionNumber": v.Number,
		"contracts": []any{map[string]any{
			"consumerName": sides.Consumer.Name, "providerName": sides.Provider.Name,
			"specification": "pact", "contentType": "application/json", "content": pact, // JSON writes bytes as base64
		}},
	}
	if v.Branch != "" {
		body["branch"] = v.Branch
	}
	if len(v.Tags) > 0 {
		body["tags"] = v.Tags
	}
	if v.BuildURL != "" {
		body["buildUrl"] = v.BuildURL
	}
	_, err := b.follow(ctx, http.MethodPost, "pb:publish-contracts", body)
	return err
}

// ParseSelector reads a consumer version selector. The error goes on after the name of what was read.
func ParseSelector(selector string) (json.RawMessage, error) {
	var object map[string]any
	if json.Unmarshal([]byte(selector), &object) != nil || object == nil {
		return nil, fmt.Errorf(`wants a JSON object such as {"mainBranch":true}, found %q`, text.Printable(selector, 100))
	}
	return json.RawMessage(selector), nil
}

// Wanted says which pacts are to be verified.
type Wanted struct {
	Provider string
	// Selectors are consumer version selectors, each a JSON object.
	Selectors []json.RawMessage
	// Branch is the provider's, which pending pacts are judged by.
	Branch string
	// Pending has failures of pacts that were never kept before told apart. WIPSince, if not empty, adds the newest pacts
	// since that day that no selector chooses.
	Pending  bool
	WIPSince string
}

// Pact is one that the broker wants verified.
type Pact struct {
	// Name is the broker's description of it.
	Name string
	Text []byte
	// Pending pacts are not to fail a build.
	Pending bool
	results string
}

// Fetch gets the pacts that a provider has to keep.
func (b Broker) Fetch(ctx context.Context, w Wanted) (pacts []Pact, err error) {
	body := map[string]any{"includePendingStatus": w.Pending}
	if len(w.Selectors) > 0 {
		body["consumerVersionSelectors"] = w.Selectors
	}
	if w.Branch != "" {
		body["providerVersionBranch"] = w.Branch
	}
	if w.WIPSince != "" {
		body["includeWipPactsSince"] = w.WIPSince
	}
	list, err := b.follow(ctx, http.MethodPost, "pb:provider-pacts-for-verification", body, "provider", w.Provider)
	if err != nil {
		return nil, err
	}
	var found struct {
		Embedded struct {
			Pacts []struct {
				Properties struct{ Pending bool } `json:"verificationProperties"`
				Links      struct {
					Self struct{ Href, Name string }
				} `json:"_links"`
			}
		} `json:"_embedded"`
	}
	if err := json.Unmarshal(list.body, &found); err != nil {
		return nil, fmt.Errorf("the broker's list of pacts cannot be read: %w", err)
	}
	for _, p := range found.Embedded.Pacts {
		text, err := b.call(ctx, http.MethodGet, p.Links.Self.Href, nil)
		if err != nil {
			return nil, err
		}
		pacts = append(pacts, Pact{
			Name: p.Links.Self.Name, Text: text.body, Pending: p.Properties.Pending,
			results: text.link("pb:publish-verification-results"),
		})
	}
	return pacts, nil
}

// errNoLink says that the broker does not take results for a pact.
var errNoLink = errors.New("the broker gives no link for the results of the pact")

// PublishResult tells the broker whether a provider keeps a pact. The branch is noted first, if there is one.
func (b Broker) PublishResult(ctx context.Context, p Pact, provider string, v Version, kept bool, andon string) error {
	if p.results == "" {
		return errNoLink
	}
	if v.Branch != "" {
		_, err := b.follow(ctx, http.MethodPut, "pb:pacticipant-branch-version", map[string]any{}, "pacticipant", provider, "branch", v.Branch, "version", v.Number)
		if err != nil {
			return err
		}
	}
	for _, tag := range v.Tags {
		_, err := b.follow(ctx, http.MethodPut, "pb:pacticipant-version-tag", map[string]any{}, "pacticipant", provider, "version", v.Number, "tag", tag)
		if err != nil {
			return err
		}
	}
	body := map[string]any{"success": kept, "providerApplicationVersion": v.Number, "verifiedBy": map[string]any{"implementation": "andon", "version": andon}}
	if v.BuildURL != "" {
		body["buildUrl"] = v.BuildURL
	}
	_, err := b.call(ctx, http.MethodPost, p.results, body)
	return err
}

// CanDeploy asks whether a version of one of the two sides may be deployed to an environment, and why or why not.
func (b Broker) CanDeploy(ctx context.Context, side, version, environment string) (may bool, why string, err error) {
	d, err := b.follow(ctx, http.MethodGet, "pb:can-i-deploy-pacticipant-version-to-environment", nil,
		"pacticipant", side, "version", version, "environment", environment)
	if err != nil {
		return false, "", err
	}
	var answer struct {
		Summary struct {
			Deployable *bool
			Reason     string
		}
	}
	if err := json.Unmarshal(d.body, &answer); err != nil {
		return false, "", fmt.Errorf("the broker's answer cannot be read: %w", err)
	}
	return answer.Summary.Deployable != nil && *answer.Summary.Deployable, answer.Summary.Reason, nil
}
