package wire

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"strings"
)

// decode unpacks the answer's body, and reports whether it was compressed. No request asks for that; a server that does
// it all the same is read, so that what is judged is what it says. At most MaxResponse+1 bytes are unpacked. A body
// that is compressed in a way that is not known here stays as it came. One that is not what its head says is an error:
// no client could read it.
func (x *Exchange) decode(encoding string) (encoded bool, err error) {
	var from io.Reader
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "", "identity":
		return false, nil
	case "gzip", "x-gzip":
		from, err = gzip.NewReader(bytes.NewReader(x.Answer))
	case "deflate":
		// The standard means zlib's format, and many send the bare one.
		if from, err = zlib.NewReader(bytes.NewReader(x.Answer)); err != nil {
			from, err = flate.NewReader(bytes.NewReader(x.Answer)), nil
		}
	default:
		return true, nil
	}
	var plain []byte
	if err == nil {
		plain, err = x.readAll(nil, from)
	}
	if errors.Is(err, errUnread) {
		return true, err
	} else if err != nil {
		return true, &encodingError{encoding, err}
	}
	x.Answer = plain
	return true, nil
}

// encodingError is that a body is not what its head says.
type encodingError struct {
	encoding string
	err      error
}

func (e *encodingError) Error() string {
	return fmt.Sprintf("the response's body is not what its Content-Encoding says (%.40q): %v", e.encoding, e.err)
}
