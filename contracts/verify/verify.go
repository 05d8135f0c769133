// Package verify holds a target against the contract: it sends every case of a description, one after the other, and
// judges what comes back.
package verify

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/cases"
)

// Verdict says what became of a case.
type Verdict string

const (
	// Held: the target does what the description says.
	Held Verdict = "held"
	// Broken: it does not.
	Broken Verdict = "broken"
	// Noted: the description is silent, and this is what the target does.
	Noted Verdict = "noted"
	// Doubtful: two tools disagree on the answer, so that one of them is wrong, and nothing can be said.
	Doubtful Verdict = "doubtful"
	// Skipped: the case could not be tried, for the reason given.
	Skipped Verdict = "skipped"
)

// Outcome is what became of one case.
type Outcome struct {
	Case    cases.Case
	Verdict Verdict
	// Rule and Pointer say which rule of the contract was broken and where in the body; they may be empty.
	Rule, Pointer string
	// Reason says in one sentence what was found, for every verdict but Held.
	Reason string
	// Status is the answer's; 0 where there was none.
	Status int
	// Took is the time from sending to the last byte.
	Took time.Duration
	// Curl repeats the case by hand; the token stands in it as $ANDON_TOKEN.
	Curl string
}

// Config says what is verified.
type Config struct {
	Description *contracts.Description
	Target      *url.URL
	// Token is the valid token. Without one, the cases about tokens are skipped.
	Token string
	// Timeout bounds each case.
	Timeout time.Duration
	// MaxBody, if not 0, is the largest body in bytes that the target should take: a larger one must be refused.
	MaxBody int
	// Cases are what is sent. Without any, it is every case of the description, and that of a body beyond MaxBody.
	Cases []cases.Case
	// Concurrency is how many cases are under way at once; less than 1 is 1.
	Concurrency int
	// FailFast ends the verification at the first case that does not hold.
	FailFast bool
	// Shrink is how many further calls may be sent, in all, to find smaller bodies for random cases that do not hold.
	Shrink int
	// RepeatedIDsAllowed switches off the check that no executionId comes twice: mocks draw theirs from a few words.
	RepeatedIDsAllowed bool
}

const (
	maxResponse = 1 << 20
	// lost is after how many cases without an answer, one after the other, the target is given up.
	lost = 3
)

// ErrToken says that the target turns everything away, so that nothing can be told about the rest.
var ErrToken = errors.New("the target wants a valid token (status 401): set ANDON_TOKEN or give --token-file")

// ErrLost says that the target does not answer any more; what was established before stands.
var ErrLost = errors.New("the target does not answer any more")

// All lists every case that this configuration can try.
func (c Config) All() []cases.Case {
	list, _ := cases.Derive(c.Description)
	if c.MaxBody > 0 {
		list = append(list, cases.Large(c.Description, c.MaxBody))
	}
	return list
}

// Run sends the cases and gives the outcomes in their order. The error is ErrLost where the target stopped answering, ErrToken
// where it answers every call with 401, or that of ctx; the outcomes up to there are given even then.
func Run(ctx context.Context, c Config) ([]Outcome, error) {
	if c.Cases == nil {
		c.Cases = c.All()
	}
	r := &run{Config: c, seen: map[string]string{}, outcomes: make([]*Outcome, len(c.Cases))}
	r.transport = &http.Transport{
		Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{Timeout: min(c.Timeout, 10*time.Second)}).DialContext,
		MaxResponseHeaderBytes: 64 << 10, MaxIdleConnsPerHost: max(c.Concurrency, 1),
	}
	defer r.transport.CloseIdleConnections()
	var workers sync.WaitGroup
	for range max(c.Concurrency, 1) {
		workers.Go(func() { r.work(ctx) })
	}
	workers.Wait()
	var outcomes []Outcome
	for _, o := range r.outcomes {
		if o == nil {
			continue
		}
		if o.Verdict == Broken && o.Case.Random && r.err == nil {
			r.shrink(ctx, o)
		}
		outcomes = append(outcomes, *o)
	}
	return outcomes, r.err
}

