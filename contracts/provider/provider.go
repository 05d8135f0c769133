// Package provider is the reference provider: an http.Handler that implements the call of a description faithfully, and
// can be made to behave like a real service, with latency, a capacity and faults.
//
// It is what andon drives when no target is named, and what andon's own figures are checked against: its capacity is
// known by arithmetic (c workers that take s seconds each serve c/s calls a second) and the rate of each fault is set.
package provider

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/schema"
	"github.com/kaizenautomation/andon/reports/splitmix"
)

// Config says how the provider behaves. The zero value answers every valid call at once, without a limit or a fault.
type Config struct {
	// Token is what a call must present as a bearer token. Empty: none is asked for. It consists of visible ASCII.
	Token string
	// MaxBody is the most bytes that a request's body may have; 0 is 1 MiB.
	MaxBody int64
	// Latency is the service time by tier. The entry [contracts.NoTier] is for calls that leave the tier out. A tier
	// without an entry takes as long as they do; where they have none either, as long as the first tier of the
	// description that has one. Nil or empty: no call takes any time. See [DefaultLatency].
	Latency map[string]Latency
	// Workers is how many calls are served at the same time, whatever their tier; 0 is any number.
	Workers int
	// Pools are workers by tier, in place of Workers: no tier waits for the calls of another. Tiers without an entry share
	// one as they share a latency. Nil or empty: there are none.
	Pools map[string]int
	// Queue is how many calls may wait for a worker, of each pool, first come first served; a call beyond them is refused
	// with 429. It must be 0 where there are neither Workers nor Pools.
	Queue int
	// Faults says how often and how the provider misbehaves.
	Faults Faults
	// Executions says how the provider runs what it accepts, and has it answer the operation that tells what became of
	// an execution. Nil: nothing runs, and there is no such operation, as with a provider that does not have it.
	Executions *Executions
	// Webhooks says how it tells of executions that have ended; nil: not at all.
	Webhooks *Webhooks
	// Seed determines the latencies and the faults of the first, second, … valid call that is served, and the time and
	// the fate of its execution.
	Seed uint64
	// Log receives one record at level Info for each call, for each execution that ends, and for each webhook; nil is
	// silent. Secrets and bodies are not in it.
	Log *slog.Logger
}

const (
	defaultMaxBody = 1 << 20
	// keptBuffer is the largest buffer that waits for another call: one call with a large body must not hold memory for
	// ever.
	keptBuffer = 64 << 10
)

// New makes a provider of the call that d describes. The error names everything that is wrong with c. The handler is
// safe for concurrent use, and each has its own ids, queue and clock.
func New(d *contracts.Description, c Config) (http.Handler, error) {
	latency, times, err := c.check(d)
	if err != nil {
		return nil, err
	}
	prefix := strings.ToLower(rand.Text()[:12])
	answer, err := newAnswer(d, prefix)
	if err != nil {
		return nil, err
	}
	refusals, err := newRefusals(d)
	headers, bad := newHeaders(d)
	if err := errors.Join(append(answer.impossible(d, c.Faults), err, bad)...); err != nil {
		return nil, err
	}
	h := &handler{
		description: d,
		operation:   d.Operation(),
		token:       []byte(c.Token),
		maxBody:     cmp.Or(c.MaxBody, defaultMaxBody),
		latency:     latency, noTier: contracts.NoTier(d.Tiers()),
		lottery: c.Faults.lottery(), slowBody: c.Faults.SlowBody.For, stall: c.Faults.Stall,
		seed:   splitmix.Mix(c.Seed),
		answer: answer, refusals: refusals, headers: headers, prefix: prefix,
		log: c.Log,
	}
	if c.Faults.Above > 0 {
		h.crowd = newCrowd(c.Faults.Above)
	}
	h.buffers.New = func() any { b := make([]byte, 0, 4<<10); return &b }
	h.pools = newPools(c.Pools, c.Workers, c.Queue, d.Tiers())
	if c.Executions != nil {
		if _, ok := answer.execution("", 1); !ok {
			return nil, errors.New("executions: an answer of this description has no id by which one could ask about an execution")
		}
		h.asked = newAsked(d.Following())
		h.floor = newFloor(*c.Executions, d.Tiers(), times, h.over)
		if c.Webhooks != nil && c.Webhooks.URL != "" {
			h.postman = newPostman(*c.Webhooks, prefix, c.Log)
		}
	}
	return h, nil
}

