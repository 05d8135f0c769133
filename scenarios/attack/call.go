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

// keptBuffer is the largest buffer that is kept for another call.
const keptBuffer = 64 << 10

// call fires call n and hands its row to the sink.
func (r *run) call(n uint64) {
	f := r.spaces.Get().(*flight)
	r.prepare(f, n)
	ready := time.Since(r.began)
	if !r.closed {
		f.at, _ = r.slots.take()
		r.inFlight.Add(1)
		r.wakeup.wait(n, r.began, ready, f.due)
	}
	if r.depart(f) {
		f.end = time.Since(r.began)
		if err := r.transport(f).Do(&f.Exchange); r.arrive(f, err, time.Since(r.began)) {
			r.judging.Lock()
			r.judge(f)
			r.judging.Unlock()
		}
	}
	r.settle(f)
	if r.closed {
		select {
		case r.freed <- struct{}{}:
		default:
		}
	}
	r.handOver(f)
	if cap(f.message) <= keptBuffer && cap(f.In) <= keptBuffer {
		r.spaces.Put(f)
	}
}

// transport is what carries a call.
func (r *run) transport(f *flight) wire.Transport { return r.sides[f.side].transport }

// prepare writes the message of call n.
func (r *run) prepare(f *flight, n uint64) {
	f.record, f.away, f.judged = record{row: results.Row{N: uint32(n)}}, false, false
	f.tenant = r.Plan.Tenant(n)
	if !r.closed {
		f.due = r.Plan.Due(n)
		f.row.Phase = uint8(r.Plan.Phase(n))
	}
	if r.Against != nil { // which no closed loop has
		f.side = r.of(f.due)
	}
	f.heads = r.sides[f.side].heads.Load()
	h := &(*f.heads)[f.tenant]
	room := h.Room()
	if cap(f.message) < room {
		f.message = make([]byte, room, 2<<10)
	}
	message, class := r.Plan.AppendBody(f.message[:room], n)
	f.message = message
	f.row.Class, f.row.BytesOut = uint16(class), uint32(len(message)-room)
	begin := h.Put(message, n)
	f.Exchange = wire.Exchange{N: n, Tenant: f.tenant, Message: message[begin:], Body: room - begin, In: f.In, Owner: f, Wanted: r.Plan.Description().HeaderNames()}
}

// depart takes the times of a call that leaves now, and reports whether it is sent.
func (r *run) depart(f *flight) bool {
	row := &f.row
	f.send = time.Since(r.began)
	if r.closed {
		f.due = f.send
		phase, _, _ := r.Plan.At(f.send)
		row.Phase = uint8(phase)
	} else {
		would := max(f.due, f.at.would)
		row.Lag, row.OwnLag = seconds(max(f.send-f.due, 0)), seconds(max(f.send-would, 0))
		f.at.would = would + r.stalls.besides(max(f.due, f.at.since), f.send)
	}
	row.Due = f.due
	switch {
	case r.kill.Err() != nil:
		row.Error, row.BytesOut = results.Unsent, 0
	case f.send-f.due > r.Plan.Limits.Timeout:
		row.Error, row.BytesOut = results.Dropped, 0
	default:
		f.away = true
		f.Deadline = r.began.Add(f.send + r.Plan.Limits.Timeout)
		r.stalls.left(f.send)
	}
	return f.away
}

// arrive takes the times of a call whose answer is there, or failed to come, and judges it, unless it is so large that
// one at a time is to be judged: then it is true.
func (r *run) arrive(f *flight, err error, end time.Duration) (large bool) {
	row, x, send := &f.row, &f.Exchange, f.send
	f.sent, f.whole = send, end
	r.stalls.came(end)
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
		r.sample(&f.record, wire.Explain(row.Error, err, r.Plan.Limits.Timeout), nil)
	case len(x.Answer) > wire.MaxResponse:
		row.Error = results.BodyLimit
		r.sample(&f.record, fmt.Sprintf("the response's body is longer than %d bytes", wire.MaxResponse), x.Answer)
	case len(x.Answer) > keptBuffer:
		return true
	default:
		r.judge(f)
	}
	return false
}

// settle ends a call.
func (r *run) settle(f *flight) {
	if f.away {
		f.Release()
		r.turnedAway((*f.heads)[f.tenant].token, int(f.row.Status))
	}
	f.end = time.Since(r.began)
	r.inFlight.Add(-1)
}

// handOver hands the record of a call to the sink, and gives its slot back.
func (r *run) handOver(f *flight) {
	r.blocked.Add(int64(r.handed.put(f.record)))
	if !r.closed {
		r.giveBack(f.at, f.end-f.send, &f.row, f.away)
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

// judge holds a whole response against the contract.
func (r *run) judge(f *flight) {
	rec, x := &f.record, &f.Exchange
	row, body := &rec.row, x.Answer
	status := int(row.Status)
	verdict := r.Plan.Description().JudgeResponse(status, x.ContentType, body)
	if verdict.Violation == nil && len(x.Wanted) > 0 {
		verdict.Violation = r.Plan.Description().JudgeHeaders(status, x.Lines)
	}
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
