package wiretest

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Hostile is a way for a server to answer that no server should have.
type Hostile struct {
	// Name says what it does.
	Name string
	// Fine says that a client may take it for an answer as it should be.
	Fine bool
	// HTTP2 says that it is spoken in HTTP/2 without TLS.
	HTTP2 bool
	// answer answers a request, the n-th of all. The connection is closed after it unless it gives true.
	answer func(c net.Conn, n int) (again bool)
}

// much bounds what is called endless, far beyond what a client may keep of it.
const much = 1 << 30

// endless writes a text until nobody reads it any more.
func endless(c net.Conn, text string) bool {
	chunk := []byte(strings.Repeat(text, max(1, 32<<10/len(text))))
	for sent := 0; sent < much; sent += len(chunk) {
		if _, err := c.Write(chunk); err != nil {
			return false
		}
	}
	return false
}

// say writes a text, and gives whether it went out.
func say(c net.Conn, parts ...string) bool {
	_, err := io.WriteString(c, strings.Join(parts, ""))
	return err == nil
}

// wait keeps the connection open until the other side has enough of it.
func wait(c net.Conn) bool {
	_, _ = c.Read(make([]byte, 1))
	return false
}

const (
	okLine  = "HTTP/1.1 200 OK\r\n"
	asJSON  = "Content-Type: application/json\r\n"
	chunked = "Transfer-Encoding: chunked\r\n"
)

// document is an answer as it should be, with more members at its end.
func document(n int, more string) string {
	return fmt.Sprintf(`{"sessionId":"s%d","executionId":"e%d","status":"running"%s}`, n, n, more)
}

// whole is an answer with this body and these headers besides.
func whole(body string, headers ...string) string {
	return okLine + asJSON + strings.Join(headers, "") + "Content-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body
}

// fixed answers with a text, and goes on.
func fixed(text func(n int) string) func(net.Conn, int) bool {
	return func(c net.Conn, n int) bool { return say(c, text(n)) }
}

// bomb is a body of zeros, which unpacks to a thousand times its length.
var bomb = sync.OnceValue(func() string {
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
	_, _ = z.Write(make([]byte, 1<<20))
	_ = z.Close()
	// Several of them, one after the other, are one.
	return strings.Repeat(b.String(), 256)
})

// many is 80,000 members of an object.
var many = sync.OnceValue(func() string {
	var b strings.Builder
	for i := range 80_000 {
		fmt.Fprintf(&b, `,"k%d":1`, i)
	}
	return b.String()
})

// long is a member that is long.
var long = sync.OnceValue(func() string { return `,"x":"` + strings.Repeat("a", 50<<20) + `"` })

