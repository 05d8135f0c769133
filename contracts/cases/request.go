package cases

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/kaizenautomation/andon/contracts/credentials"
	"github.com/kaizenautomation/andon/reports/text"
)

// jsonType is the media type of a request.
const jsonType = "application/json"

// Request makes the case's HTTP request. The credentials are the valid ones, and may be nil.
func (c Case) Request(ctx context.Context, target *url.URL, with *credentials.Set) *http.Request {
	r := c.Operation.NewRequest(ctx, target, with, c.Body)
	r.Method = c.Method
	if c.ContentType != jsonType {
		r.Header.Set("Content-Type", c.ContentType)
	}
	if c.ContentType == "" {
		delete(r.Header, "Content-Type")
	}
	c.Operation.Say(r, c.Auth)
	return r
}

// HTTPSays reports whether HTTP itself gives the status that a refusal of the case has, so that a description need not
// name it (RFC 9110, section 15.5): that of [Case.Status], 415 for another media type than the description's, and 413
// for a body that is too large.
func (c Case) HTTPSays(status int) bool {
	switch status {
	case c.Status():
		return status != 0
	case http.StatusUnsupportedMediaType:
		return c.ContentType != jsonType
	case http.StatusRequestEntityTooLarge:
		return c.Large
	}
	return false
}

// Curl is the command line that sends the case's request by hand.
func (c Case) Curl(target string, with credentials.Plan) string {
	var b strings.Builder
	b.WriteString("curl -sS -i -X " + c.Method + " " + c.Operation.CurlURL(target, with))
	if c.ContentType == "" {
		b.WriteString(" -H 'Content-Type:'")
	} else {
		b.WriteString(" -H 'Content-Type: " + c.ContentType + "'")
	}
	b.WriteString(c.Operation.CurlCarried(with, c.Auth))
	if !utf8.Valid(c.Body) || bytes.IndexByte(c.Body, 0) >= 0 {
		return "printf " + text.ShellQuote(octal(c.Body)) + " | " + b.String() + " --data-binary @-"
	}
	if from, to := spaces(c.Body); to-from > manySpaces {
		return fmt.Sprintf(`{ printf %%s %s; head -c %d /dev/zero | tr '\0' ' '; printf %%s %s; } | %s --data-binary @-`,
			text.ShellQuote(string(c.Body[:from])), to-from, text.ShellQuote(string(c.Body[to:])), b.String())
	}
	return b.String() + " --data-raw " + text.ShellQuote(string(c.Body))
}

// manySpaces is how many spaces in a row a command line does not write out.
const manySpaces = 1000

// spaces finds the first long run of spaces.
func spaces(body []byte) (from, to int) {
	from = bytes.Index(body, bytes.Repeat([]byte(" "), manySpaces+1))
	if from < 0 {
		return 0, 0
	}
	for to = from; to < len(body) && body[to] == ' '; to++ {
	}
	return from, to
}

// octal writes bytes for printf(1).
func octal(body []byte) string {
	var b strings.Builder
	for _, c := range body {
		if c >= ' ' && c < 0x7f && c != '\\' && c != '%' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, `\%03o`, c)
		}
	}
	return b.String()
}
