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
	"slices"
	"strings"
	"time"

	"github.com/kaizenautomation/andon/contracts"
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
	Case    contracts.Case
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

// Cases lists the cases that a verification with this configuration sends.
func (c Config) Cases() []contracts.Case {
	cases, _ := c.Description.Cases()
	if c.MaxBody > 0 {
		cases = append(slices.Clone(cases), c.Description.LargeCase(c.MaxBody))
	}
	return cases
}

// Run sends every case and gives the outcomes in order. The error is ErrLost where the target stopped answering, ErrToken
// where it answers every call with 401, or that of ctx; the outcomes up to there are given even then.
func Run(ctx context.Context, c Config) ([]Outcome, error) {
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{Timeout: min(c.Timeout, 10*time.Second)}).DialContext,
		MaxResponseHeaderBytes: 64 << 10,
	}
	defer transport.CloseIdleConnections()
	var outcomes []Outcome
	seen := map[string]string{}
	unanswered, welcome := 0, false
	for _, k := range c.Cases() {
		if ctx.Err() != nil {
			return outcomes, ctx.Err()
		}
		o := c.try(ctx, transport, k, seen)
		if ctx.Err() != nil {
			return outcomes, ctx.Err()
		}
		if c.Token != "" {
			// The target may have sent back what it was given.
			o.Reason = strings.ReplaceAll(o.Reason, c.Token, "[token]")
		}
		outcomes = append(outcomes, o)
		if o.Status == 0 && o.Verdict != Skipped {
			unanswered++
		} else if o.Verdict != Skipped {
			unanswered = 0
		}
		if unanswered == lost {
			return outcomes, fmt.Errorf("%w: %s", ErrLost, o.Reason)
		}
		if o.Status != http.StatusUnauthorized {
			welcome = true
		}
		if !welcome && len(outcomes) == lost {
			return outcomes, ErrToken
		}
	}
	return outcomes, nil
}

func (c Config) try(ctx context.Context, transport *http.Transport, k contracts.Case, seen map[string]string) Outcome {
	o := Outcome{Case: k, Curl: k.Curl(c.Target.String())}
	if k.Auth != contracts.ValidToken && c.Token == "" {
		o.Verdict, o.Reason = Skipped, "no token was given, so whether the target demands one cannot be told"
		return o
	}
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	started := time.Now()
	response, err := transport.RoundTrip(k.Request(ctx, c.Target, c.Token))
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
	return c.judge(o, response.Header, body, seen)
}

func (o Outcome) broken(rule, pointer, reason string) Outcome {
	o.Verdict, o.Rule, o.Pointer, o.Reason = Broken, rule, pointer, reason
	return o
}

// judge decides on an answer. seen maps the executionIds so far to the cases that they were given to.
func (c Config) judge(o Outcome, header http.Header, body []byte, seen map[string]string) Outcome {
	k := o.Case
	verdict := c.Description.JudgeResponse(o.Status, header.Get("Content-Type"), body)
	class := o.Status / 100
	switch {
	case class == 5:
		return o.broken("server-error", "", fmt.Sprintf("the target failed with status %d, expected %s", o.Status, wanted(k)))
	case class == 2 && k.Expect == contracts.Refused:
		return o.broken(contracts.RuleAccepted, "", fmt.Sprintf("it was accepted with status %d, expected a refusal (4xx)", o.Status))
	case class != 2 && k.Expect == contracts.Accepted:
		return o.broken("refused", "", fmt.Sprintf("it was refused with status %d, expected a documented success", o.Status))
	case class != 2 && class != 4:
		return o.broken(contracts.RuleUndocumentedStatus, "", fmt.Sprintf("the status is %d, expected %s", o.Status, wanted(k)))
	}
	if doubtful, other := c.Description.Doubt(o.Status, header.Get("Content-Type"), body, verdict.Violation); doubtful {
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
	case k.Method != c.Description.Method() && !allows(header.Values("Allow"), c.Description.Method()):
		return o.broken("allow", "", fmt.Sprintf("the header Allow is %q, expected it to name %s", strings.Join(header.Values("Allow"), ", "), c.Description.Method()))
	}
	if class == 2 && verdict.ExecutionID != "" && !c.RepeatedIDsAllowed {
		if other, twice := seen[verdict.ExecutionID]; twice {
			return o.broken(contracts.RuleRepeatedID, "/executionId", fmt.Sprintf("the executionId %.60q was given to the case %s before", verdict.ExecutionID, other))
		}
		seen[verdict.ExecutionID] = k.ID
	}
	o.Verdict = Held
	if k.Expect == contracts.Either {
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

func wanted(k contracts.Case) string {
	switch k.Expect {
	case contracts.Accepted:
		return "a documented success"
	case contracts.Refused:
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
