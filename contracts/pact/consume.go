//go:build pact

package pact

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pact-foundation/pact-go/v2/consumer"
	"github.com/pact-foundation/pact-go/v2/log"
	"github.com/pact-foundation/pact-go/v2/matchers"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/cases"
	"github.com/kaizenautomation/andon/contracts/credentials"
)

// proofToken stands for the valid token in calls to the mock server.
const proofToken = "tok-valid"

// Consume sends every case of a description that Pact can hold, built by the code that load uses, to Pact's mock
// server, which holds it against the matchers derived from the description. It gives the pact that comes of it, as
// JSON.
func Consume(t *testing.T, d *contracts.Description) ([]byte, error) {
	_ = log.SetLogLevel("ERROR")
	dir, err := os.MkdirTemp("", "andon-pact-made-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	list, _ := cases.Derive(d)
	held := 0
	for _, c := range list {
		if ok, _ := Held(c); !ok {
			continue
		}
		if err := consume(t, d, c, dir); err != nil {
			return nil, fmt.Errorf("%s: %w", c.ID, err)
		}
		held++
	}
	if held == 0 {
		return nil, fmt.Errorf("of %d cases Pact can hold none", len(list))
	}
	return loosened(filepath.Join(dir, Consumer+"-"+Provider+".json"))
}

// Make makes the pact of the request's description and writes it to the request's pact file.
func Make(t *testing.T, r Request) error {
	d, err := r.Chosen.Load("the description", r.Spec)
	if err != nil {
		return err
	}
	text, err := Consume(t, d)
	if err != nil {
		return err
	}
	return os.WriteFile(r.PactFile, text, 0o600)
}

func consume(t *testing.T, d *contracts.Description, c cases.Case, dir string) error {
	success, _ := d.Success()
	answer := answerOf(c, success)
	mock, err := consumer.NewV4Pact(consumer.MockHTTPProviderConfig{Consumer: Consumer, Provider: Provider, PactDir: dir, Host: "127.0.0.1"})
	if err != nil {
		return err
	}
	interaction := mock.AddInteraction()
	for _, s := range States(c) {
		interaction = interaction.Given(s)
	}
	var body any
	if c.Expect == cases.Accepted {
		body = Matcher(d.RequestTemplate(c.Body))
	} else if err := json.Unmarshal(c.Body, &body); err != nil {
		return err
	}
	sent := c.Request(context.Background(), &url.URL{}, credentials.Bearer(proofToken))
	return interaction.UponReceiving(c.ID).
		WithRequest(consumer.Method(c.Method), sent.URL.EscapedPath(), func(b *consumer.V4RequestBuilder) {
			carries(b, sent)
			if !strings.HasPrefix(c.ContentType, "application/json") {
				b.Body(c.ContentType, c.Body)
				return
			}
			b.Header("Content-Type", matchers.S(c.ContentType)).JSONBody(body)
		}).
		WillRespondWith(answer, func(b *consumer.V4ResponseBuilder) {
			if c.Expect == cases.Accepted {
				if response, media, ok := d.ResponseTemplate(); ok {
					b.Header("Content-Type", matchers.Regex(media, "^"+regexp.QuoteMeta(media)+`(;.*)?$`)).JSONBody(Matcher(response))
				}
			}
		}).
		ExecuteTest(t, func(s consumer.MockServerConfig) error {
			target := &url.URL{Scheme: "http", Host: fmt.Sprintf("%s:%d", s.Host, s.Port)}
			got, err := http.DefaultTransport.RoundTrip(c.Request(context.Background(), target, credentials.Bearer(proofToken)))
			if err != nil {
				return err
			}
			defer func() { _ = got.Body.Close() }()
			text, _ := io.ReadAll(got.Body)
			if got.StatusCode != answer {
				return fmt.Errorf("the mock server answers %d: %s", got.StatusCode, text)
			}
			return nil
		})
}

// carries tells the mock server what a request carries besides its body. A token is any token.
func carries(b *consumer.V4RequestBuilder, sent *http.Request) {
	expected := func(value string) matchers.Matcher {
		switch value {
		case "Bearer " + proofToken:
			return matchers.Regex(value, `^Bearer \S+$`)
		case proofToken:
			return matchers.Regex(value, `^\S+$`)
		}
		if json.Valid([]byte(value)) && strings.ContainsAny(value, `{["`) {
			// The library takes JSON for a matcher.
			return matchers.Regex(value, "^"+regexp.QuoteMeta(value)+"$")
		}
		return matchers.S(value)
	}
	for _, name := range slices.Sorted(maps.Keys(sent.Header)) {
		if name != "Content-Type" && name != "Accept" && name != "User-Agent" {
			b.Header(name, expected(sent.Header.Get(name)))
		}
	}
	query := sent.URL.Query()
	for _, name := range slices.Sorted(maps.Keys(query)) {
		var values []matchers.Matcher
		for _, value := range query[name] {
			values = append(values, expected(value))
		}
		b.Query(name, values...)
	}
}

// answerOf is the status that stands in the pact for a case.
func answerOf(c cases.Case, success int) int {
	if c.Expect == cases.Accepted {
		return success
	}
	if s := c.Status(); s != 0 {
		return s
	}
	return 400
}

// loosened gives the refusals of a pact the matcher that any 4xx meets, which the library cannot express, sorts the
// interactions by their order of cases, and leaves out what changes from one version of the tools to another.
func loosened(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var pact map[string]any
	if err := json.Unmarshal(text, &pact); err != nil {
		return nil, err
	}
	pact["metadata"] = map[string]any{"pactSpecification": map[string]any{"version": "4.0"}}
	list, _ := pact["interactions"].([]any)
	for _, i := range list {
		response := i.(map[string]any)["response"].(map[string]any)
		if response["status"] == 400.0 {
			response["matchingRules"] = map[string]any{"status": map[string]any{"$": map[string]any{"combine": "AND",
				"matchers": []any{map[string]any{"match": "statusCode", "status": "clientError"}}}}}
		}
	}
	slices.SortFunc(list, func(a, b any) int {
		return strings.Compare(a.(map[string]any)["description"].(string), b.(map[string]any)["description"].(string))
	})
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(pact); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
