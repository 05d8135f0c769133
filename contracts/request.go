package contracts

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"github.com/kaizenautomation/andon/contracts/credentials"
	"github.com/kaizenautomation/andon/contracts/jsontext"
	"github.com/kaizenautomation/andon/contracts/schema"
	"github.com/kaizenautomation/andon/reports/build"
	"github.com/kaizenautomation/andon/reports/text"
)

// Call is what one valid request carries. Whoever fills it chooses shapes and values; [Description.AppendBody] turns it
// into bytes, the same bytes for Pact, for verification, for load and for a printed curl line.
type Call struct {
	// Tier is the model tier; empty leaves the field out.
	Tier string
	// Content is the list of items: nil leaves the field out, an empty list sends [].
	Content []Item
	// Fields are the other properties that are sent.
	Fields []Field
}

// Item is one content item.
type Item struct {
	// Type is the name of one of the description's content types.
	Type   string
	Fields []Field
}

// Field is a property and its value, as JSON.
type Field = schema.Field

// AppendBody appends the call's JSON to dst. Properties come in the description's order, so that equal calls have
// equal bytes.
func (d *Description) AppendBody(dst []byte, c *Call) []byte {
	dst = append(dst, '{')
	start := len(dst)
	comma := func() {
		if len(dst) > start {
			dst = append(dst, ',')
		}
	}
	for _, p := range d.fields {
		switch p.Name {
		case d.operation.Tier:
			if c.Tier != "" {
				comma()
				dst = jsontext.AppendKey(dst, p.Name)
				dst = jsontext.AppendString(dst, c.Tier)
			}
		case d.operation.Content:
			if c.Content != nil {
				comma()
				dst = d.appendContent(jsontext.AppendKey(dst, p.Name), c.Content)
			}
		default:
			for i := range c.Fields {
				if c.Fields[i].Name == p.Name {
					comma()
					dst = append(jsontext.AppendKey(dst, p.Name), c.Fields[i].JSON...)
				}
			}
		}
	}
	return append(dst, '}')
}

func (d *Description) appendContent(dst []byte, items []Item) []byte {
	dst = append(dst, '[')
	for i := range items {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = jsontext.AppendKey(append(dst, '{'), d.document.Discriminator)
		dst = jsontext.AppendString(dst, items[i].Type)
		for _, f := range items[i].Fields {
			dst = jsontext.AppendKey(append(dst, ','), f.Name)
			dst = append(dst, f.JSON...)
		}
		dst = append(dst, '}')
	}
	return append(dst, ']')
}

// NewRequest makes the HTTP request that carries a body to the provider at target, its base URL, and with it what the
// credentials say, which may be nil.
func (o Operation) NewRequest(ctx context.Context, target *url.URL, with *credentials.Set, body []byte) *http.Request {
	r := &http.Request{
		Method: o.Method, Host: target.Host,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:        http.Header{"Content-Type": {"application/json"}, "Accept": {"application/json"}, "User-Agent": {build.Agent()}},
		Body:          io.NopCloser(bytes.NewReader(body)),
		ContentLength: int64(len(body)),
		// With GetBody a call goes to a fresh connection where an idle one was closed before any byte of the call was
		// written. net/http repeats no POST of which a byte may have left.
		GetBody: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil },
	}
	if len(body) == 0 {
		// An empty reader would be sent in chunks, which the curl line does not do.
		r.Body, r.GetBody = http.NoBody, func() (io.ReadCloser, error) { return http.NoBody, nil }
	}
	o.Carry(r, target, with)
	return r.WithContext(ctx)
}

// Curl is the command line that sends the same request by hand. Secrets stand in it as the variables, files and
// commands that they come from, and a token that nobody has named as $ANDON_TOKEN.
func (o Operation) Curl(target string, with credentials.Plan, body []byte) string {
	var b strings.Builder
	b.WriteString("curl -sS -X " + o.Method + " " + o.CurlURL(target, with))
	b.WriteString(" -H 'Content-Type: application/json'" + o.CurlCarried(with, AsGiven) + " --data-raw ")
	b.WriteString(text.ShellQuote(string(body)))
	return b.String()
}