// check reports everything that is wrong with c, and gives the latencies and the times of executions by tier.
func (c Config) check(d *contracts.Description) (latency, times map[string]Latency, err error) {
	errs := []error{c.Faults.Validate()}
	if c.MaxBody < 0 {
		errs = append(errs, fmt.Errorf("maxBody: expected at least 0 bytes, found %d", c.MaxBody))
	}
	if c.Workers < 0 {
		errs = append(errs, fmt.Errorf("workers: expected at least 0, found %d", c.Workers))
	}
	if c.Queue < 0 {
		errs = append(errs, fmt.Errorf("queue: expected at least 0, found %d", c.Queue))
	}
	if c.Queue > 0 && c.Workers == 0 && len(c.Pools) == 0 {
		errs = append(errs, fmt.Errorf("queue: %d calls can wait, but without a number of workers none ever has to; set workers", c.Queue))
	}
	errs = append(errs, within("pools", checkPools(c.Pools, c.Workers, d.Tiers())))
	if strings.ContainsFunc(c.Token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		errs = append(errs, errors.New("token: it has a space, a line end or another character that no header can carry; check where it was read from"))
	}
	latency, err = byTier(d.Tiers(), c.Latency)
	errs = append(errs, within("latency", err))
	if c.Executions != nil {
		errs = append(errs, within("executions", c.Executions.validate(d.Tiers())))
		times, err = byTier(d.Tiers(), c.Executions.Time)
		errs = append(errs, within("executions: time", err))
	}
	if c.Webhooks != nil {
		errs = append(errs, within("webhooks", c.Webhooks.validate()))
		if c.Executions == nil {
			errs = append(errs, errors.New("webhooks: they tell of executions, and nothing is said of those; set executions"))
		}
	}
	return latency, times, errors.Join(errs...)
}

// within says in each line of an error what it is about.
func within(what string, err error) error {
	if err == nil {
		return nil
	}
	return errors.New(what + ": " + strings.ReplaceAll(err.Error(), "\n", "\n"+what+": "))
}

type handler struct {
	description *contracts.Description
	operation   contracts.Operation
	token       []byte
	maxBody     int64
	answer      *answer
	refusals    map[int]described
	headers     map[*contracts.Response][]header
	latency     map[string]Latency
	noTier      string // what latency has for the calls that name no tier
	lottery     lottery
	slowBody    time.Duration
	stall       Stall
	seed        uint64
	prefix      string // of this provider's ids
	log         *slog.Logger
	asked       asked
	floor       *floor   // nil where nothing is run
	postman     *postman // nil where no webhooks are sent

	buffers sync.Pool        // of *[]byte
	pools   map[string]*pool // by tier; nil without a limit
	crowd   *crowd           // nil where faults do not depend on it

	calls atomic.Uint64 // valid calls that were served
	given atomic.Uint64 // the number of a call whose executionId went out
	agent atomic.Bool   // the agent of the calls that name none exists

	first sync.Once
	began time.Time // the first call's arrival
}

// outcome is what the log says of a call.
type outcome struct {
	status        int // 0 where no answer was sent
	code          string
	tier, agentID string
	call          uint64 // its number, from 1, if it was served
	fault         fault
	created       bool // it brought an agent into being
	poll          bool // it is no call, but asks about an execution
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if h.stall.For > 0 {
		h.first.Do(func() { h.began = time.Now() })
	}
	if h.log == nil {
		h.serve(w, r)
		return
	}
	start := time.Now()
	o := h.serve(w, r)
	seconds := time.Since(start).Seconds()
	what := "call"
	if o.poll {
		what = "poll"
	}
	attrs := []slog.Attr{
		slog.String("method", r.Method), slog.String("path", r.URL.Path), slog.Int("status", o.status), slog.Float64("seconds", seconds),
	}
	if o.code != "" {
		attrs = append(attrs, slog.String("code", o.code))
	}
	if o.call > 0 {
		attrs = append(attrs, slog.String("executionId", h.executionID(o.call)), slog.String("tier", cmp.Or(o.tier, h.noTier)),
			slog.String("agentId", o.agentID), slog.Bool("agentCreated", o.created))
	}
	if o.fault != noFault {
		attrs = append(attrs, slog.String("fault", faultNames[o.fault]))
	}
	h.log.LogAttrs(r.Context(), slog.LevelInfo, what, attrs...)
}