// run is a verification under way.
type run struct {
	Config
	transport *http.Transport
	// mutex guards what follows.
	mutex             sync.Mutex
	next              int
	outcomes          []*Outcome
	seen              map[string]string
	tried, unanswered int
	welcome, over     bool
	err               error
}

// work tries one case after the other until there are none left, or the verification is over.
func (r *run) work(ctx context.Context) {
	for {
		r.mutex.Lock()
		at := r.next
		r.next++
		over := r.over || at >= len(r.Cases)
		r.mutex.Unlock()
		if over {
			return
		}
		o := r.try(ctx, r.Cases[at])
		r.mutex.Lock()
		r.note(ctx, at, o)
		r.mutex.Unlock()
	}
}

// note keeps an outcome, and decides whether to go on.
func (r *run) note(ctx context.Context, at int, o Outcome) {
	if ctx.Err() != nil {
		r.over, r.err = true, ctx.Err()
		return
	}
	r.outcomes[at] = &o
	if o.Verdict == Skipped {
		return
	}
	r.unanswered++
	if o.Status != 0 {
		r.unanswered = 0
	}
	if o.Case.Auth == cases.ValidToken {
		r.welcome = r.welcome || o.Status != http.StatusUnauthorized
		r.tried++
	}
	switch {
	case r.over:
	case r.unanswered >= lost:
		r.over, r.err = true, fmt.Errorf("%w: %s", ErrLost, o.Reason)
	case !r.welcome && r.tried >= lost:
		r.over, r.err = true, ErrToken
	case r.FailFast && o.Verdict == Broken:
		r.over = true
	}
}

// shrink looks for a smaller body with which a case breaks the same rule.
func (r *run) shrink(ctx context.Context, o *Outcome) {
	found := *o
	smaller := cases.Shrink(r.Description, o.Case, r.Shrink, func(k cases.Case) bool {
		if r.Shrink--; ctx.Err() != nil {
			return false
		}
		next := r.try(ctx, k)
		if next.Verdict != Broken || next.Rule != found.Rule {
			return false
		}
		found = next
		return true
	})
	if len(smaller.Body) < len(o.Case.Body) {
		found.Reason += fmt.Sprintf(" (found with a body of %d bytes; this is the smallest that was found to fail)", len(o.Case.Body))
		*o = found
	}
}

// try sends a case and judges the answer.
func (r *run) try(ctx context.Context, k cases.Case) Outcome {
	o := r.send(ctx, k)
	if r.Token != "" {
		// The target may have sent back what it was given.
		o.Reason = strings.ReplaceAll(o.Reason, r.Token, "[token]")
	}
	return o
}

func (r *run) send(ctx context.Context, k cases.Case) Outcome {
	o := Outcome{Case: k, Curl: k.Curl(r.Target.String())}
	if k.Auth != cases.ValidToken && r.Token == "" {
		o.Verdict, o.Reason = Skipped, "no token was given, so whether the target demands one cannot be told"
		return o
	}
	ctx, cancel := context.WithTimeout(ctx, r.Timeout)
	defer cancel()
	started := time.Now()
	response, err := r.transport.RoundTrip(k.Request(ctx, r.Target, r.Token))
	if err != nil {
		return o.broken("no-answer", "", "there was no answer: "+err.Error())
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxResponse+1))
	o.Took, o.Status = time.Since(started), response.StatusCode
	switch {
	case err != nil:
		return o.broken("incomplete-body", "", fmt.Sprintf("the answer with status %d broke off: %v", o.Status, err))
	case len(body) > maxResponse:
		return o.broken("body-limit", "", fmt.Sprintf("the answer's body is longer than %d bytes", maxResponse))
	}
	return r.judge(o, response.Header, body)
}

