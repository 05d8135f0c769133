package attack

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/reports/results"
)

const (
	// maxResponse is how much of a response's body is read: an answer to this call is a few hundred bytes.
	maxResponse = 1 << 20
	// keptBuffer is the largest buffer that is kept for another response.
	keptBuffer  = 64 << 10
	dialTimeout = 10 * time.Second
)

// newTransport gives connections of HTTP/1.1 that stay open for the run, one for each call in flight. The local port is
// the kernel's choice: binding to it beforehand, as vegeta's own dialer does, searches among all ports in TIME_WAIT.
func newTransport(inFlight int, timeout time.Duration) *http.Transport {
	dialer := &net.Dialer{Timeout: min(dialTimeout, timeout), KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         dialer.DialContext,
		TLSHandshakeTimeout: min(dialTimeout, timeout),
		TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12, ClientSessionCache: tls.NewLRUClientSessionCache(0)},
		MaxIdleConnsPerHost: inFlight,
		IdleConnTimeout:     90 * time.Second,
		// Not nil: HTTP/2 would put all calls on one connection, and hide what a connection costs.
		TLSNextProto:           map[string]func(string, *tls.Conn) http.RoundTripper{},
		DisableCompression:     true,
		MaxResponseHeaderBytes: 64 << 10,
	}
}

// RoundTrip implements http.RoundTripper for vegeta: it fires the hit that the request's number stands for. What vegeta is
// given back is nothing but a sign that the hit is over.
func (r *run) RoundTrip(asked *http.Request) (*http.Response, error) {
	n, err := strconv.ParseUint(asked.Header.Get("X-Vegeta-Seq"), 10, 64)
	if err != nil {
		return nil, fmt.Errorf("the hit has no number: %w", err)
	}
	r.hit(n)
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: asked}, nil
}

// hit fires hit n and hands its row to the sink.
func (r *run) hit(n uint64) {
	rec := record{row: results.Row{N: uint32(n)}}
	row := &rec.row
	buffer := r.buffers.Get().(*bytes.Buffer)
	body, class := r.Plan.AppendBody(buffer.AvailableBuffer(), n)
	body = bytes.Clone(body)
	row.Class, row.BytesOut = uint16(class), uint32(len(body))

	var due, free time.Duration
	if !r.closed {
		due, free = r.Plan.Due(n), r.slots.free(n)
		r.inFlight.Add(1)
	}
	send := time.Since(r.began)
	phase, _, _ := r.Plan.At(send)
	if r.closed {
		due = send
	} else {
		phase = r.Plan.Phase(n)
	}
	row.Due, row.Phase = due, uint8(phase)
	row.Lag, row.OwnLag = seconds(max(send-due, 0)), seconds(max(send-max(due, free), 0))
	switch {
	case r.kill.Err() != nil:
		row.Error, row.BytesOut = results.Unsent, 0
	case send-due > r.Plan.Timeout:
		row.Error, row.BytesOut = results.Dropped, 0
	default:
		r.exchange(&rec, buffer, body, send)
	}

	if buffer.Cap() <= keptBuffer {
		buffer.Reset()
		r.buffers.Put(buffer)
	}
	now := time.Since(r.began)
	r.slots.end(now)
	r.inFlight.Add(-1)
	if r.closed {
		select {
		case r.freed <- struct{}{}:
		default:
		}
	}
	rec.end = now
	r.sink.queue <- rec
}

// exchange sends the request, reads the answer, takes the time, and judges.
func (r *run) exchange(rec *record, buffer *bytes.Buffer, body []byte, send time.Duration) {
	row := &rec.row
	connected := false
	ctx, cancel := context.WithTimeout(r.kill, r.Plan.Timeout)
	defer cancel()
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected = true }})
	request := contracts.NewRequest(ctx, r.Target, r.Token, body)
	response, err := r.client.RoundTrip(request)
	if err == nil {
		row.Status = uint16(min(max(response.StatusCode, 0), 9999))
		buffer.Reset()
		_, err = buffer.ReadFrom(io.LimitReader(response.Body, maxResponse+1))
		row.Service = seconds(time.Since(r.began) - send)
		response.Body.Close()
		row.BytesIn = uint32(buffer.Len())
	} else {
		row.Service = seconds(time.Since(r.began) - send)
	}
	switch {
	case err != nil:
		row.Error = classify(err, connected, response != nil)
		r.sample(rec, transportMessage(row.Error, err, r.Plan.Timeout), nil)
	case buffer.Len() > maxResponse:
		row.Error = results.BodyLimit
		r.sample(rec, fmt.Sprintf("the response's body is longer than %d bytes", maxResponse), buffer.Bytes())
	default:
		r.judge(rec, response.Header.Get("Content-Type"), buffer.Bytes())
	}
}

