package main

import (
	"bytes"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// stays is a server that answers each request with a text and leaves the connection open.
func stays(t *testing.T, said string) (url string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				b := make([]byte, 64<<10)
				for {
					n, err := conn.Read(b)
					if err != nil {
						return
					}
					if bytes.HasPrefix(b[:n], []byte("GET")) || bytes.HasPrefix(b[:n], []byte("P")) {
						_, _ = io.WriteString(conn, "HTTP/1.1 "+said)
					}
				}
			}()
		}
	}()
	return "http://" + listener.Addr().String()
}

// Whatever a server says before it falls silent, with the connection open, each command that asks it something ends,
// and says what was wrong.
func TestNoServerHoldsAnythingUp(t *testing.T) {
	dir := t.TempDir()
	scenario := filepath.Join(dir, "one.yaml")
	text := "load: [{rate: 20/s, for: 200ms}]\nmix: {content: [{items: [text]}]}\nlimits: {timeout: 300ms}\n"
	if err := os.WriteFile(scenario, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	t.Setenv("ANDON_TOKEN", "t")
	runs := 0
	for name, said := range map[string]string{
		"switches":       "101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nx",
		"switches alone": "101 Switching Protocols\r\n\r\n",
		"no body":        "200 OK\r\nContent-Length: 9999\r\n\r\n",
		"no end":         "200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n",
		"interim":        "103 Early Hints\r\nLink: </a>\r\n\r\n",
	} {
		url := stays(t, said)
		run := func(flags ...string) []string {
			runs++
			return append([]string{"run", scenario, "--plain", "--out", filepath.Join(dir, string(rune('a'+runs)))}, flags...)
		}
		asks := map[string][]string{
			"run":         run("--target", url),
			"run --http2": run("--target", url, "--http2"),
			"verify":      {"verify", "--target", url, "--rate", "max", "--timeout", "200ms", "--engine", "description"},
		}
		if name == "switches" {
			// These wait for longer, for a body that may come yet.
			asks["publish"] = []string{"contracts", "publish", "--broker", url, "--version", "1"}
			asks["can-i-deploy"] = []string{"contracts", "can-i-deploy", "--broker", url, "--version", "1", "--to-environment", "x"}
			asks["otlp"] = run("--otlp", url)
			asks["remote write"] = run("--remote-write", url)
		}
		for what, args := range asks {
			code, _, said := bounded(t, args)
			if pushed := what == "otlp" || what == "remote write"; code == 2 || code == 0 && !pushed || pushed && !strings.Contains(said, "101") {
				t.Errorf("%s, of a server with %s: exit code %d: %s", what, name, code, said)
			}
		}
	}
}

// bounded does what a command line says, which must end.
func bounded(t *testing.T, args []string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	ended := make(chan int, 1)
	go func() { ended <- execute(args, &out, &err) }()
	select {
	case code := <-ended:
		return code, out.String(), err.String()
	case <-time.After(time.Minute):
		t.Fatalf("andon %s does not end", strings.Join(args, " "))
		return 0, "", ""
	}
}