// over tells of executions that have ended: the log, and whoever is sent webhooks.
func (h *handler) over(ended []*execution) {
	for _, e := range ended {
		if h.log != nil {
			attrs := []slog.Attr{
				slog.String("executionId", e.id), slog.String("tier", h.floor.tiers[e.tier]), slog.String("outcome", outcomes[e.fate]),
				slog.Time("accepted", h.floor.moment(e.arrived)),
			}
			// What is stuck is told of when it is accepted, since it does not end.
			if e.fate != isStuck && e.state != waiting {
				attrs = append(attrs, slog.Time("began", h.floor.moment(e.began)), slog.Time("ended", h.floor.moment(e.ends)))
			}
			h.log.LogAttrs(context.Background(), slog.LevelInfo, "execution", attrs...)
		}
		if h.postman != nil && (e.fate == completes || e.fate == fails) {
			h.postman.post(e, draws{h.seed, e.n}, func(id string) *schema.Node { return h.said(e, id) })
		}
	}
}

// Close ends what the provider does by itself: executions stand still and no webhook is sent any more.
func (h *handler) Close() error {
	if h.floor != nil {
		h.floor.close()
	}
	if h.postman != nil {
		h.postman.close()
	}
	return nil
}

// executionID is the id that the n-th call's execution has in the log.
func (h *handler) executionID(n uint64) string {
	id, ok := h.answer.execution(h.prefix, n)
	if !ok {
		return strings.Trim(string(plainID(nil, executionKind, h.prefix, n)), `"`)
	}
	return id
}

func (h *handler) serve(w http.ResponseWriter, r *http.Request) outcome {
	if h.floor != nil {
		if id, ok := h.asked.about(r); ok {
			return h.answerAsked(w, r, id)
		}
	}
	if bad := h.checkHead(w, r); bad != nil {
		return h.refuse(w, r, bad)
	}
	request, bad := h.readRequest(r)
	if bad != nil {
		return h.refuse(w, r, bad)
	}
	faulty := h.crowd == nil || h.crowd.add()
	if h.pools != nil {
		pool := h.pools[h.known(request.Tier)]
		if bad := pool.enter(w, r); bad != nil {
			return h.refuse(w, r, bad)
		}
		defer pool.leave()
	}
	o := outcome{status: h.answer.status, tier: request.Tier, agentID: request.AgentID, call: h.calls.Add(1)}
	if o.agentID == "" {
		o.agentID, o.created = "agent_"+h.prefix, !h.agent.Load() && h.agent.CompareAndSwap(false, true)
	}
	draw := draws{h.seed, o.call}
	if faulty {
		o.fault = h.lottery.draw(draw.unit(forFault))
	}
	if !h.pause(r.Context(), h.latency[h.known(request.Tier)].quantile(draw.unit(forLatency))) {
		return h.refuse(w, r, gone)
	}
	if h.floor != nil && o.fault != http500 && o.fault != http503 && !h.floor.accept(h.executionID(o.call), o.call, request.Tier, draw) {
		return h.refuse(w, r, &refusal{status: http.StatusTooManyRequests, code: "too-many-executions",
			message: fmt.Sprintf("all %d workers run executions and %d wait already; try again later", h.floor.Workers, h.floor.Queue)})
	}
	h.reply(w, r, &o, draw)
	return o
}

// known is the tier by which latencies and pools are told apart.
func (h *handler) known(tier string) string {
	if _, ok := h.latency[tier]; !ok {
		return h.noTier
	}
	return tier
}

// checkHead judges everything but the body, and sets the headers that belong to the refusal.
func (h *handler) checkHead(w http.ResponseWriter, r *http.Request) *refusal {
	if !h.operation.Matches(r.URL) {
		return &refusal{status: http.StatusNotFound, code: "not-found", message: "there is nothing here; the call is " + h.operation.String()}
	}
	if r.Method != h.operation.Method {
		w.Header().Set("Allow", h.operation.Method)
		return &refusal{status: http.StatusMethodNotAllowed, code: "method-not-allowed", message: "the call is " + h.operation.String()}
	}
	if bad := h.checkToken(w, r); bad != nil {
		return bad
	}
	if violation := h.description.JudgeParameters(r); violation != nil {
		return &refusal{status: http.StatusBadRequest, code: violation.Rule, message: violation.Message, violation: violation}
	}
	return h.checkBody(r)
}

