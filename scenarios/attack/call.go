package attack

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/scenarios/wire"
)

// refused is a method that no request may have.
const refused = "no request"

// target is vegeta's Targeter: it fires the call that is next. Nothing comes of the request that vegeta would make
// next: it would leave two kilobytes of garbage for each call, which is most of all there is, and net/http refuses its
// method before anything of it is made.
func (r *run) target(t *vegeta.Target) error {
	t.Method = refused
	r.call(r.Plan.Number(r.begun.Add(1) - 1))
	return nil
}

// workspace is the memory that a call needs while it is under way.
type workspace struct {
	message []byte
	wire.Exchange
}

// keptBuffer is the largest buffer that is kept for another call.
const keptBuffer = 64 << 10

// call fires call n and hands its row to the sink.
func (r *run) call(n uint64) {
	rec := record{row: results.Row{N: uint32(n)}}
	row := &rec.row
	w := r.spaces.Get().(*workspace)
	tenant := r.Plan.Tenant(n)
	if r.Against != nil { // which no closed loop has
		rec.side = r.of(r.Plan.Due(n))
	}
	h := &(*r.sides[rec.side].heads.Load())[tenant]
	room := h.Room()
	if cap(w.message) < room {
		w.message = make([]byte, room, 2<<10)
	}
	message, class := r.Plan.AppendBody(w.message[:room], n)
	w.message = message
	row.Class, row.BytesOut = uint16(class), uint32(len(message)-room)

	begin := h.Put(message, n)
	send := time.Since(r.began)
	var due time.Duration
	var at slot
	if r.closed {
		due = send
		phase, _, _ := r.Plan.At(send)
		row.Phase = uint8(phase)
	} else {
		due, at = r.Plan.Due(n), r.slots.take()
		row.Phase = uint8(r.Plan.Phase(n))
		r.inFlight.Add(1)
		r.wakeup.wait(n, r.began, send, due)
		send = time.Since(r.began)
		would := max(due, at.would)
		row.Lag, row.OwnLag = seconds(max(send-due, 0)), seconds(max(send-would, 0))
		at.would = would + r.stalls.besides(max(due, at.since), send)
	}
	row.Due = due
	sent := false
	switch {
	case r.kill.Err() != nil:
		row.Error, row.BytesOut = results.Unsent, 0
	case send-due > r.Plan.Limits.Timeout:
		row.Error, row.BytesOut = results.Dropped, 0
	default:
		sent = true
		w.Exchange = wire.Exchange{
			N: n, Tenant: tenant, Message: message[begin:], Body: room - begin, In: w.In, Deadline: r.began.Add(send + r.Plan.Limits.Timeout),
		}
		r.exchange(&rec, &w.Exchange, send)
		w.Release()
		r.turnedAway(h.token, int(row.Status))
	}

	rec.end = time.Since(r.began)
	r.inFlight.Add(-1)
	if r.closed {
		select {
		case r.freed <- struct{}{}:
		default:
		}
	}
	if cap(w.message) <= keptBuffer && cap(w.In) <= keptBuffer {
		r.spaces.Put(w)
	}
	select {
	case r.queue <- rec:
	default:
		r.queue <- rec
		r.blocked.Add(int64(time.Since(r.began) - rec.end))
	}
	if !r.closed {
		r.giveBack(at, rec.end-send, row, sent)
	}
}

// giveBack gives the slot of a call back, which took so long. A sink that takes no more rows holds the slot, and not
// the call in the schedule that would have been.
func (r *run) giveBack(at slot, took time.Duration, row *results.Row, sent bool) {
	at.since = time.Since(r.began)
	if sent {
		took -= time.Duration(float64(row.Stall) * 1e9)
		at.would += took
		r.slots.give(at, took)
		return
	}
	waited := at.would - row.Due
	r.slots.dropped(at, waited <= r.Plan.Limits.Timeout)
}

