package contracts

import (
	"fmt"
	"mime"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/kaizenautomation/andon/contracts/schema"
)

// Response is what the description says of one status.
type Response struct {
	// Status is as the description writes it: "200", "4XX" or "default".
	Status string
	// Assumed responses are marked x-assumption in the description: they are held to little.
	Assumed bool
	// Media are the media types that the body may have, in the description's order. Without any, no body is described, and
	// all are allowed.
	Media []Media
	fast  *fastPath // takes most bodies of type application/json of a success; nil where the schema asks for more
}

// Media is one media type of a response.
type Media struct {
	// Name is as the description writes it. It may have parameters, or be a range such as application/*.
	Name string
	// Schema is that of the body; nil where there is none.
	Schema    *schema.Node
	ranges    []string // the name's media types without parameters, lower case
	validator *jsonschema.Schema
}

func (d *Description) readResponses() error {
	all := d.node().At("responses")
	if all == nil {
		return fmt.Errorf("%s describes no responses", d.operation)
	}
	d.byStatus = map[string]*Response{}
	for _, status := range all.Keys {
		if strings.HasPrefix(status, "x-") {
			continue
		}
		n, at, err := d.follow(all.Fields[status], below(d.pointer(), "responses", status))
		if err != nil {
			return err
		}
		r := &Response{Status: status}
		for _, marked := range []*schema.Node{all.Fields[status], n} {
			if a := marked.At("x-assumption"); a != nil && a.Scalar == true {
				r.Assumed = true
			}
		}
		if err := d.readMedia(r, n.At("content"), below(at, "content")); err != nil {
			return err
		}
		d.responses = append(d.responses, r)
		d.byStatus[strings.ToUpper(status)] = r
	}
	if status, _ := d.Success(); status == 0 {
		return fmt.Errorf("line %d: %s describes no success: a response with a status from 200 to 299, 2XX or default", all.Line, d.operation)
	}
	return nil
}

func (d *Description) readMedia(r *Response, content *schema.Node, at []string) error {
	for _, name := range content.Names() {
		m := Media{Name: name, Schema: content.At(name, "schema")}
		for _, part := range strings.Split(name, ",") {
			base, _, _ := strings.Cut(part, ";")
			m.ranges = append(m.ranges, strings.ToLower(strings.TrimSpace(base)))
		}
		if m.Schema != nil && slices.ContainsFunc(m.ranges, mayBeJSON) {
			var err error
			if m.validator, err = d.compile(below(at, name, "schema")); err != nil {
				return fmt.Errorf("the schema of response %s does not compile: %w", r.Status, err)
			}
			if name == jsonType && strings.HasPrefix(r.Status, "2") && !r.Assumed {
				r.fast = d.newFastPath(m.Schema)
			}
		}
		r.Media = append(r.Media, m)
	}
	return nil
}

// success reports whether the response's status is one of a success. A default is, where nothing else is described for
// it.
func (r *Response) success() bool {
	return strings.HasPrefix(r.Status, "2") || strings.EqualFold(r.Status, "default")
}

// media finds what is described for a media type without parameters, in lower case; nil if nothing is.
func (r *Response) media(name string) *Media {
	major, _, _ := strings.Cut(name, "/")
	for _, want := range []string{name, major + "/*", "*/*"} {
		for i := range r.Media {
			if slices.Contains(r.Media[i].ranges, want) {
				return &r.Media[i]
			}
		}
	}
	return nil
}

// names lists the media types for people.
func (r *Response) names() string {
	var out []string
	for _, m := range r.Media {
		out = append(out, strings.ToLower(m.Name))
	}
	return strings.Join(out, " or ")
}

// mediaType is what a Content-Type names, without parameters and in lower case.
func mediaType(contentType string) string {
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil && media == "" {
		return strings.ToLower(contentType)
	}
	return media
}

func isJSON(media string) bool {
	return media == jsonType || strings.HasPrefix(media, "application/") && strings.HasSuffix(media, "+json")
}

// mayBeJSON reports whether a media type or a range of them is one of JSON.
func mayBeJSON(media string) bool { return isJSON(media) || media == "application/*" || media == "*/*" }

// Responses lists what the description says of the statuses, in its order.
func (d *Description) Responses() []*Response { return d.responses }

// ResponseFor is what the description says of a status: of it alone, of its class, or of all others; nil if nothing.
func (d *Description) ResponseFor(status int) *Response {
	if status < 100 || status > 999 {
		return nil
	}
	if r := d.byStatus[statusText(status)]; r != nil {
		return r
	}
	if r := d.byStatus[strconv.Itoa(status/100)+"XX"]; r != nil {
		return r
	}
	return d.byStatus["DEFAULT"]
}

// Success is the lowest status of a success that the description has, and what it says of it: 200 where it describes
// successes as a class or by default.
func (d *Description) Success() (int, *Response) {
	best := 0
	for _, r := range d.responses {
		n, err := strconv.Atoi(r.Status)
		switch {
		case err == nil && n/100 == 2 && (best == 0 || n < best):
			best = n
		case strings.EqualFold(r.Status, "2XX"):
			best = 200
		}
	}
	if best == 0 && d.byStatus["DEFAULT"] != nil {
		best = 200
	}
	return best, d.ResponseFor(best)
}

// statusText spares the hot path an allocation.
func statusText(status int) string {
	if status == 200 {
		return "200"
	}
	return strconv.Itoa(status)
}

func (d *Description) documented() []string {
	var out []string
	for _, r := range d.responses {
		out = append(out, strings.ToLower(r.Status))
	}
	slices.Sort(out)
	return out
}
