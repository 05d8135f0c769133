package wire

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"
	"strings"
)

// decode unpacks the answer's body, and reports whether it was compressed. No request asks for that; a server that does
// it all the same is read, so that what is judged is what it says. At most MaxResponse+1 bytes are unpacked. A body
// that is not what its head says, or is compressed in a way that is not known here, stays as it came.
func (x *Exchange) decode(encoding string) (encoded bool) {
	var from io.Reader
	var err error
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "", "identity":
		return false
	case "gzip", "x-gzip":
		from, err = gzip.NewReader(bytes.NewReader(x.Answer))
	case "deflate":
		// The standard means zlib's format, and many send the bare one.
		if from, err = zlib.NewReader(bytes.NewReader(x.Answer)); err != nil {
			from, err = flate.NewReader(bytes.NewReader(x.Answer)), nil
		}
	default:
		return true
	}
	if err != nil {
		return true
	}
	plain, err := io.ReadAll(io.LimitReader(from, MaxResponse+1))
	if err == nil {
		x.Answer = plain
	}
	return true
}
