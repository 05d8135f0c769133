package wire

import (
	"bytes"
	"context"
	"strconv"

	"github.com/kaizenautomation/andon/reports/results"
)

// Template is the head of the requests, all but the length of the body and the number of the call.
type Template struct {
	before, after []byte
	traces        uint64
}

// Template takes the head of a tenant's requests from net/http, so that andon's own connections send what those of
// net/http would.
func (c Config) Template(tenant int) Template {
	var whole bytes.Buffer
	// Writing to a buffer does not fail, and the URL was checked before.
	_ = c.Request(context.Background(), tenant, []byte{'{'}).Write(&whole)
	before, after, _ := bytes.Cut(whole.Bytes(), []byte("\r\nContent-Length: 1\r\n"))
	return Template{before, after[:len(after)-len("\r\n{")], c.Traces}
}

const (
	// digits is how many the length of a body has at most.
	digits    = 20
	lengthKey = "\r\nContent-Length: "
	traceKey  = "Traceparent: "
	newline   = "\r\n"
)

// Room is how many bytes to leave free before a body.
func (t Template) Room() int {
	room := len(t.before) + len(lengthKey) + digits + len(newline) + len(t.after) + len(newline)
	if t.traces != 0 {
		room += len(traceKey) + results.TraceparentLength + len(newline)
	}
	return room
}

// Put writes the head of call n right before the body that begins at b[Room], and says where the request begins.
func (t Template) Put(b []byte, n uint64) (begin int) {
	room := t.Room()
	var length [digits]byte
	var trace [len(traceKey) + results.TraceparentLength + len(newline)]byte
	traced := trace[:0]
	if t.traces != 0 {
		traced = append(results.AppendTraceparent(append(traced, traceKey...), t.traces, n), newline...)
	}
	at := room
	before := func(part []byte) {
		at -= len(part)
		copy(b[at:], part)
	}
	before([]byte(newline))
	before(traced)
	before(t.after)
	before([]byte(newline))
	before(strconv.AppendInt(length[:0], int64(len(b)-room), 10))
	before([]byte(lengthKey))
	before(t.before)
	return at
}
