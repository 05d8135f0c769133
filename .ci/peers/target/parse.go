package main

import "bytes"

// head is what matters of a request's head.
type head struct {
	size  int // bytes, with the empty line that ends it
	body  int // bytes that follow
	close bool
	bad   bool // a request that this server does not understand
}

var (
	headEnd       = []byte("\r\n\r\n")
	contentLength = []byte("content-length")
	connection    = []byte("connection")
	encoding      = []byte("transfer-encoding")
)

// parseHead reads a request's head from the beginning of data. It tells false where the head is not whole yet.
func parseHead(data []byte) (h head, whole bool) {
	end := bytes.Index(data, headEnd)
	if end < 0 {
		return h, false
	}
	h.size = end + len(headEnd)
	line, rest := cutLine(data[:end+2])
	if !bytes.HasPrefix(line, []byte("POST ")) || !bytes.HasSuffix(line, []byte(" HTTP/1.1")) {
		h.bad = true
	}
	for len(rest) > 0 {
		line, rest = cutLine(rest)
		switch {
		case isField(line, contentLength):
			n, ok := number(line[len(contentLength)+1:])
			h.body, h.bad = n, h.bad || !ok
		case isField(line, connection):
			h.close = bytes.EqualFold(bytes.TrimSpace(line[len(connection)+1:]), []byte("close"))
		case isField(line, encoding):
			h.bad = true
		}
	}
	return h, true
}

// cutLine takes a line off lines that all end in CRLF.
func cutLine(data []byte) (line, rest []byte) {
	i := bytes.IndexByte(data, '\n')
	return bytes.TrimSuffix(data[:i], []byte{'\r'}), data[i+1:]
}

func isField(line, name []byte) bool {
	return len(line) > len(name) && line[len(name)] == ':' && bytes.EqualFold(line[:len(name)], name)
}

// number reads a length of up to a gigabyte.
func number(text []byte) (int, bool) {
	text = bytes.TrimSpace(text)
	if len(text) == 0 || len(text) > 9 {
		return 0, false
	}
	n := 0
	for _, c := range text {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = 10*n + int(c-'0')
	}
	return n, true
}