// judge holds a whole response against the contract.
func (r *run) judge(rec *record, contentType string, body []byte) {
	row := &rec.row
	status := int(row.Status)
	verdict := r.Description.JudgeResponse(status, contentType, body)
	rec.execution = verdict.ExecutionID
	message := ""
	if v := verdict.Violation; v != nil {
		row.Rule, message = r.rules[v.Rule], v.Message
	}
	invalid := r.Plan.Labels.Classes[row.Class].Invalid
	switch class := status / 100; {
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
}

const (
	sampleBody    = 2048
	sampleMessage = 1024
)

// sample attaches an example to the record, if it is the first of its kind and rule.
func (r *run) sample(rec *record, message string, body []byte) {
	row := &rec.row
	if row.Error == results.Canceled || r.sampled[int(row.Error)*len(r.Plan.Labels.Rules)+int(row.Rule)].Swap(true) {
		return
	}
	labels := r.Plan.Labels
	rec.sample = &results.Sample{
		Kind: row.Error.String(), Rule: labels.Rules[row.Rule], N: row.N, Class: labels.Classes[row.Class].Name,
		AtSeconds: row.Due.Seconds(), Status: int(row.Status),
		Message: r.scrub(message, sampleMessage), Body: r.scrub(string(body[:min(len(body), maxScrubbed)]), sampleBody),
	}
}

// maxScrubbed bounds the work on a body; the token is looked for well beyond what is kept, so that no part of one that
// the cut falls into stays.
const maxScrubbed = 16 << 10

// scrub takes the token out of a text that the provider may have echoed it in, and shortens it.
func (r *run) scrub(text string, limit int) string {
	if r.Token != "" {
		text = strings.ReplaceAll(text, r.Token, "[token]")
	}
	if len(text) > limit {
		text = strings.ToValidUTF8(text[:limit], "") + "…"
	}
	return text
}

// classify names a transport error. The connection was there, or not; the head of the response had come, or not.
func classify(err error, connected, head bool) results.Kind {
	var dns *net.DNSError
	var op *net.OpError
	dialing := errors.As(err, &op) && op.Op == "dial"
	switch text := err.Error(); {
	case errors.Is(err, context.Canceled):
		return results.Canceled
	case errors.As(err, &dns):
		return results.DNS
	case dialing && errors.Is(err, syscall.ECONNREFUSED):
		return results.DialRefused
	case isTLS(err):
		return results.TLS
	case isTimeout(err):
		switch {
		case dialing || !connected:
			return results.DialTimeout
		case head:
			return results.TimeoutReading
		}
		return results.TimeoutWaiting
	case dialing:
		return results.Dial
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, io.EOF),
		errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed), strings.Contains(text, "server closed"):
		return results.Reset
	// What net/http cannot read as HTTP: a head, or the framing of a body.
	case head, strings.Contains(text, "transport connection broken"), strings.Contains(text, "malformed"),
		strings.Contains(text, "response headers exceeded"):
		return results.BadHTTP
	}
	return results.Other
}

func isTimeout(err error) bool {
	var t net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &t) && t.Timeout()
}

func isTLS(err error) bool {
	var record tls.RecordHeaderError
	var alert tls.AlertError
	var certificate *tls.CertificateVerificationError
	return errors.As(err, &record) || errors.As(err, &alert) || errors.As(err, &certificate) ||
		strings.Contains(err.Error(), "tls: ") || strings.Contains(err.Error(), "TLS handshake")
}

func transportMessage(k results.Kind, err error, timeout time.Duration) string {
	switch k {
	case results.TimeoutWaiting:
		return fmt.Sprintf("no response head within the timeout of %s", timeout)
	case results.TimeoutReading:
		return fmt.Sprintf("the response's body was not complete within the timeout of %s", timeout)
	case results.DialTimeout:
		return fmt.Sprintf("no connection within %s", min(dialTimeout, timeout))
	}
	return err.Error()
}
