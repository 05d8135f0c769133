//go:build pact

package pact

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/pact-foundation/pact-go/v2/consumer"
	"github.com/pact-foundation/pact-go/v2/log"
	"github.com/pact-foundation/pact-go/v2/matchers"

	"github.com/kaizenautomation/andon/contracts"
)

// expect tells the mock server what the call must carry. Of a header and a parameter that is that it is there: what is
// expected is written down, and it may be a secret.
func (c Call) expect(b *consumer.V4RequestBuilder) {
	given := matchers.Regex("given", ".*")
	for name := range c.Header {
		b.Header(name, given)
	}
	query, _ := url.ParseQuery(c.Query)
	for name, values := range query {
		b.Query(name, slices.Repeat([]matchers.Matcher{given}, len(values))...)
	}
	b.JSONBody(c.Matcher)
}

// CheckCalls sends each of the request's calls to a mock server of Pact that expects what the description allows in its
// place, and writes what came of them to the request's file of outcomes, as JSON. Why a call was not taken is printed;
// see [ParseMismatches].
func CheckCalls(t *testing.T, r Request) error {
	_ = log.SetLogLevel("ERROR")
	dir := filepath.Dir(r.Outcomes)
	outcomes := []Outcome{}
	for i, c := range r.Calls {
		// The mock server takes no call with a header beyond ASCII, whatever it is told to expect.
		maps.DeleteFunc(c.Header, func(_ string, values []string) bool {
			return strings.ContainsFunc(values[0], func(r rune) bool { return r > '~' })
		})
		mock, err := consumer.NewV4Pact(consumer.MockHTTPProviderConfig{Consumer: Consumer, Provider: Provider, PactDir: dir, Host: "127.0.0.1"})
		if err != nil {
			return err
		}
		o := Outcome{ID: c.ID}
		// A mismatch fails the test that the library is given, which is nobody's business but this call's.
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			path, _ := url.PathUnescape(c.Path)
			_ = mock.AddInteraction().UponReceiving(c.ID).
				WithRequest(consumer.Method(r.Method), c.Path, func(b *consumer.V4RequestBuilder) { c.expect(b) }).
				WillRespondWith(http.StatusOK).
				ExecuteTest(t, func(s consumer.MockServerConfig) error {
					target := &url.URL{Scheme: "http", Host: fmt.Sprintf("%s:%d", s.Host, s.Port)}
					call := contracts.Operation{Method: r.Method}.NewRequest(context.Background(), target, nil, c.Body)
					maps.Copy(call.Header, c.Header)
					call.URL.Path, call.URL.RawPath, call.URL.RawQuery = path, c.Path, c.Query
					answer, err := http.DefaultTransport.RoundTrip(call)
					if err != nil {
						o.Reason = err.Error()
						return err
					}
					defer func() { _ = answer.Body.Close() }()
					o.Held = answer.StatusCode == http.StatusOK
					return nil
				})
		})
		outcomes = append(outcomes, o)
	}
	text, err := json.Marshal(outcomes)
	if err != nil {
		return err
	}
	return os.WriteFile(r.Outcomes, text, 0o600)
}
