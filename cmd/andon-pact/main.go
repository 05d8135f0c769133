//go:build pact

// Command andon-pact holds a target against a pact, calls against Pact's mock server, or makes the pact of a
// description, for andon: in a process of its own, because Pact's native library can abort, prints to the standard
// output and takes over the standard logger. It reads a request as JSON from its standard input and prints the
// verifier's report. Exit codes: 0 all held; 1 not all; 2 no request.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"github.com/kaizenautomation/andon/contracts/pact"
)

func main() {
	var r pact.Request
	if err := json.NewDecoder(os.Stdin).Decode(&r); err != nil {
		fmt.Fprintf(os.Stderr, "andon-pact: expected a request as JSON on the standard input, as andon verify gives it: %v\n", err)
		os.Exit(2)
	}
	// Pact reports each use to its makers unless it is told not to.
	_ = os.Setenv("PACT_DO_NOT_TRACK", "true")
	// The library's verifier reports to a test; the testing package makes one, and ends the process with its outcome.
	os.Args = os.Args[:1]
	testing.Main(func(string, string) (bool, error) { return true, nil }, []testing.InternalTest{{Name: "pact", F: func(t *testing.T) {
		do := pact.Verify
		switch {
		case len(r.Calls) > 0:
			do = pact.CheckCalls
		case len(r.Spec) > 0:
			do = pact.Make
		}
		if err := do(t, r); err != nil {
			t.Error(err)
		}
	}}}, nil, nil)
}
