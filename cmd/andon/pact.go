package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/kaizenautomation/andon"
	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/pact"
	"github.com/kaizenautomation/andon/contracts/verify"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
)

// The engines of andon verify.
const (
	engineAll         = "all"
	engineDescription = "description"
	enginePact        = "pact"
)

var engines = []string{engineAll, engineDescription, enginePact}

// errNoPact says that Pact cannot judge.
var errNoPact = errors.New("andon-pact is not there, neither beside andon nor among the programs: make pact-build builds it")

// findPact gives the path of andon-pact: beside this program, or where programs are looked for. It is empty where there
// is none.
func findPact() string {
	if self, err := os.Executable(); err == nil {
		beside := filepath.Join(filepath.Dir(self), "andon-pact")
		if info, err := os.Stat(beside); err == nil && info.Mode().IsRegular() {
			return beside
		}
	}
	path, err := exec.LookPath("andon-pact")
	if err != nil {
		return ""
	}
	return path
}

// pactOf gives the pact of a description: the committed one for openapi.yaml, and one that andon-pact makes for any other.
func (c *command) pactOf(ctx context.Context, program string, d *contracts.Description, spec []byte) ([]byte, error) {
	if d.SHA256() == builtinSHA256() {
		return contracts.Pact, nil
	}
	dir, err := os.MkdirTemp("", "andon-pact-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	file := filepath.Join(dir, "pact.json")
	report, failed := runPact(ctx, program, dir, pact.Request{Spec: spec, PactFile: file})
	text, err := os.ReadFile(file)
	return text, pactFailure(ctx, failed, report, err == nil)
}

// builtinSHA256 is the hash of openapi.yaml.
func builtinSHA256() string {
	sum := sha256.Sum256(andon.Spec)
	return hex.EncodeToString(sum[:])
}

// verifyPact holds the target against the pact, in a process of its own. The error says that Pact itself failed.
func verifyPact(ctx context.Context, program string, c verify.Config, text []byte) ([]summary.Check, error) {
	dir, err := os.MkdirTemp("", "andon-pact-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	file := filepath.Join(dir, "pact.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return nil, err
	}
	report, failed := runPact(ctx, program, dir, pact.Request{Target: c.Target.String(), Token: c.Token, PactFile: file})
	if c.Token != "" {
		report = strings.ReplaceAll(report, c.Token, "[token]")
	}
	checks := pactChecks(c.Cases, pact.ParseReport(report), c)
	return checks, pactFailure(ctx, failed, report, len(checks) > 0)
}

// runPact runs andon-pact and gives what it printed.
func runPact(ctx context.Context, program, dir string, r pact.Request) (report string, err error) {
	request, err := json.Marshal(r)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, pactPatience)
	defer cancel()
	cmd := exec.CommandContext(ctx, program)
	cmd.Dir = dir
	cmd.Stdin = bytes.NewReader(request)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err = cmd.Run()
	return out.String(), err
}

// pactFailure tells a crash of the library from a verification that found something; there is an account of the latter.
func pactFailure(ctx context.Context, err error, report string, account bool) error {
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

const (
	pactPatience = 10 * time.Minute
	maxTail      = 1000
)

func pactChecks(cases []contracts.Case, outcomes []pact.Outcome, c verify.Config) (checks []summary.Check) {
	byID := map[string]contracts.Case{}
	for _, k := range cases {
		byID[k.ID] = k
	}
	for _, o := range outcomes {
		check := summary.Check{Engine: enginePact, Name: o.ID, Verdict: summary.CheckHeld}
		if k, known := byID[o.ID]; known {
			check.Proves, check.Expect, check.Curl = k.Proves, string(k.Expect), k.Curl(c.Target.String())
		}
		if !o.Held {
			check.Verdict, check.Rule, check.Reason = summary.CheckBroken, "pact", o.Reason
		}
		checks = append(checks, check)
	}
	return checks
}

// callsPact holds calls against Pact's mock server.
func callsPact(ctx context.Context, program string, d *contracts.Description, calls []pact.Call) ([]pact.Outcome, error) {
	dir, err := os.MkdirTemp("", "andon-pact-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	file := filepath.Join(dir, "outcomes.json")
	report, failed := runPact(ctx, program, dir, pact.Request{Calls: calls, Outcomes: file, Path: d.Path()})
	var outcomes []pact.Outcome
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, &outcomes)
	}
	reasons := pact.ParseMismatches(report)
	for i := range outcomes {
		if !outcomes[i].Held && outcomes[i].Reason == "" {
			outcomes[i].Reason = cmp.Or(reasons[i], "Pact's mock server did not take it, and did not say why")
		}
	}
	return outcomes, pactFailure(ctx, failed, report, err == nil && len(outcomes) == len(calls))
}