// checkToken judges by what the call says who sends it, where a token is asked for: of the ways that the description
// has, one in which the token is every key.
func (h *handler) checkToken(w http.ResponseWriter, r *http.Request) *refusal {
	if len(h.token) == 0 {
		return nil
	}
	said := false
	for _, way := range h.operation.Ways() {
		held := true
		for _, k := range way {
			secret, there := k.Of(r)
			said = said || there
			held = held && subtle.ConstantTimeCompare([]byte(secret), h.token) == 1
		}
		if held {
			return nil
		}
	}
	if h.description.TokensOptional() && !said && r.Header.Get("Authorization") == "" {
		return nil
	}
	scheme := h.operation.Ways()[0][0].Scheme
	switch {
	case scheme == "basic":
		w.Header().Set("WWW-Authenticate", `Basic realm="andon"`)
	case scheme != "" && said:
		w.Header().Set("WWW-Authenticate", `Bearer realm="andon", error="invalid_token"`)
	case scheme != "":
		w.Header().Set("WWW-Authenticate", `Bearer realm="andon"`)
	}
	if said {
		return &refusal{status: http.StatusUnauthorized, code: "invalid-token", message: "the token is not the one that this provider was given"}
	}
	wanted := h.operation.Wanted()
	if scheme == "bearer" {
		wanted = "the header Authorization: Bearer <token>"
	}
	return &refusal{status: http.StatusUnauthorized, code: "missing-token", message: "expected " + wanted}
}

// checkBody judges what the head says of the body.
func (h *handler) checkBody(r *http.Request) *refusal {
	// Parsing a media type costs more than the rest of this function, and nearly every call has the plain form.
	if media := r.Header.Get("Content-Type"); media != "application/json" {
		parsed, _, err := mime.ParseMediaType(media)
		if err != nil || parsed != "application/json" {
			found := "none"
			if media != "" {
				found = quote(media)
			}
			return &refusal{status: http.StatusUnsupportedMediaType, code: "unsupported-media-type",
				message: "expected the header Content-Type: application/json, found " + found}
		}
	}
	if coding := r.Header.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return &refusal{status: http.StatusUnsupportedMediaType, code: "unsupported-content-encoding",
			message: "expected a body without a content encoding, found " + quote(coding)}
	}
	if r.ContentLength > h.maxBody {
		return h.tooLarge()
	}
	return nil
}

func (h *handler) tooLarge() *refusal {
	return &refusal{status: http.StatusRequestEntityTooLarge, code: "body-too-large",
		message: "the body may have " + strconv.FormatInt(h.maxBody, 10) + " bytes, and it has more"}
}

// readRequest reads and judges the body. The buffer goes back before the call waits for anything.
func (h *handler) readRequest(r *http.Request) (contracts.Request, *refusal) {
	buffer := h.buffers.Get().(*[]byte)
	defer h.release(buffer)
	if bad := h.readBody(r, buffer); bad != nil {
		return contracts.Request{}, bad
	}
	request, violation := h.description.ReadRequest(*buffer)
	if violation != nil {
		return contracts.Request{}, &refusal{status: http.StatusBadRequest, code: violation.Rule, message: violation.Message, violation: violation}
	}
	return request, nil
}

func (h *handler) release(buffer *[]byte) {
	if cap(*buffer) <= keptBuffer {
		h.buffers.Put(buffer)
	}
}

func (h *handler) readBody(r *http.Request, buffer *[]byte) *refusal {
	b := (*buffer)[:0]
	defer func() { *buffer = b }()
	for {
		if len(b) == cap(b) {
			b = slices.Grow(b, cap(b))
		}
		n, err := r.Body.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		switch {
		case int64(len(b)) > h.maxBody:
			return h.tooLarge()
		case err == io.EOF:
			return nil
		case err != nil:
			return &refusal{status: http.StatusBadRequest, code: "unreadable-body", message: "the body broke off before its end"}
		}
	}
}

// pause lets d of the provider's own time pass, which stands still during a stall. It reports whether the caller is
// still there.
func (h *handler) pause(ctx context.Context, d time.Duration) bool {
	if h.stall.For > 0 {
		d = h.stall.stretch(time.Since(h.began), d)
	}
	if d <= 0 {
		return true
	}
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}