// ParseTarget reads a provider's base URL: an http or https address with a host and, if need be, a path, below which
// the call lives. Anything that would be lost or would leak (user and password, a query, a fragment) is an error.
func (o Operation) ParseTarget(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	shown := "the target " + quote(clip(text.Public(address), 100))
	if strings.ContainsAny(address, "@?#") && !strings.Contains(address, "://") {
		shown = "the target"
	}
	switch {
	case err != nil:
		// The parser's message quotes the whole text, in which a password may stand.
		return nil, errors.New("the target is not a URL; expected, say, https://staging.example.com")
	case u.User != nil:
		return nil, errors.New("the target has a user name in it, which would end up in reports; take it out, and give the token in ANDON_TOKEN or in a file")
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, errors.New(shown + " does not start with http:// or https://; expected, say, https://staging.example.com")
	case u.Hostname() == "":
		return nil, errors.New(shown + " names no host; expected, say, https://staging.example.com")
	case strings.ContainsFunc(u.Host, func(r rune) bool { return !strconv.IsPrint(r) || r == utf8.RuneError }):
		return nil, fmt.Errorf("the target's host %s has characters that no name has", quote(clip(u.Host, 100)))
	case u.RawQuery != "" || u.Fragment != "" || u.ForceQuery:
		return nil, fmt.Errorf("%s has a query or a fragment; expected a base URL, below which %s lives", shown, o.Path)
	}
	if p := u.Port(); p != "" {
		if n, err := strconv.Atoi(p); err != nil || n < 1 || n > 65535 {
			return nil, fmt.Errorf("the target's port %s is not between 1 and 65535", quote(p))
		}
	}
	if strings.ContainsFunc(u.Host, func(r rune) bool { return r >= utf8.RuneSelf }) {
		if err := toASCII(u); err != nil {
			return nil, err
		}
	}
	u.Path, u.RawPath = strings.TrimRight(u.Path, "/"), strings.TrimRight(u.RawPath, "/")
	if strings.HasSuffix(u.Path, o.Path) {
		return nil, fmt.Errorf("%s ends in %s, which andon adds by itself; leave it out", shown, o.Path)
	}
	return u, nil
}

// toASCII writes an internationalized host as name servers, certificates and the Host header know it.
func toASCII(u *url.URL) error {
	name, err := idna.Lookup.ToASCII(u.Hostname())
	if err == nil && name == "" {
		err = errors.New("nothing is left of it as an internationalized name")
	}
	if err != nil {
		return fmt.Errorf("the target's host %s is no name: %w", quote(clip(u.Hostname(), 100)), err)
	}
	if p := u.Port(); p != "" {
		name += ":" + p
	}
	u.Host = name
	return nil
}

// CheckValue holds one value, as JSON, of a property against the description, within the smallest call that carries it.
// The content type is empty for a property of the call itself.
func (d *Description) CheckValue(contentType, property string, value []byte) *Violation {
	rng := rand.New(rand.NewPCG(0, 0))
	fill := func(list []Property, carries bool) (out []Field) {
		for _, p := range list {
			switch {
			case carries && p.Name == property:
				out = append(out, Field{Name: p.Name, JSON: value})
			case p.Required:
				out = append(out, Field{Name: p.Name, JSON: d.document.Generate(nil, p.Schema, rng)})
			}
		}
		return out
	}
	c := &Call{Fields: fill(d.Fields(), contentType == "")}
	for _, t := range d.content {
		if t.Name == contentType {
			c.Content = []Item{{Type: t.Name, Fields: fill(t.Properties, true)}}
		}
	}
	_, violation := d.ReadRequest(d.AppendBody(nil, c))
	return violation
}
