package histogram

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"math"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Encoder writes histograms in HdrHistogram's encoding V2. The library's own encoder walks over all buckets and sets up
// a compressor for each histogram, which takes ten times as long; a test holds the two together. Make it with
// [NewEncoder].
type Encoder struct {
	counts, packed, text []byte
	compressed           bytes.Buffer
	zlib                 *zlib.Writer
}

// NewEncoder makes one.
func NewEncoder() *Encoder {
	e := new(Encoder)
	e.zlib = zlib.NewWriter(&e.compressed)
	return e
}

// Encode gives what is in s, in bytes that are the encoder's until the next. The format: a head of 40 bytes with a
// cookie, the length of the counts, an offset, the configuration and a ratio; then a signed varint (ZigZag, LEB128) for
// each count, where -n stands for n empty buckets. All that is compressed by zlib behind a cookie and a length, and
// written in Base64.
func (e *Encoder) Encode(s *Scratch) []byte {
	e.counts = e.counts[:0]
	at := 0
	s.each(func(i int, n uint64) {
		switch empty := i - at; empty {
		case 0:
		case 1:
			e.counts = append(e.counts, 0)
		default:
			e.counts = binary.AppendVarint(e.counts, int64(-empty))
		}
		e.counts = binary.AppendVarint(e.counts, int64(n))
		at = i + 1
	})
	const cookie = 0x10 // the size of a word, which readers mask
	h := binary.BigEndian.AppendUint32(e.packed[:0], uint32(hdrhistogram.V2EncodingCookieBase|cookie))
	h = binary.BigEndian.AppendUint32(h, uint32(len(e.counts)))
	h = binary.BigEndian.AppendUint32(h, 0)
	h = binary.BigEndian.AppendUint32(h, Digits)
	h = binary.BigEndian.AppendUint64(h, uint64(Lowest))
	h = binary.BigEndian.AppendUint64(h, uint64(Highest))
	h = binary.BigEndian.AppendUint64(h, math.Float64bits(1))
	e.compressed.Reset()
	e.zlib.Reset(&e.compressed)
	// A buffer takes whatever it is given.
	_, _ = e.zlib.Write(h)
	_, _ = e.zlib.Write(e.counts)
	_ = e.zlib.Close()
	h = binary.BigEndian.AppendUint32(h[:0], uint32(hdrhistogram.V2CompressedEncodingCookieBase|cookie))
	h = binary.BigEndian.AppendUint32(h, uint32(e.compressed.Len()))
	h = append(h, e.compressed.Bytes()...)
	e.packed = h
	e.text = base64.StdEncoding.AppendEncode(e.text[:0], h)
	return e.text
}
