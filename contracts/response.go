package contracts

import (
	"mime"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/kaizenautomation/andon/contracts/schema"
)

// jsonType is the media type of a request, and of most responses.
const jsonType = "application/json"

// Response is what the description says of one status.
type Response struct {
	// Status is as the description writes it: "200", "4XX" or "default".
	Status string
	// Assumed responses are marked x-assumption in the description: they are held to little.
	Assumed bool
	// Media are the media types that the body may have, in the description's order. Without any, no body is described, and
	// all are allowed.
	Media []Media
	// Headers are those that the description has, but for the media type.
	Headers []*Header
	fast    *fastPath // takes most bodies of type application/json of a success; nil where the schema asks for more
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

// success reports whether the response's status is one of a success. A default is, where nothing else is described for
// it.
func (r *Response) success() bool {
	return strings.HasPrefix(r.Status, "2") || strings.EqualFold(r.Status, "default")
}

// ranges are the media types, or ranges of them, that a key of the description names, without parameters and in lower
// case.
func ranges(name string) (out []string) {
	for _, part := range strings.Split(name, ",") {
		base, _, _ := strings.Cut(part, ";")
		out = append(out, strings.ToLower(strings.TrimSpace(base)))
	}
	return out
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

// statusText spares the hot path an allocation.
func statusText(status int) string {
	if status == 200 {
		return "200"
	}
	return strconv.Itoa(status)
}
