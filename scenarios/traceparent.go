package scenarios

import (
	"encoding/hex"

	"github.com/kaizenautomation/andon/reports/results"
)

// AppendTraceparent appends the value of the header traceparent (W3C Trace Context, section 3.2) that hit n carries when it
// is asked for: version 00, the ids of hit n, and the flag "sampled". It is a function of the seed and n alone.
func (p *Plan) AppendTraceparent(dst []byte, n uint64) []byte {
	trace, span := results.TraceID(p.Seed, n), results.SpanID(p.Seed, n)
	dst = append(dst, "00-"...)
	dst = hex.AppendEncode(dst, trace[:])
	dst = append(dst, '-')
	dst = hex.AppendEncode(dst, span[:])
	return append(dst, "-01"...)
}
