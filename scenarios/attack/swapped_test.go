package attack

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync/atomic"
	"testing"
)

// A target that sends an answer again, before that of the next call on the connection, has answers swapped: both what
// came twice and what came unasked is counted.
func TestSwappedAnswersLeaveTraces(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	var ids atomic.Int64
	answer := func() string {
		body := fmt.Sprintf(`{"sessionId":"s","executionId":"e%d","status":"running"}`, ids.Add(1))
		return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				in, before := bufio.NewReader(conn), ""
				for {
					request, err := http.ReadRequest(in)
					if err != nil {
						return
					}
					_, _ = io.Copy(io.Discard, request.Body)
					next := answer()
					_, _ = io.WriteString(conn, before+next)
					before = next
				}
			}()
		}
	}()
	target := &url.URL{Scheme: "http", Host: listener.Addr().String()}
	p := plan(t, "load: [{callers: 1, for: 20s}]\nmix: {content: [{items: [text]}]}\nlimits: {calls: 9, timeout: 5s}", 1)
	for allowed, repeated := range map[bool]uint64{false: 4, true: 0} {
		o := fire(t, p, target, func(c *Config) { c.RepeatedIDsAllowed = allowed })
		last := o.vitals[len(o.vitals)-1]
		if last.Unasked != 4 || last.Repeated != repeated {
			t.Errorf("%d connections with unasked bytes, %d ids that came twice; want 4 and %d", last.Unasked, last.Repeated, repeated)
		}
	}
}
