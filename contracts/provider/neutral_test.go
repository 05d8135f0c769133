package provider

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/kaizenautomation/andon"
	"github.com/kaizenautomation/andon/contracts"
)

// The neutral target keeps the description, gives no id twice, and goes on over one connection.
func TestNeutral(t *testing.T) {
	t.Parallel()
	d, err := contracts.Load("openapi.yaml", andon.Spec)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- ServeNeutral(ctx, ln, d) }()
	ids, connections := map[string]bool{}, 0
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		connections++
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}}}
	for range 20 {
		answer, err := client.Post("http://"+ln.Addr().String()+d.Operation().Path, "application/json", strings.NewReader(strings.Repeat("x", 100_000)))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		j := d.JudgeResponse(answer.StatusCode, answer.Header.Get("Content-Type"), body)
		if j.Violation != nil || j.ExecutionID == "" || ids[j.ExecutionID] {
			t.Fatalf("%d %s: %+v", answer.StatusCode, body, j)
		}
		ids[j.ExecutionID] = true
	}
	if connections != 1 {
		t.Errorf("%d connections", connections)
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// What is no call ends the connection, and nothing else.
func TestNeutralRefuses(t *testing.T) {
	t.Parallel()
	for _, head := range []string{
		"", "POST / HTTP/1.1", "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", "POST / HTTP/1.1\r\nContent-Length: 1e9\r\n\r\n",
		"POST / HTTP/1.1\r\ncontent-length:99999999999999999999\r\n\r\n", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
		"POST / HTTP/1.1\r\nX: " + strings.Repeat("x", 100_000) + "\r\n\r\n", "\r\n\r\n", "POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nab",
	} {
		ours, theirs := net.Pipe()
		served := make(chan struct{})
		go func() {
			defer close(served)
			defer theirs.Close()
			n := neutral{answer: &answer{status: http.StatusNoContent}}
			n.serve(theirs)
		}()
		go func() {
			_, _ = io.Copy(ours, strings.NewReader(head))
			_ = ours.Close()
		}()
		<-served
	}
	a := &answer{status: http.StatusNoContent}
	if head := a.head(); bytes.Contains(head, []byte("Length")) {
		t.Errorf("%s", head)
	}
}
