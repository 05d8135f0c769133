package wire

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// head is what is used of a response's head.
type head struct {
	status int
	// size and length count the bytes of the head and of the body.
	size, length int
	contentType  string
	// retryAfter and date are the headers of these names; they may lie in the buffer that the head was read from.
	retryAfter, date []byte
	// header has all of them, where net/http has read the response.
	header http.Header
	// keep says that the connection stays open after the body.
	keep bool
	// encoding is how the body is encoded, as the answer says.
	encoding string
	// more says that bytes came behind the response. An ordinary one says so by its length.
	more bool
}

// end is how many bytes an ordinary response has, as far as they are read: of a body that is too long, one too many.
func (h head) end() int { return h.size + min(h.length, MaxResponse+1) }

// parseHead reads the head of an ordinary response: HTTP/1.1, written as the standard wants it, with a body whose
// length it gives. It is false for all others, and for a head that is not whole; those are net/http's to read.
//
// TestOrdinaryHeads and FuzzResponse hold it to that: whatever it takes, net/http reads in the same way.
func parseHead(b []byte) (h head, ok bool) {
	const version = "HTTP/1.1 "
	if len(b) < len(version)+4 || string(b[:len(version)]) != version {
		return h, false
	}
	for _, c := range b[len(version) : len(version)+3] {
		if c < '0' || c > '9' {
			return h, false
		}
		h.status = 10*h.status + int(c-'0')
	}
	// The others have no body, whatever length they give.
	if h.status < 200 || h.status == http.StatusNoContent || h.status == http.StatusNotModified {
		return h, false
	}
	at := len(version) + 3
	if b[at] != ' ' && b[at] != '\r' {
		return h, false
	}
	line, next := cutLine(b, at)
	if next == 0 || !plain(line) {
		return h, false
	}
	h.length, h.keep = -1, true
	typed := false
	for {
		line, at = cutLine(b, next)
		if at == 0 {
			return h, false
		}
		next = at
		if len(line) == 0 {
			h.size = at
			return h, h.length >= 0
		}
		colon := bytes.IndexByte(line, ':')
		if colon <= 0 || !token(line[:colon]) {
			return h, false
		}
		name, value := line[:colon], bytes.Trim(line[colon+1:], " \t")
		if !plain(value) {
			return h, false
		}
		switch len(name) {
		case len("Connection"):
			if is(name, "connection") {
				switch {
				case is(value, "close"):
					h.keep = false
				case !is(value, "keep-alive"):
					return h, false
				}
			}
		case len("Content-Type"):
			if is(name, "content-type") {
				if typed {
					return h, false
				}
				typed = true
				if h.contentType = "application/json"; string(value) != h.contentType {
					h.contentType = string(value)
				}
			}
		case len("Retry-After"):
			if is(name, "retry-after") {
				if h.retryAfter != nil {
					return h, false
				}
				h.retryAfter = value
			}
		case len("Date"):
			if is(name, "date") && h.date == nil {
				h.date = value
			}
		case len("Content-Length"):
			if is(name, "content-length") {
				if h.length >= 0 || len(value) == 0 || len(value) > 7 {
					return h, false
				}
				h.length = 0
				for _, c := range value {
					if c < '0' || c > '9' {
						return h, false
					}
					h.length = 10*h.length + int(c-'0')
				}
			}
		case len("Content-Encoding"):
			if is(name, "content-encoding") {
				return h, false
			}
		case len("Transfer-Encoding"):
			if is(name, "transfer-encoding") {
				return h, false
			}
		}
	}
}

// keepOf keeps what is wanted of the head of an ordinary response.
func (x *Exchange) keepOf(head []byte) {
	if len(x.Wanted) == 0 {
		return
	}
	x.kept = make([][]string, len(x.Wanted))
	_, next := cutLine(head, 0)
	for {
		line, after := cutLine(head, next)
		if after == 0 || len(line) == 0 {
			return
		}
		next = after
		name, value, _ := bytes.Cut(line, []byte(":"))
		for i, wanted := range x.Wanted {
			if len(wanted) == len(name) && bytes.EqualFold(name, []byte(wanted)) {
				x.kept[i] = append(x.kept[i], string(bytes.Trim(value, " \t")))
			}
		}
	}
}

// cutLine gives the line at a place, without its end, and where the next one begins; 0 if it does not end in CR LF.
func cutLine(b []byte, at int) (line []byte, next int) {
	end := bytes.IndexByte(b[at:], '\n')
	if end < 1 || b[at+end-1] != '\r' {
		return nil, 0
	}
	return b[at : at+end-1], at + end + 1
}

// is compares ASCII texts without regard to case; lower is in lower case.
func is(text []byte, lower string) bool {
	if len(text) != len(lower) {
		return false
	}
	for i, c := range text {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

// plain reports whether a text has no control characters but tabs.
func plain(text []byte) bool {
	for _, c := range text {
		if c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}

// token reports whether a header's name has letters, digits and hyphens only. The standard allows a few more
// characters, which nobody uses.
func token(name []byte) bool {
	for _, c := range name {
		if (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}

// asked is the request that answers are read for.
var asked = &http.Request{Method: http.MethodPost}

// counted reads what came before, then the connection, up to a bound.
type counted struct {
	before []byte
	from   func([]byte) (int, error)
	left   int
	// err is how the connection ended, if it did.
	err error
}

func (r *counted) Read(p []byte) (n int, err error) {
	if r.left <= 0 {
		return 0, errHeadMax
	}
	if len(r.before) > 0 {
		n = copy(p, r.before)
		r.before = r.before[n:]
	} else {
		if n, err = r.from(p); n > 0 {
			err = nil // TLS may give the end with the last bytes; it gives it again
		}
		r.err = err
	}
	r.left -= n
	return n, err
}

// readResponse reads any response at all, by way of net/http. What came of it so far is in before; more comes from
// read. The body is what fill reads, which are MaxResponse+1 bytes at most. begun reports whether the head was read.
func readResponse(fill func(io.Reader) ([]byte, error), before []byte, read func([]byte) (int, error)) (h head, body []byte, begun bool, err error) {
	source := &counted{before: before, from: read, left: maxHead}
	r := bufio.NewReader(source)
	var response *http.Response
	for interim := 0; ; interim++ {
		if interim > maxInterim {
			return h, nil, false, errInterim
		}
		response, err = http.ReadResponse(r, asked)
		if err != nil {
			switch {
			// A head that ends within a line is malformed to net/http, whatever ended it.
			case source.err == io.EOF:
				err = io.ErrUnexpectedEOF
			case source.err != nil:
				err = source.err
			case !errors.Is(err, errHeadMax):
				err = fmt.Errorf("%w: %w", errHead, err)
			}
			return h, nil, false, err
		}
		if response.StatusCode/100 != 1 || response.StatusCode == http.StatusSwitchingProtocols {
			break
		}
	}
	// A chunk of one byte takes six.
	source.left = 8 * MaxResponse
	h = head{
		status: response.StatusCode, header: response.Header, contentType: response.Header.Get("Content-Type"), encoding: response.Header.Get("Content-Encoding"),
		retryAfter: []byte(response.Header.Get("Retry-After")), date: []byte(response.Header.Get("Date")),
		keep: !response.Close && response.StatusCode != http.StatusSwitchingProtocols,
	}
	body, err = fill(response.Body)
	whole := err == nil && len(body) <= MaxResponse
	if h.more = whole && (r.Buffered() > 0 || len(source.before) > 0); h.more || !whole {
		h.keep = false
	}
	return h, body, true, err
}
