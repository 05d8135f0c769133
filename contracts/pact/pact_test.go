//go:build pact

package pact

import (
	"bytes"
	"errors"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"testing"

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

// The committed pact is what comes of sending every case that Pact can hold to its mock server.
func TestConsumer(t *testing.T) {
	made, err := Consume(t, description(t))
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(pactFile, made, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if committed, err := os.ReadFile(pactFile); err != nil || !bytes.Equal(committed, made) {
		t.Errorf("%s is out of date; make pact-update writes it anew (%v)", pactFile, err)
	}
}

// verify holds a provider against the pact.
func verify(t *testing.T, h http.Handler) error {
	t.Helper()
	s := httptest.NewServer(h)
	defer s.Close()
	return Verify(t, Request{Target: s.URL, PactFile: pactFile})
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
