package verify

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/kaizenautomation/andon/contracts/cases"
	"github.com/kaizenautomation/andon/reports/bounded"
	"github.com/kaizenautomation/andon/reports/summary"
)

const (
	maxResponse = 1 << 20
	// lost is after how many allowed calls without an answer, one after the other, the target is given up; and calls of
	// any kind to which it made no connection.
	lost = 3
	// busy is after how many cases, one after the other, a target is given up that turns each of them away.
	busy = 5
	// mute is after how many cases of a kind, one after the other, that get no answer the others are left out: each would
	// be waited for, and tells the same.
	mute = 5
)

// errToken says that the target turns everything away, so that nothing can be told about the rest.
var errToken = errors.New("status 401")

// errPath says that the target is not where the calls are sent.
var errPath = errors.New("there is no such call below the target's URL (status 404): check its path")

// errLost says that the target does not answer any more; what was established before stands.
var errLost = errors.New("the target does not answer any more")

// errBusy says that the target takes no calls for the time being.
var errBusy = errors.New("the target turns calls away, one after the other")

// byDescription sends the cases and holds each answer against the description. The error is errLost where the target
// stopped answering, errToken or errPath where it answers every call with 401 or 404, or that of ctx.
func (c Config) byDescription(ctx context.Context) ([]Outcome, error) {
	r := c.newRun(len(c.Cases))
	defer r.transport.CloseIdleConnections()
	var workers sync.WaitGroup
	for range max(c.Concurrency, 1) {
		workers.Go(func() { r.work(ctx) })
	}
	workers.Wait()
	r.always()
	var outcomes []Outcome
	for _, o := range r.outcomes {
		if o == nil {
			continue
		}
		if r.fails(*o) && o.Case.Random && r.err == nil {
			r.shrink(ctx, o)
		}
		outcomes = append(outcomes, *o)
	}
	return outcomes, r.err
}

// newRun makes ready to send so many cases.
func (c Config) newRun(n int) *run {
	r := &run{Config: c, seen: map[string]string{}, silent: map[kind]int{}, outcomes: make([]*Outcome, n)}
	if r.books == nil {
		r.books = newLedger(c.MaxRuns, c.Rate, c.Progress)
	}
	r.transport = &http.Transport{
		Proxy: http.ProxyFromEnvironment, TLSClientConfig: c.Credentials.TLS(),
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			return c.Credentials.Dial(ctx, &net.Dialer{Timeout: min(c.Timeout, 10*time.Second)}, network, address)
		},
		MaxResponseHeaderBytes: 64 << 10, MaxIdleConnsPerHost: max(c.Concurrency, 1),
	}
	if c.dial != nil {
		r.transport.DialContext = c.dial
	}
	return r
}

// sending is a case with how it is sent once, and what is made of the answer.
type sending struct {
	cases.Case
	engine  string
	request func(context.Context) *http.Request
	judge   func(o Outcome, header http.Header, body []byte) Outcome
}

// described is a case as the description has it sent and judged.
func (r *run) described(k cases.Case) sending {
	return sending{k, ByDescription, func(ctx context.Context) *http.Request { return k.Request(ctx, r.Target, r.Credentials) }, r.judge}
}

// run is a verification under way that sends cases.
type run struct {
	Config
	transport *http.Transport
	// mutex guards what follows.
	mutex             sync.Mutex
	next              int
	outcomes          []*Outcome
	seen              map[string]string
	tried, unanswered int
	// absent counts the calls that name nothing, and to which the target said that there is nothing; -1 is for one to
	// which it said something else.
	absent int
	// turned counts the cases since the last that was not turned away.
	turned int
	// silent counts the cases since the last that was answered.
	silent        map[kind]int
	welcome, over bool
	err           error
}

// work tries one case after the other until there are none left, or the verification is over.
func (r *run) work(ctx context.Context) {
	for {
		r.mutex.Lock()
		at := r.next
		r.next++
		over := r.over || at >= len(r.Cases)
		left := !over && r.silent[kindOf(r.Cases[at])] >= mute
		r.mutex.Unlock()
		if over {
			return
		}
		var o Outcome
		if k := r.Cases[at]; left {
			o = r.leftOut(k)
		} else {
			o = r.hold(ctx, k)
		}
		r.mutex.Lock()
		r.note(ctx, at, o)
		r.mutex.Unlock()
	}
}