// exchange sends the request, reads the answer, takes the time, and judges.
func (r *run) exchange(rec *record, x *wire.Exchange, send time.Duration) {
	row := &rec.row
	r.stalls.wire.Add(1)
	err := r.sides[rec.side].transport.Do(x)
	end := time.Since(r.began)
	rec.sent, rec.whole = send, end
	r.stalls.wire.Add(-1)
	row.Service = seconds(end - send)
	// What the process stood still while the call waited for its turn is in that wait.
	turn := send + x.Queued
	row.Stall = seconds(r.stalls.lengthened(turn, turn+x.Dial, turn+x.Dial+x.Handshake, end) + x.Queued)
	row.Connect, row.TLS = seconds(x.Dial), seconds(x.Handshake)
	if !x.First.IsZero() {
		row.Read = seconds(end - x.First.Sub(r.began))
	}
	row.Status = uint16(min(max(x.Status, 0), 9999))
	row.BytesIn = uint32(len(x.Answer))
	switch {
	case err != nil:
		row.Error = wire.Classify(err, x.Connected, x.Begun)
		r.sample(rec, wire.Explain(row.Error, err, r.Plan.Limits.Timeout), nil)
	case len(x.Answer) > wire.MaxResponse:
		row.Error = results.BodyLimit
		r.sample(rec, fmt.Sprintf("the response's body is longer than %d bytes", wire.MaxResponse), x.Answer)
	case len(x.Answer) > keptBuffer:
		r.judging.Lock()
		r.judge(rec, x)
		r.judging.Unlock()
	default:
		r.judge(rec, x)
	}
}

// judge holds a whole response against the contract.
func (r *run) judge(rec *record, x *wire.Exchange) {
	row, body := &rec.row, x.Answer
	status := int(row.Status)
	verdict := r.Plan.Description().JudgeResponse(status, x.ContentType, body)
	rec.execution, rec.session = verdict.ExecutionID, verdict.SessionID
	message, pointer := "", ""
	if v := verdict.Violation; v != nil {
		row.Rule, message, pointer = r.rules[v.Rule], v.Message, v.Pointer
	}
	invalid := r.Plan.Labels.Classes[row.Class].Invalid
	switch class := status / 100; {
	case status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable && x.Later:
		row.Error, row.RetryAfter = results.Shed, float32(x.RetryAfter.Seconds())
		if message == "" {
			message = fmt.Sprintf("the call was shed with status %d", status)
		}
	case class == 2 && invalid:
		row.Error, row.Rule = results.Accepted, r.rules[contracts.RuleAccepted]
		message = fmt.Sprintf("a call that breaks the contract was accepted with status %d", status)
	case class == 4 && invalid && row.Rule == 0:
		row.Error = results.None
	case class == 2 || class == 4 && invalid:
		if row.Rule != 0 {
			row.Error = results.Contract
		}
	case class == 3:
		row.Error = results.Status3xx
	case class == 4:
		row.Error = results.Status4xx
	case class == 5:
		row.Error = results.Status5xx
	default:
		row.Error = results.StatusOther
	}
	if row.Error == results.None {
		return
	}
	if message == "" {
		message = fmt.Sprintf("a valid call was answered with status %d", status)
	}
	r.sample(rec, message, body)
	if rec.sample != nil {
		rec.sample.Pointer = r.scrub(pointer, sampleMessage)
	}
}

const (
	sampleBody    = 2048
	sampleMessage = 1024
)

// newSampled remembers of which kind and rule there is an example: of none so far.
func newSampled(labels results.Labels) []atomic.Bool {
	return make([]atomic.Bool, len(results.KindNames())*len(labels.Rules))
}

// sample attaches an example to the record, if it is the first of its kind and rule.
func (r *run) sample(rec *record, message string, body []byte) {
	row := &rec.row
	if row.Error == results.Canceled || r.sides[rec.side].sampled[int(row.Error)*len(r.Plan.Labels.Rules)+int(row.Rule)].Swap(true) {
		return
	}
	labels := r.Plan.Labels
	rec.sample = &results.Sample{
		Kind: row.Error.String(), Rule: labels.Rules[row.Rule], N: row.N, Class: labels.Classes[row.Class].Name,
		AtSeconds: row.Due.Seconds(), Status: int(row.Status),
		Message: r.scrub(message, sampleMessage), Body: r.scrub(string(body[:min(len(body), maxScrubbed)]), sampleBody),
	}
}

// maxScrubbed bounds the work on a body; a secret is looked for well beyond what is kept, so that no part of one that
// the cut falls into stays.
const maxScrubbed = 16 << 10

// scrub takes the secrets out of a text that the provider may have echoed it in, and shortens it.
func (r *run) scrub(text string, limit int) string {
	// Where the text broke off, a piece of a secret may be its end.
	text += "…"
	for _, set := range r.carried() {
		text = set.Redact(text)
	}
	text = strings.TrimSuffix(text, "…")
	if len(text) > limit {
		text = strings.ToValidUTF8(text[:limit], "") + "…"
	}
	return text
}
