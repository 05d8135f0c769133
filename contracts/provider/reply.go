package provider

import (
	"cmp"
	"fmt"
	"net"
	"net/http"
	"strconv"

	"github.com/kaizenautomation/andon/contracts"
)

// send answers a call, with the headers that the description has for the status.
func (h *handler) send(w http.ResponseWriter, status int, media string, body []byte) {
	h.setHeaders(w, status)
	send(w, status, media, body)
}

func send(w http.ResponseWriter, status int, media string, body []byte) {
	setType(w, media)
	w.WriteHeader(status)
	if len(body) > 0 {
		// An error here is the caller's leaving, which is not the provider's to report.
		_, _ = w.Write(body)
	}
}

func setType(w http.ResponseWriter, media string) {
	if media != "" {
		w.Header()["Content-Type"] = []string{media}
	}
}

// setHeaders sets the headers that an answer of a status must have.
func (h *handler) setHeaders(w http.ResponseWriter, status int) {
	for _, one := range h.headers[h.description.ResponseFor(status)] {
		if _, there := w.Header()[one.name]; !there {
			w.Header()[one.name] = one.values
		}
	}
}

// refuse answers a call with a refusal, in the form that the description wants.
func (h *handler) refuse(w http.ResponseWriter, r *http.Request, bad *refusal) outcome {
	h.pause(r.Context(), 0)
	b := bad.body()
	x := h.refusals[bad.status]
	status, media := cmp.Or(x.status, bad.status), cmp.Or(x.media, "application/json")
	if x.plain != nil {
		judge := builder{Description: h.description, status: status}
		if !isJSON(media) || !judge.holds(media, b) {
			b = x.plain
		}
	}
	h.send(w, status, media, b)
	return outcome{status: status, code: bad.code}
}

// reply answers a call that was served, as its fault says.
func (h *handler) reply(w http.ResponseWriter, r *http.Request, o *outcome, draw draws) {
	buffer := h.buffers.Get().(*[]byte)
	defer h.release(buffer)
	a := h.answer
	again, spoilt := o.call, -1
	var value []byte
	switch o.fault {
	case http500, http503:
		bad := &refusal{status: http.StatusInternalServerError, code: "internal", message: "a fault that was asked for"}
		if o.fault == http503 {
			bad.status, bad.code = http.StatusServiceUnavailable, "unavailable"
		}
		h.refuse(w, r, bad)
		o.status, o.code = bad.status, bad.code
		return
	case reset:
		o.status = 0
		resetConnection(w)
		return
	case html:
		h.send(w, a.status, htmlType, []byte(htmlPage))
		return
	case missingField:
		spoilt = a.missable[draw.bits(forField)%uint64(len(a.missable))]
	case wrongType:
		bits, n := draw.bits(forField), uint64(len(a.mistakable))
		m := &a.mistakable[bits%n]
		spoilt, value = m.field, []byte(m.values[bits/n%uint64(len(m.values))])
	case repeatedID:
		if given := h.given.Load(); given > 0 {
			again = given
		} else {
			o.fault = noFault
		}
	}
	b := a.body((*buffer)[:0], h.prefix, o.call, again, spoilt, value)
	*buffer = b
	switch o.fault {
	case truncated:
		h.send(w, a.status, a.media, b[:len(b)/2])
	case contentType:
		h.send(w, a.status, plainType, b)
	case slowBody:
		h.trickle(w, r, b)
	default:
		h.send(w, a.status, a.media, b)
		if o.fault == noFault {
			h.given.Store(o.call)
		}
	}
}

const (
	plainType = "text/plain; charset=utf-8"
	htmlType  = "text/html; charset=utf-8"
	htmlPage  = "<!DOCTYPE html>\n<title>Please wait</title>\n<h1>The service is being updated</h1>\n"
)

// impossible lists the faults that are asked for and that would be none: answers that the description allows.
func (a *answer) impossible(d *contracts.Description, f Faults) (errs []error) {
	body := a.body(nil, "", 1, 1, -1, nil)
	allowed := func(media string, body []byte) bool { return d.JudgeResponse(a.status, media, body).Violation == nil }
	_, hasID := a.execution("", 1)
	for _, x := range []struct {
		kind fault
		none bool
		why  string
	}{
		{truncated, allowed(a.media, body[:len(body)/2]), "half an answer"},
		{missingField, len(a.missable) == 0, "an answer without any of its fields"},
		{wrongType, len(a.mistakable) == 0, "any value in the fields of an answer"},
		{html, allowed(htmlType, []byte(htmlPage)), "a page for an answer"},
		{contentType, allowed(plainType, body), "an answer that is called plain text"},
		{repeatedID, !hasID, "an answer without the id of an execution"},
	} {
		if *f.share(x.kind) > 0 && x.none {
			errs = append(errs, fmt.Errorf("fault %s: the description allows %s, so this would be no fault", faultNames[x.kind], x.why))
		}
	}
	return errs
}

// trickle sends the head at once and the body piece by piece.
func (h *handler) trickle(w http.ResponseWriter, r *http.Request, body []byte) {
	const pieces = 16
	setType(w, h.answer.media)
	if len(body) > 0 {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	}
	h.setHeaders(w, h.answer.status)
	w.WriteHeader(h.answer.status)
	control := http.NewResponseController(w)
	for i := range pieces {
		// An error is the caller's leaving, and the next pause sees it.
		_ = control.Flush()
		if !h.pause(r.Context(), h.slowBody/pieces) {
			return
		}
		_, _ = w.Write(body[len(body)*i/pieces : len(body)*(i+1)/pieces])
	}
}

// resetConnection ends the connection such that the caller sees a reset: closing a socket that does not linger sends a
// RST (tcp(7), SO_LINGER). Where the connection cannot be had (HTTP/2), net/http aborts the stream.
func resetConnection(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if t, ok := conn.(interface{ NetConn() net.Conn }); ok {
		conn = t.NetConn()
	}
	if t, ok := conn.(*net.TCPConn); ok {
		_ = t.SetLinger(0)
	}
	_ = conn.Close()
}
