// Package bounded reads the bodies of HTTP answers, so that no server decides how much is read, or for how long.
package bounded

import (
	"bytes"
	"io"
	"net/http"
)

// Transport carries requests besides the calls. It speaks HTTP/1.1 alone: where a server breaks the flow control of
// HTTP/2, that of net/http waits for a lock that it holds itself (processWindowUpdate in Go 1.26), past every deadline.
func Transport() *http.Transport {
	t := &http.Transport{Proxy: http.ProxyFromEnvironment, MaxResponseHeaderBytes: 64 << 10, MaxIdleConns: 1, Protocols: new(http.Protocols)}
	t.Protocols.SetHTTP1(true)
	return t
}

// Append reads the body of an answer, of which it appends so many bytes to dst at most. The request's deadline bounds
// it, but for a 101: what follows that is no body, and goes on for as long as the connection, of which net/http's
// deadlines know nothing any more. Of that nothing is read; closing the body ends it.
func Append(dst []byte, r *http.Response, most int64) ([]byte, error) {
	if r.StatusCode == http.StatusSwitchingProtocols {
		return dst, nil
	}
	b := bytes.NewBuffer(dst)
	_, err := b.ReadFrom(io.LimitReader(r.Body, most))
	return b.Bytes(), err
}
