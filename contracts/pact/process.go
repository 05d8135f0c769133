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
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
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
	if sum := sha256.Sum256(andon.Spec); d.SHA256() == hex.EncodeToString(sum[:]) {
		return contracts.Pact, nil
	}
	err = p.inDirectory(func(dir string) error {
		file := filepath.Join(dir, "pact.json")
		report, failed := p.run(ctx, dir, Request{Spec: d.Source(), PactFile: file})
		text, err = os.ReadFile(file)
		return crash(ctx, failed, report, err == nil)
	})
	return text, err
}

// Verify holds a target against a pact, with credentials, which may be nil. The error says that Pact itself failed;
// what was found until then is given even so.
func (p Program) Verify(ctx context.Context, target *url.URL, with *credentials.Set, pact []byte) (outcomes []Outcome, err error) {
	headers, query, trust := with.Lines()
	err = p.inDirectory(func(dir string) error {
		file := filepath.Join(dir, "pact.json")
		if err := os.WriteFile(file, pact, 0o600); err != nil {
			return err
		}
		report, failed := p.run(ctx, dir, Request{Target: target.String(), Headers: headers, Query: query, Trust: trust, PactFile: file})
		report = with.Redact(report)
		outcomes = ParseReport(report)
		return crash(ctx, failed, report, len(outcomes) > 0)
	})
	return outcomes, err
}

// Judge holds calls of an operation against Pact's mock server, and gives what came of each, in their order.
func (p Program) Judge(ctx context.Context, o contracts.Operation, calls []Call) (outcomes []Outcome, err error) {
	err = p.inDirectory(func(dir string) error {
		file := filepath.Join(dir, "outcomes.json")
		report, failed := p.run(ctx, dir, Request{Calls: calls, Outcomes: file, Method: o.Method, Path: o.Path})
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

// inDirectory gives a directory that is there until do has ended.
func (p Program) inDirectory(do func(dir string) error) error {
	if p == "" {
		return ErrMissing
	}
	dir, err := os.MkdirTemp("", "andon-pact-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	return do(dir)
}

const (
	patience = 10 * time.Minute
	// maxTail is the most of what a crashed library printed that is shown, in bytes.
	maxTail = 1000
)

// run has andon-pact do what a request says, and gives what it printed.
func (p Program) run(ctx context.Context, dir string, r Request) (report string, err error) {
	request, err := json.Marshal(r)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, string(p))
	cmd.Dir = dir
	cmd.Stdin = bytes.NewReader(request)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err = cmd.Run()
	return out.String(), err
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