// hold holds the target against a case.
func (r *run) hold(ctx context.Context, k cases.Case) Outcome {
	if k.Auth != cases.ValidToken && !k.Operation.Authorized(r.Credentials.Asks()) {
		return Outcome{Engine: ByDescription, Case: k, Curl: k.Curl(r.Target.String(), r.Credentials.Asks()), Verdict: summary.CheckSkipped, Attempts: 1,
			Reason: "no token was given, so whether the target demands one cannot be told"}
	}
	return r.persist(ctx, r.described(k))
}

// kind is what must come back, which cases have in common that a target may choke on.
type kind struct {
	expect cases.Expectation
	status int
}

func kindOf(k cases.Case) kind { return kind{k.Expect, k.Status()} }

// leftOut is what becomes of a case where others like it got no answer.
func (r *run) leftOut(k cases.Case) Outcome {
	return Outcome{
		Engine: ByDescription, Case: k, Verdict: summary.CheckSkipped, Rule: summary.RuleSilent, Curl: k.Curl(r.Target.String(), r.Credentials.Asks()),
		Reason: fmt.Sprintf("it was not sent: %d cases in a row got no answer that had to be %s too", mute, expected(k.Expect)),
	}
}

// expected is what had to become of a case, in words.
func expected(e cases.Expectation) string {
	if e == cases.Either {
		return "accepted or refused"
	}
	return string(e)
}

// note keeps an outcome, and decides whether to go on.
func (r *run) note(ctx context.Context, at int, o Outcome) {
	if ctx.Err() != nil {
		r.over, r.err = true, context.Cause(ctx)
		return
	}
	r.outcomes[at] = &o
	if o.Verdict == summary.CheckSkipped {
		return
	}
	found := r.fails(o)
	if r.silent[kindOf(o.Case)]++; !o.hiccup.silent() {
		r.silent[kindOf(o.Case)] = 0
	}
	r.turned++
	if o.Rule != "turned-away" || o.alike {
		r.turned = 0
	}
	switch {
	case !o.hiccup.silent():
		r.unanswered = 0
		found = r.mutes() || found
	case allowed(o.Case) || o.hiccup == unreached:
		// What is to be refused may be what the target chokes on; and then it is not gone.
		r.unanswered++
	}
	if o.Case.Auth == cases.ValidToken && !o.hiccup.silent() {
		r.welcome = r.welcome || o.Status != http.StatusUnauthorized
		r.tried++
	}
	if o.Case.Expect == cases.Accepted && !o.hiccup.silent() && r.absent >= 0 && len(r.Description.MadeUp(o.Case.Body)) == 0 {
		if r.absent++; o.Status != http.StatusNotFound {
			r.absent = -1
		}
	}
	switch {
	case r.over:
	case r.unanswered >= lost:
		r.over, r.err = true, fmt.Errorf("%w: %s", errLost, o.Reason)
	case r.turned >= busy:
		r.over, r.err = true, fmt.Errorf("%w: %s", errBusy, o.Reason)
	case !r.welcome && r.tried >= lost:
		r.over, r.err = true, fmt.Errorf("the target wants %s (%w): %s", r.wanted(), errToken, r.howTo())
		if used := r.Credentials.Asks().Authorization(); used != "" {
			r.err = fmt.Errorf("the target does not take %s (%w)", used, errToken)
		}
		r.unwelcome(http.StatusUnauthorized, "it was refused with status 401, as every other call")
	case r.absent >= lost:
		r.over, r.err = true, errPath
		if o := r.Description.Operation(); strings.Contains(o.Path, "{") {
			r.err = fmt.Errorf("%w, and that what the parameters of %s name exists there", errPath, o.Path)
		}
		r.unwelcome(http.StatusNotFound, "it was refused with status 404, as every other call")
	case r.FailFast && found:
		r.over = true
	}
}

// wanted says by what the target wants to know who calls, and howTo what to do about it.
func (r *run) wanted() string {
	if o := r.Description.Operation(); len(o.Ways()) > 1 || len(o.Ways()[0]) > 1 || o.Ways()[0][0].Scheme != "bearer" {
		return o.Wanted()
	}
	return "a valid token"
}

