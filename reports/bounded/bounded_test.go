package bounded

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// Whatever a server answers and however long it stays, the reading ends: with the body, at the bound, or at the
// request's deadline.
func TestAppend(t *testing.T) {
	for said, want := range map[string]string{
		"101 Switching Protocols\r\n\r\nendless":                                      "101 ",
		"101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nendless": "101 ",
		"200 OK\r\nContent-Length: 5\r\n\r\nwhole":                                    "200 whole",
		"200 OK\r\nContent-Length: 50\r\n\r\n0123456789":                              "200 01234567",
		"200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n":                    "200 abc late",
		"200 OK\r\n\r\nabc":                           "200 abc late",
		"204 No Content\r\nContent-Length: 9\r\n\r\n": "204 ",
		"100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n": "200  late",
	} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Read(make([]byte, 4096))
			_, _ = io.WriteString(conn, "HTTP/1.1 "+said)
			// It stays until the client goes.
			_, _ = io.Copy(io.Discard, conn)
			_ = conn.Close()
		}()
		patience := 5 * time.Second
		if strings.HasSuffix(want, "late") {
			patience = 300 * time.Millisecond
		}
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		request, _ := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+listener.Addr().String(), nil)
		transport := new(http.Transport)
		r, err := transport.RoundTrip(request)
		if err != nil {
			t.Fatalf("%q: %v", said, err)
		}
		// What holds the reading up in spite of all goes away in the end.
		held := time.AfterFunc(20*time.Second, func() { t.Errorf("%q holds the reading up", said); _ = r.Body.Close() })
		body, err := Append(fmt.Appendf(nil, "%d ", r.StatusCode), r, 8)
		held.Stop()
		got := string(body)
		if errors.Is(err, context.DeadlineExceeded) {
			got += " late"
		} else if err != nil {
			t.Errorf("%q: %v", said, err)
		}
		if got != want {
			t.Errorf("%q is read as %q, want %q", said, got, want)
		}
		_ = r.Body.Close()
		cancel()
		_ = listener.Close()
	}
}

// HTTP/2 is not spoken, also where the other side would.
func TestTransport(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Proto) }))
	s.EnableHTTP2 = true
	s.StartTLS()
	defer s.Close()
	transport := Transport()
	transport.TLSClientConfig = s.Client().Transport.(*http.Transport).TLSClientConfig
	defer transport.CloseIdleConnections()
	response, err := (&http.Client{Transport: transport}).Get(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if said, err := io.ReadAll(response.Body); err != nil || string(said) != "HTTP/1.1" {
		t.Errorf("it speaks %s, %v", said, err)
	}
}
