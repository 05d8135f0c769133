package wire

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
)

// ProxyError is a call that a proxy kept from the target.
type ProxyError struct {
	// Proxy is the proxy's address, without credentials.
	Proxy string
	// Status is what it answered, 0 if that was nothing; Asked is what it was asked for.
	Status int
	Asked  string
	// Err is what went wrong otherwise.
	Err error
}

// Error names the proxy.
func (e *ProxyError) Error() string {
	if e.Status != 0 {
		return fmt.Sprintf("the proxy %s answered %s with %d%s", e.Proxy, e.Asked, e.Status, inWords(e.Status))
	}
	return fmt.Sprintf("the proxy %s does not let the call through: %v", e.Proxy, e.Err)
}

// Unwrap gives what went wrong.
func (e *ProxyError) Unwrap() error { return e.Err }

// inWords is what a status means, where it has a name.
func inWords(status int) string {
	if text := http.StatusText(status); text != "" {
		return " (" + text + ")"
	}
	return ""
}

// connected looks at a proxy's answer to CONNECT. net/http would tell the answer's words alone.
func connected(_ context.Context, proxy *url.URL, _ *http.Request, answer *http.Response) error {
	if answer.StatusCode == http.StatusOK {
		return nil
	}
	return &ProxyError{Proxy: proxy.Host, Status: answer.StatusCode, Asked: http.MethodConnect}
}
