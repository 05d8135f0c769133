package wire

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/kaizenautomation/andon/reports/results"
)

func squeezed(t *testing.T, how func(io.Writer) io.WriteCloser, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := how(&b)
	_, _ = io.WriteString(w, text)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// A compressed answer is unpacked within bounds, and counted, whatever carries the calls; what is not what its head
// says, so that no client could read it, is an error.
func TestEncodedAnswers(t *testing.T) {
	pack := func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }
	bare := func(w io.Writer) io.WriteCloser { f, _ := flate.NewWriter(w, 9); return f }
	zipped := squeezed(t, pack, `{"a":1}`)
	for _, c := range []struct {
		encoding, body, want string
		encoded              uint64
	}{
		{"", "{}", "{}", 0},
		{"identity", "{}", "{}", 0},
		{"gzip", zipped, `{"a":1}`, 1},
		{"X-Gzip", zipped, `{"a":1}`, 1},
		{"deflate", squeezed(t, func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) }, `{"a":1}`), `{"a":1}`, 1},
		{"deflate", squeezed(t, bare, `{"a":1}`), `{"a":1}`, 1},
		{"gzip", "{}", "broken", 1},
		{"gzip", zipped[:len(zipped)-6], "broken", 1},
		{"deflate", "\xff", "broken", 1},
		{"br", "\x0b\x03\x80{}\x03", "\x0b\x03\x80{}\x03", 1},
		{"gzip", squeezed(t, pack, strings.Repeat("x", 4*MaxResponse)), strings.Repeat("x", MaxResponse+1), 1},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			if c.encoding != "" {
				w.Header().Set("Content-Encoding", c.encoding)
			}
			_, _ = io.WriteString(w, c.body)
		}))
		u, _ := url.Parse(server.URL)
		p, send := pooled(t, u, nil)
		x, err := send(10)
		broken := func(err error) bool {
			return c.want == "broken" && err != nil && Classify(err, true, true) == results.BadHTTP && strings.Contains(err.Error(), "is not what its Content-Encoding says")
		}
		if got := p.Seen().Encoded; !broken(err) && (err != nil || string(x.Answer) != c.want) || got != c.encoded {
			t.Errorf("%s: %.40q, %v, %d encoded; want %.40q, %d", c.encoding, x.Answer, err, got, c.want, c.encoded)
		}
		s := &standard{kill: t.Context(), client: &http.Transport{DisableCompression: true}, request: configFor(u, "", 0).Request}
		y := &Exchange{Message: x.Message, Body: x.Body, Deadline: x.Deadline}
		err = s.Do(y)
		if got := s.Seen(); !broken(err) && (err != nil || string(y.Answer) != c.want) || got.Encoded != c.encoded || got.Protocol != "HTTP/1.1" {
			t.Errorf("by net/http, %s: %.40q, %v, %+v", c.encoding, y.Answer, err, got)
		}
		s.Close()
		server.Close()
	}
}

// What follows a 101 is no body: neither way to send waits for it.
func TestSwitchingProtocols(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
		_, _ = io.Copy(io.Discard, conn)
		_ = conn.Close()
	}))
	defer server.Close()
	u, _ := url.Parse(server.URL)
	_, send := pooled(t, u, nil)
	x, err := send(10)
	if err != nil || x.Status != http.StatusSwitchingProtocols {
		t.Errorf("status %d, %v", x.Status, err)
	}
	s := &standard{kill: t.Context(), client: &http.Transport{}, request: configFor(u, "", 0).Request}
	defer s.Close()
	y := &Exchange{Message: x.Message, Body: x.Body, Deadline: x.Deadline}
	if err := s.Do(y); err != nil || y.Status != http.StatusSwitchingProtocols || len(y.Answer) != 0 {
		t.Errorf("by net/http: status %d, %q, %v", y.Status, y.Answer, err)
	}
}

// A body of as many bytes as are read at most comes whole, though each is a chunk of its own.
func TestChunksOfOneByte(t *testing.T) {
	var b strings.Builder
	b.WriteString("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
	for range MaxResponse {
		b.WriteString("1\r\nx\r\n")
	}
	b.WriteString("0\r\n\r\n")
	in := strings.NewReader(b.String())
	h, body, begun, err := readResponse(func(r io.Reader) ([]byte, error) { return io.ReadAll(io.LimitReader(r, MaxResponse+1)) }, nil, in.Read)
	if err != nil || !begun || len(body) != MaxResponse || h.more || !h.keep {
		t.Errorf("%d bytes of %s, %v, %+v", len(body), fmt.Sprint(MaxResponse), err, h)
	}
}
