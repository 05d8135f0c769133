//go:build pact

package pact

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"testing"

	"github.com/pact-foundation/pact-go/v2/consumer"
	"github.com/pact-foundation/pact-go/v2/log"

	"github.com/kaizenautomation/andon/contracts"
)

// CheckCalls sends each of the request's calls to a mock server of Pact that expects what the description allows in its
// place, and writes what came of them to the request's file of outcomes, as JSON. Why a call was not taken is printed;
// see [ParseMismatches].
func CheckCalls(t *testing.T, r Request) error {
	_ = log.SetLogLevel("ERROR")
	dir, err := os.MkdirTemp("", "andon-pact-calls-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	outcomes := []Outcome{}
	for i, c := range r.Calls {
		mock, err := consumer.NewV4Pact(consumer.MockHTTPProviderConfig{Consumer: Consumer, Provider: Provider, PactDir: dir, Host: "127.0.0.1"})
		if err != nil {
			return err
		}
		o := Outcome{ID: c.ID}
		// A mismatch fails the test that the library is given, which is nobody's business but this call's.
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			_ = mock.AddInteraction().UponReceiving(c.ID).
				WithRequest(consumer.Method(r.Method), r.Path, func(b *consumer.V4RequestBuilder) { b.JSONBody(c.Matcher) }).
				WillRespondWith(http.StatusOK).
				ExecuteTest(t, func(s consumer.MockServerConfig) error {
					target := &url.URL{Scheme: "http", Host: fmt.Sprintf("%s:%d", s.Host, s.Port)}
					answer, err := http.DefaultTransport.RoundTrip(contracts.Operation{Method: r.Method, Path: r.Path}.NewRequest(context.Background(), target, nil, c.Body))
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