func (r *run) howTo() string {
	for _, way := range r.Description.Operation().Ways() {
		for _, k := range way {
			if k.Scheme != "basic" {
				return "set ANDON_TOKEN or name a file that holds it"
			}
		}
	}
	return "give both, the password by reference"
}

// unwelcome takes it back that calls broke anything of which the target takes none, each with the same status.
func (r *run) unwelcome(status int, why string) {
	for _, o := range r.outcomes {
		if o != nil && o.Verdict == summary.CheckBroken && o.Case.Auth == cases.ValidToken && o.Status == status {
			o.Verdict, o.Rule, o.Reason = summary.CheckInconclusive, summary.RuleUnwelcome, why
		}
	}
}

// shrink looks for a smaller body with which a case breaks the same rule.
func (r *run) shrink(ctx context.Context, o *Outcome) {
	found := *o
	smaller := cases.Shrink(r.Description, o.Case, r.Shrink, func(k cases.Case) bool {
		if r.Shrink--; ctx.Err() != nil {
			return false
		}
		next := r.try(ctx, r.described(k))
		// A hiccup of another kind has the same rule at times, and says nothing of the body.
		if next.Verdict != summary.CheckBroken || next.Rule != found.Rule || next.hiccup != found.hiccup {
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
func (r *run) try(ctx context.Context, s sending) Outcome {
	r.Credentials.Refresh(ctx)
	used := r.Credentials.Token()
	o := r.send(ctx, s)
	if o.Status == http.StatusUnauthorized && s.Auth == cases.ValidToken && r.Credentials.Renew(ctx, used) == nil {
		// The token had expired, so that the case was not tried yet. A call that is turned away for it starts no run.
		o = r.send(ctx, s)
	}
	// The target may have sent back what it was given.
	o.Reason = r.Credentials.Redact(o.Reason)
	return o
}

func (r *run) send(ctx context.Context, s sending) Outcome {
	k := s.Case
	o := Outcome{Engine: s.engine, Case: k, Curl: k.Curl(r.Target.String(), r.Credentials.Asks())}
	if !r.books.open(ctx, allowed(k)) {
		o.Verdict, o.Rule = summary.CheckSkipped, summary.RuleMaxRuns
		o.Reason = fmt.Sprintf("it was not sent: it could have started one more than the %d runs that may be started", r.MaxRuns)
		return o
	}
	o = r.exchange(ctx, s, o)
	switch {
	case o.Status/100 == 2:
		r.books.close(&r.books.accepted)
	case !o.mayRun():
		r.books.close(nil)
	case allowed(k):
		r.books.close(&r.books.unsure)
	default:
		r.books.close(&r.books.wild)
	}
	return o
}

// exchange sends a case once and judges the answer.
func (r *run) exchange(ctx context.Context, s sending, o Outcome) Outcome {
	ctx, cancel := context.WithTimeout(ctx, r.Timeout)
	defer cancel()
	started := time.Now()
	response, err := r.transport.RoundTrip(s.request(ctx))
	if err != nil {
		o.hiccup = ofError(err)
		return o.broken(ruleNoAnswer, "", "there was no answer: "+err.Error())
	}
	defer func() { _ = response.Body.Close() }()
	body, err := bounded.Append(nil, response, maxResponse+1)
	o.Took, o.Status = time.Since(started), response.StatusCode
	if o.hiccup = of(o.Status); o.hiccup == away {
		o.after, o.asked = retryAfter(response.Header.Get("Retry-After"), time.Now())
	}
	switch {
	case err != nil:
		if o.hiccup == none {
			o.hiccup = ofError(err)
		}
		return r.answered(o.broken(ruleIncompleteBody, "", fmt.Sprintf("the answer with status %d broke off: %v", o.Status, err)), body)
	case len(body) > maxResponse:
		return r.answered(o.broken(ruleBodyLimit, "", fmt.Sprintf("the answer's body is longer than %d bytes", maxResponse)), body)
	}
	return r.answered(s.judge(o, response.Header, body), body)
}
