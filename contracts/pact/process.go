package pact

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/kaizenautomation/andon"
	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/credentials"
	"github.com/kaizenautomation/andon/reports/text"
)

// Program is the path of andon-pact, the process in which Pact's native library runs: the library can abort, prints to
// the standard output and takes over the standard logger. Empty is none.
type Program string

// ErrMissing says that there is no andon-pact, so that Pact cannot judge.
var ErrMissing = errors.New("andon-pact is not there, neither beside andon nor among the programs: make pact-build builds it")

// Find gives andon-pact from beside this program, or from where programs are looked for; empty where there is none.
func Find() Program {
	if self, err := os.Executable(); err == nil {
		beside := filepath.Join(filepath.Dir(self), "andon-pact")
		if info, err := os.Stat(beside); err == nil && info.Mode().IsRegular() {
			return Program(beside)
		}
	}
	path, err := exec.LookPath("andon-pact")
	if err != nil {
		return ""
	}
	return Program(path)
}

// Of gives the pact of a description: the committed one for openapi.yaml, and one that andon-pact makes for any other.
// The error is ErrMissing where that cannot be.
func (p Program) Of(ctx context.Context, d *contracts.Description) (text []byte, err error) {
	chosen := d.Choice()
	if sum := sha256.Sum256(andon.Spec); d.SHA256() == hex.EncodeToString(sum[:]) && chosen.Operation == "" && len(chosen.Values) == 0 {
		return contracts.Pact, nil
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err = p.inDirectory(func(dir string) error {
		file := filepath.Join(dir, "pact.json")
		report, failed := p.run(ctx, dir, Request{Spec: d.Source(), Chosen: chosen, PactFile: file})
		text, err = os.ReadFile(file)
		return crash(ctx, failed, report, err == nil)
	})
	return text, err
}

// Verify holds what answers at an address of this machine against a pact, of which each call carries its [Mark]. It
// takes as long as the answers do. Secrets are taken out of what is found; with may be nil. The error says that Pact
// itself failed; what was found until then is given even so.
func (p Program) Verify(ctx context.Context, at *url.URL, pact []byte, with *credentials.Set) (outcomes []Outcome, err error) {
	err = p.inDirectory(func(dir string) error {
		file := filepath.Join(dir, "pact.json")
		if err := os.WriteFile(file, pact, 0o600); err != nil {
			return err
		}
		report, failed := p.run(ctx, dir, Request{Target: at.String(), PactFile: file})
		report = with.Redact(report)
		outcomes = ParseReport(report)
		return crash(ctx, failed, report, len(outcomes) > 0)
	})
	return outcomes, err
}

// Judge holds calls of an operation against Pact's mock server, and gives what came of each, in their order. Secrets
// are taken out of it; with may be nil.
func (p Program) Judge(ctx context.Context, o contracts.Operation, calls []Call, with *credentials.Set) (outcomes []Outcome, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err = p.inDirectory(func(dir string) error {
		file := filepath.Join(dir, "outcomes.json")
		report, failed := p.run(ctx, dir, Request{Calls: calls, Outcomes: file, Method: o.Method})
		report = with.Redact(report)
		text, err := os.ReadFile(file)
		if err == nil {
			err = json.Unmarshal(text, &outcomes)
		}
		whole := err == nil && len(outcomes) == len(calls)
		if len(outcomes) > len(calls) {
			outcomes = nil // it is no account of these calls
		}
		reasons := ParseMismatches(report)
		for i := range outcomes {
			if !outcomes[i].Held && outcomes[i].Reason == "" {
				outcomes[i].Reason = cmp.Or(reasons[i], "Pact's mock server did not take it, and did not say why")
			}
		}
		return crash(ctx, failed, report, whole)
	})
	return outcomes, err
}

// folder is how the name of the directory begins in which andon-pact works.
const folder = "andon-pact-"

// inDirectory gives a directory that is there until do has ended.
func (p Program) inDirectory(do func(dir string) error) error {
	if p == "" {
		return ErrMissing
	}
	dir, err := os.MkdirTemp("", folder)
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	return do(dir)
}

const (
	// patience is how long andon-pact may take where it waits for nobody but itself.
	patience = 10 * time.Minute
	// drain is how long what andon-pact itself has started may hold its output open when it has ended.
	drain = 5 * time.Second
	// maxTail is the most of what a crashed library printed that is shown, in bytes.
	maxTail = 1000
)

// run has andon-pact do what a request says, and gives what it printed. Its input stays open for as long as this
// process lives; see [Attend].
func (p Program) run(ctx context.Context, dir string, r Request) (report string, err error) {
	request, err := json.Marshal(r)
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, string(p), dir)
	cmd.Dir, cmd.WaitDelay, cmd.Env = dir, drain, slices.DeleteFunc(os.Environ(), steers)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	input, err := cmd.StdinPipe()
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", err
	}
	// Where it does not take the request, its end says why.
	_, _ = input.Write(append(request, '\n'))
	err = cmd.Wait()
	return out.String(), err
}

// steers reports whether a variable of the environment would have Pact do something else than it is asked to: verify
// other pacts, leave some out, or go to this machine by a proxy.
func steers(variable string) bool {
	name, _, _ := strings.Cut(strings.ToUpper(variable), "=")
	return strings.HasPrefix(name, "PACT_") || strings.HasSuffix(name, "_PROXY")
}

// Attend reads what andon asks of andon-pact, which works in a directory. From then on the end of the input ends the
// process: andon has ended, however it did, and nobody is left to read what would be found, or to remove the directory.
func Attend(input io.Reader, dir string) (r Request, err error) {
	d := json.NewDecoder(input)
	if err := d.Decode(&r); err != nil {
		abandon(dir)
		return r, fmt.Errorf("expected a request as JSON on the standard input, as andon verify gives it: %w", err)
	}
	go func() {
		rest := make([]byte, 512)
		for {
			if _, err := input.Read(rest); err != nil {
				abandon(dir)
				os.Exit(abandoned)
			}
		}
	}()
	return r, nil
}

// abandoned is the exit code of an andon-pact whose andon has ended.
const abandoned = 3

// abandon removes a directory that is nobody's any more, if it is one of ours.
func abandon(dir string) {
	if !strings.HasPrefix(filepath.Base(dir), folder) {
		return
	}
	// The library may be writing into it.
	for range 3 {
		if os.RemoveAll(dir) == nil {
			return
		}
	}
}

// crash tells a crash of the library from a verification that found something; there is an account of the latter.
func crash(ctx context.Context, err error, report string, account bool) error {
	var ended *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case account && (err == nil || errors.As(err, &ended) && ended.ExitCode() == 1):
		return nil
	case err == nil:
		err = errors.New("it reported nothing")
	}
	tail := strings.TrimSpace(report)
	if len(tail) > maxTail {
		tail = "…" + tail[len(tail)-maxTail:]
	}
	return fmt.Errorf("pact's verifier failed (%w): %s", err, text.Printable(tail, maxTail))
}