// heads go wrong before the body.
func heads() []Hostile {
	return []Hostile{
		{Name: "endless headers", answer: func(c net.Conn, _ int) bool {
			return say(c, okLine) && endless(c, "X-A: "+strings.Repeat("a", 8000)+"\r\n")
		}},
		{Name: "an endless header", answer: func(c net.Conn, _ int) bool { return say(c, okLine, "X-A: ") && endless(c, "a") }},
		{Name: "100,000 headers", answer: fixed(func(n int) string { return whole(document(n, ""), strings.Repeat("X-A: b\r\n", 100_000)) })},
		{Name: "an endless status line", answer: func(c net.Conn, _ int) bool { return say(c, "HTTP/1.1 200 ") && endless(c, "O") }},
		{Name: "status 000", answer: fixed(func(n int) string { return strings.Replace(whole(document(n, "")), "200", "000", 1) })},
		{Name: "status 99999", answer: fixed(func(n int) string { return strings.Replace(whole(document(n, "")), "200", "99999", 1) })},
		{Name: "status -20", answer: fixed(func(n int) string { return strings.Replace(whole(document(n, "")), "200", "-20", 1) })},
		{Name: "HTTP/0.9", answer: func(c net.Conn, _ int) bool { return say(c, "<html>hello</html>\n") && false }},
		{Name: "random bytes", answer: func(c net.Conn, _ int) bool { _, _ = io.CopyN(c, rand.Reader, 5000); return false }},
		{Name: "a TLS record", answer: func(c net.Conn, _ int) bool { return say(c, "\x15\x03\x03\x00\x02\x02\x28") && false }},
		{Name: "1xx for ever", answer: func(c net.Conn, _ int) bool { return endless(c, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n") }},
		{Name: "101, unasked", answer: func(c net.Conn, _ int) bool {
			return say(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n", strings.Repeat("x", 1000)) && wait(c)
		}},
		{Name: "a redirection in a circle", answer: fixed(func(int) string { return "HTTP/1.1 307 T\r\nLocation: /agents/execute\r\nContent-Length: 0\r\n\r\n" })},
		{Name: "two lengths", answer: fixed(func(n int) string {
			b := document(n, "")
			return whole(b, fmt.Sprintf("Content-Length: %d\r\n", len(b)-1))
		})},
		{Name: "a negative length", answer: fixed(func(n int) string { return okLine + asJSON + "Content-Length: -5\r\n\r\n" + document(n, "") })},
		{Name: "a length beyond all numbers", answer: fixed(func(n int) string {
			return okLine + asJSON + "Content-Length: 99999999999999999999\r\n\r\n" + document(n, "")
		})},
		{Name: "length and chunks", answer: fixed(func(n int) string {
			b := document(n, "")
			return okLine + asJSON + "Content-Length: 5\r\n" + chunked + fmt.Sprintf("\r\n%x\r\n%s\r\n0\r\n\r\n", len(b), b)
		}), Fine: true},
		{Name: "an answer before the request", answer: func(c net.Conn, n int) bool { return say(c, whole(document(2*n, "")), whole(document(2*n+1, ""))) }, Fine: true},
	}
}

// bodies go wrong after the head.
func bodies() []Hostile {
	drip := func(c net.Conn, text string) bool {
		for _, b := range []byte(text) {
			if !say(c, string(b)) {
				return false
			}
			time.Sleep(100 * time.Millisecond)
		}
		return false
	}
	return []Hostile{
		{Name: "an endless body", answer: func(c net.Conn, _ int) bool {
			return say(c, okLine, asJSON, chunked, "\r\n") && endless(c, "1000\r\n"+strings.Repeat(" ", 4096)+"\r\n")
		}},
		{Name: "an endless body up to the end", answer: func(c net.Conn, _ int) bool { return say(c, okLine, asJSON, "\r\n") && endless(c, " ") }},
		{Name: "10 MB promised, and nothing", answer: func(c net.Conn, _ int) bool {
			return say(c, okLine, asJSON, "Content-Length: 9999999\r\n\r\n") && wait(c)
		}},
		{Name: "1 MB, but for its end", answer: func(c net.Conn, _ int) bool {
			return say(c, okLine, asJSON, "Content-Length: 1048576\r\n\r\n", strings.Repeat(" ", 1<<20-200)) && wait(c)
		}},
		{Name: "a head and nothing", answer: func(c net.Conn, _ int) bool { return say(c, okLine, asJSON, chunked, "\r\n") && wait(c) }},
		{Name: "a byte at a time", answer: func(c net.Conn, n int) bool { return drip(c, whole(document(n, ""))) }},
		{Name: "a gzip bomb", answer: fixed(func(int) string { return whole(bomb(), "Content-Encoding: gzip\r\n") })},
		{Name: "no gzip", answer: fixed(func(n int) string { return whole(document(n, ""), "Content-Encoding: gzip\r\n") })},
		{Name: "a reset in the body", answer: func(c net.Conn, n int) bool {
			say(c, okLine, asJSON, "Content-Length: 500\r\n\r\n", document(n, ""))
			_ = c.(*net.TCPConn).SetLinger(0)
			return false
		}},
		{Name: "shorter than its length", answer: func(c net.Conn, n int) bool {
			return say(c, okLine, asJSON, "Content-Length: 500\r\n\r\n", document(n, "")) && false
		}},
		{Name: "a chunk cut off", answer: func(c net.Conn, _ int) bool { return say(c, okLine, asJSON, chunked, "\r\nffff\r\n{") && false }},
		{Name: "a chunk of -1", answer: fixed(func(int) string { return okLine + asJSON + chunked + "\r\n-1\r\n{}\r\n0\r\n\r\n" })},
		{Name: "a chunk of 2^64", answer: fixed(func(int) string { return okLine + asJSON + chunked + "\r\nfffffffffffffffff\r\n{}\r\n" })},
		{Name: "an endless chunk extension", answer: func(c net.Conn, _ int) bool { return say(c, okLine, asJSON, chunked, "\r\n5;a=") && endless(c, "b") }},
		{Name: "chunks of one byte", answer: fixed(func(n int) string {
			var b strings.Builder
			b.WriteString(okLine + asJSON + chunked + "\r\n")
			for _, one := range []byte(document(n, "")) {
				fmt.Fprintf(&b, "1;%s\r\n%c\r\n", strings.Repeat("e", 200), one)
			}
			return b.String() + "0\r\n\r\n"
		}), Fine: true},
		{Name: "endless trailers", answer: func(c net.Conn, n int) bool {
			b := document(n, "")
			return say(c, okLine, asJSON, chunked, fmt.Sprintf("\r\n%x\r\n%s\r\n0\r\n", len(b), b)) && endless(c, "X: "+strings.Repeat("y", 8000)+"\r\n")
		}},
	}
}

// documents are bodies that are hard on whoever reads JSON.
func documents() []Hostile {
	return []Hostile{
		{Name: "100,000 lists in each other", answer: fixed(func(n int) string {
			return whole(document(n, `,"x":`+strings.Repeat("[", 100_000)+strings.Repeat("]", 100_000)))
		})},
		{Name: "80,000 members", answer: fixed(func(n int) string { return whole(document(n, many())) }), Fine: true},
		{Name: "500,000 empty lists", answer: fixed(func(n int) string { return whole(document(n, `,"x":[`+strings.Repeat("[],", 333_000)+`[]]`)) }), Fine: true},
		{Name: "a string of 50 MB", answer: fixed(func(n int) string { return whole(document(n, long())) })},
		{Name: "an id of 900 kB", answer: fixed(func(n int) string {
			return whole(strings.Replace(document(n, ""), `:"e`, `:"`+strings.Repeat("i", 900_000), 1))
		}), Fine: true},
		{Name: "a number of 300,000 digits", answer: fixed(func(n int) string { return whole(document(n, `,"x":1e999999,"y":`+strings.Repeat("9", 300_000))) }), Fine: true},
	}
}