func (o Outcome) broken(rule, pointer, reason string) Outcome {
	o.Verdict, o.Rule, o.Pointer, o.Reason = Broken, rule, pointer, reason
	return o
}

// judge decides on an answer.
func (r *run) judge(o Outcome, header http.Header, body []byte) Outcome {
	k := o.Case
	verdict := r.Description.JudgeResponse(o.Status, header.Get("Content-Type"), body)
	if want := k.Status(); o.Status == want && r.Description.ResponseFor(want) == nil {
		// HTTP itself says what it is answered with, so a description need not.
		verdict.Violation = nil
	}
	class := o.Status / 100
	switch {
	case class == 5:
		return o.broken("server-error", "", fmt.Sprintf("the target failed with status %d, expected %s", o.Status, wanted(k)))
	case class == 2 && k.Expect == cases.Refused:
		return o.broken(contracts.RuleAccepted, "", fmt.Sprintf("it was accepted with status %d, expected a refusal (4xx)", o.Status))
	case class != 2 && k.Expect == cases.Accepted:
		return o.broken("refused", "", fmt.Sprintf("it was refused with status %d, expected a documented success", o.Status))
	case class != 2 && class != 4:
		return o.broken(contracts.RuleUndocumentedStatus, "", fmt.Sprintf("the status is %d, expected %s", o.Status, wanted(k)))
	}
	if doubtful, other := r.Description.Doubt(o.Status, header.Get("Content-Type"), body, verdict.Violation); doubtful {
		o.Verdict, o.Rule = Doubtful, "doubt"
		o.Reason = fmt.Sprintf("andon and kin-openapi disagree on the answer: %s against %s", opinion(verdict.Violation), opinion(other))
		return o
	}
	if v := verdict.Violation; v != nil {
		return o.broken(v.Rule, v.Pointer, v.Message)
	}
	switch want := k.Status(); {
	case class == 4 && want != 0 && o.Status != want:
		return o.broken("wrong-status", "", fmt.Sprintf("it was refused with status %d, expected %d", o.Status, want))
	case k.Method != r.Description.Operation().Method && !allows(header.Values("Allow"), r.Description.Operation().Method):
		return o.broken("allow", "", fmt.Sprintf("the header Allow is %q, expected it to name %s", strings.Join(header.Values("Allow"), ", "), r.Description.Operation().Method))
	}
	if class == 2 && verdict.ExecutionID != "" && !r.RepeatedIDsAllowed {
		r.mutex.Lock()
		defer r.mutex.Unlock()
		if other, twice := r.seen[verdict.ExecutionID]; twice {
			return o.broken(contracts.RuleRepeatedID, "/"+r.Description.Operation().ExecutionID,
				fmt.Sprintf("the %s %.60q was given to the case %s before", r.Description.Operation().ExecutionID, verdict.ExecutionID, other))
		}
		r.seen[verdict.ExecutionID] = k.ID
	}
	o.Verdict = Held
	if k.Expect == cases.Either {
		o.Verdict, o.Reason = Noted, fmt.Sprintf("answered with status %d", o.Status)
	}
	return o
}

// opinion is what a tool says of an answer.
func opinion(err error) string {
	var none *contracts.Violation
	if err == nil || errors.As(err, &none) && none == nil {
		return "it conforms"
	}
	text, _, _ := strings.Cut(err.Error(), "\n")
	return text
}

func wanted(k cases.Case) string {
	switch k.Expect {
	case cases.Accepted:
		return "a documented success"
	case cases.Refused:
		return "a refusal (4xx)"
	}
	return "a success or a refusal"
}

// allows tells whether the values of an Allow header name a method.
func allows(values []string, method string) bool {
	for _, v := range values {
		for _, m := range strings.Split(v, ",") {
			if strings.TrimSpace(m) == method {
				return true
			}
		}
	}
	return false
}
