//go:build pact

package pact

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pact-foundation/pact-go/v2/consumer"
	"github.com/pact-foundation/pact-go/v2/log"
	"github.com/pact-foundation/pact-go/v2/matchers"

	"github.com/kaizenautomation/andon"
	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/provider"
)

var update = flag.Bool("update", false, "rewrite the pact")

const (
	secret   = "tok-valid"
	pactFile = "../pacts/andon-agents.json"
)

func TestMain(m *testing.M) {
	// Pact reports each use to its makers unless it is told not to.
	_ = os.Setenv("PACT_DO_NOT_TRACK", "true")
	os.Exit(m.Run())
}

func description(t *testing.T) *contracts.Description {
	t.Helper()
	d, err := contracts.Load("openapi.yaml", andon.Spec)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestConsumer sends every case that Pact can hold, built by the code that load uses, to Pact's mock server, which holds it
// against the matchers derived from the description. What comes of it is the pact, which is committed.
func TestConsumer(t *testing.T) {
	d := description(t)
	dir := t.TempDir()
	if err := log.SetLogLevel("ERROR"); err != nil {
		t.Fatal(err)
	}
	response, _ := d.ResponseTemplate("200")
	cases, _ := d.Cases()
	held := 0
	for _, c := range cases {
		if ok, _ := Held(c); !ok {
			continue
		}
		held++
		mock, err := consumer.NewV4Pact(consumer.MockHTTPProviderConfig{Consumer: Consumer, Provider: Provider, PactDir: dir, Host: "127.0.0.1"})
		if err != nil {
			t.Fatal(err)
		}
		interaction := mock.AddInteraction()
		for _, s := range States(c) {
			interaction = interaction.Given(s)
		}
		var body any
		if c.Expect == contracts.Accepted {
			body = Matcher(d.RequestTemplate(c.Body))
		} else if err := json.Unmarshal(c.Body, &body); err != nil {
			t.Fatal(err)
		}
		err = interaction.UponReceiving(c.ID).
			WithRequest(consumer.Method(c.Method), d.Path(), func(b *consumer.V4RequestBuilder) {
				if c.Auth == contracts.ValidToken {
					b.Header("Authorization", matchers.Regex("Bearer "+secret, `^Bearer \S+$`))
				}
				if !strings.HasPrefix(c.ContentType, "application/json") {
					b.Body(c.ContentType, c.Body)
					return
				}
				b.Header("Content-Type", matchers.S(c.ContentType)).JSONBody(body)
			}).
			WillRespondWith(answerOf(c), func(b *consumer.V4ResponseBuilder) {
				if c.Expect == contracts.Accepted {
					b.Header("Content-Type", matchers.Regex("application/json", `^application/json(;.*)?$`)).JSONBody(Matcher(response))
				}
			}).
			ExecuteTest(t, func(s consumer.MockServerConfig) error {
				target := &url.URL{Scheme: "http", Host: fmt.Sprintf("%s:%d", s.Host, s.Port)}
				answer, err := http.DefaultTransport.RoundTrip(c.Request(context.Background(), target, secret))
				if err != nil {
					return err
				}
				defer func() { _ = answer.Body.Close() }()
				text, _ := io.ReadAll(answer.Body)
				if answer.StatusCode != answerOf(c) {
					return fmt.Errorf("the mock server answers %d: %s", answer.StatusCode, text)
				}
				return nil
			})
		if err != nil {
			t.Errorf("%s: %v", c.ID, err)
		}
	}
	if held < 100 {
		t.Errorf("Pact holds %d cases of %d", held, len(cases))
	}
	made := loosened(t, filepath.Join(dir, Consumer+"-"+Provider+".json"))
	if *update {
		if err := os.WriteFile(pactFile, made, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if committed, err := os.ReadFile(pactFile); err != nil || !bytes.Equal(committed, made) {
		t.Errorf("%s is out of date; make pact-update writes it anew (%v)", pactFile, err)
	}
}

// answerOf is the status that stands in the pact for a case.
func answerOf(c contracts.Case) int {
	if c.Expect == contracts.Accepted {
		return 200
	}
	if s := c.Status(); s != 0 {
		return s
	}
	return 400
}

// loosened gives the refusals of a pact the matcher that any 4xx meets, which the library cannot express, sorts the
// interactions by their order of cases, and leaves out what changes from one version of the tools to another.
func loosened(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var pact map[string]any
	if err := json.Unmarshal(text, &pact); err != nil {
		t.Fatal(err)
	}
	pact["metadata"] = map[string]any{"pactSpecification": map[string]any{"version": "4.0"}}
	list := pact["interactions"].([]any)
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
		t.Fatal(err)
	}
	return b.Bytes()
}

// verify holds a provider against the pact.
func verify(t *testing.T, h http.Handler) error {
	t.Helper()
	s := httptest.NewServer(h)
	defer s.Close()
	return Verify(t, Request{Target: s.URL, Token: secret, PactFile: pactFile})
}

// breakage names the variable that makes TestProvider verify a provider with a defect.
const breakage = "ANDON_TEST_BROKEN_PROVIDER"

func TestProvider(t *testing.T) {
	config := provider.Config{Token: secret}
	if os.Getenv(breakage) != "" {
		config.Faults.MissingField = 1
	}
	h, err := provider.New(description(t), config)
	if err != nil {
		t.Fatal(err)
	}
	if err := verify(t, h); err != nil {
		t.Errorf("the reference provider does not keep the pact: %v", err)
	}
}

// A provider with a defect does not pass Pact's verifier. It runs in a process of its own, since its failure would be
// this test's.
func TestBrokenProvider(t *testing.T) {
	cmd := exec.Command(os.Args[0], "-test.run=^TestProvider$")
	cmd.Env = append(os.Environ(), breakage+"=1")
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 || !bytes.Contains(out, []byte("text.Full")) {
		t.Errorf("the verifier ends with %v: %.2000s", err, out)
	}
}
