//go:build pact

// Command andon-pact holds a target against a pact, calls against Pact's mock server, or makes the pact of a
// description, for andon: in a process of its own, because Pact's native library can abort, prints to the standard
// output and takes over the standard logger. It reads a request as JSON from its standard input, works in the directory
// that it is given, prints the verifier's report, and ends when its input does. Exit codes: 0 all held; 1 not all; 2 no
// request; 3 andon has ended.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"testing"

	"github.com/kaizenautomation/andon/contracts/pact"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "andon-pact: expected the directory to work in; andon verify starts it")
		os.Exit(2)
	}
	// Ctrl-C is for andon, which ends this process, or whose end does. What cannot be printed any more ends nothing:
	// there is a directory to be removed first.
	signal.Ignore(os.Interrupt, syscall.SIGTERM, syscall.SIGPIPE)
	r, err := pact.Attend(os.Stdin, os.Args[1])
	if err != nil {
		fmt.Fprintf(os.Stderr, "andon-pact: %v\n", err)
		os.Exit(2)
	}
	// Pact reports each use to its makers unless it is told not to.
	_ = os.Setenv("PACT_DO_NOT_TRACK", "true")
	// What is kept for a while is kept in the directory, and goes with it.
	_ = os.Setenv("TMPDIR", os.Args[1])
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
