package wire

import (
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
)

// What is wanted of a head is the same whoever reads it.
func TestKeptHeaders(t *testing.T) {
	for _, head := range []string{
		"X-Id: 1\r\nContent-Length: 2\r\n", "x-id:  a, b \r\nX-ID: c\r\nContent-Length: 2\r\nX-Idle: 7\r\n", "Content-Length: 2\r\n", "X-Id:\r\nContent-Length: 2\r\n",
	} {
		text := "HTTP/1.1 200 OK\r\n" + head + "\r\n{}"
		own := Exchange{Wanted: []string{"X-Other", "X-Id"}}
		h, ok := parseHead([]byte(text))
		if !ok {
			t.Fatalf("%q is no ordinary head", head)
		}
		own.keepOf([]byte(text)[:h.size])
		theirs := Exchange{Wanted: own.Wanted}
		read, _, _, err := readResponse(func(r io.Reader) ([]byte, error) { return io.ReadAll(r) }, nil, strings.NewReader(text).Read)
		if err != nil {
			t.Fatal(err)
		}
		theirs.keep(read.header)
		if !reflect.DeepEqual(own.Lines("X-Id"), theirs.Lines("X-Id")) || own.Lines("X-Other") != nil || own.Lines("X-Idle") != nil {
			t.Errorf("%q: %q, and net/http reads %q", head, own.Lines("X-Id"), theirs.Lines("X-Id"))
		}
	}
	var none Exchange
	none.keep(http.Header{"X-Id": {"1"}})
	if none.Lines("X-Id") != nil {
		t.Error("a header is kept that nobody wants")
	}
}
