package results

import (
	"encoding/binary"
	"encoding/hex"

	"github.com/kaizenautomation/andon/reports/splitmix"
)

// AppendTraceparent appends the value of the header traceparent (W3C Trace Context, section 3.2) that call n of a run
// carries: version 00, the ids of call n, and the flag "sampled". It has always [TraceparentLength] bytes.
func AppendTraceparent(dst []byte, traces, n uint64) []byte {
	trace, span := TraceID(traces, n), SpanID(traces, n)
	dst = append(dst, "00-"...)
	dst = hex.AppendEncode(dst, trace[:])
	dst = append(dst, '-')
	dst = hex.AppendEncode(dst, span[:])
	return append(dst, "-01"...)
}

// TraceparentLength is the length of a traceparent of version 00.
const TraceparentLength = 55

// TraceID is the trace-id of call n (W3C Trace Context, section 3.2.2.3), by which a call is found again in the
// provider's traces. It is a function of the run's number ([Manifest].Traces) and n alone: it needs not be kept, and no
// two calls of a run share one.
func TraceID(traces, n uint64) (id [16]byte) {
	binary.BigEndian.PutUint64(id[:8], nonzero(splitmix.Next(splitmix.Next(traces)+n)))
	// Within a run this half is a bijection of n.
	binary.BigEndian.PutUint64(id[8:], splitmix.Next(n+splitmix.Next(traces^0xa5a5a5a5a5a5a5a5)))
	return id
}

// SpanID is the parent-id of call n (W3C Trace Context, section 3.2.2.4).
func SpanID(traces, n uint64) (id [8]byte) {
	binary.BigEndian.PutUint64(id[:], nonzero(splitmix.Next(splitmix.Next(traces^0x3c3c3c3c3c3c3c3c)^n)))
	return id
}

// nonzero keeps an id from being all zeros, which is invalid.
func nonzero(v uint64) uint64 { return max(v, 1) }
