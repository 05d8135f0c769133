package provider

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/schema"
)

// asked is the operation that tells what became of an execution, as the provider answers it.
type asked struct {
	contracts.Following
	// before and after are what stands around the id in the path; where it stands in the body, before is the whole path.
	before, after string
}

func newAsked(f contracts.Following) asked {
	a := asked{Following: f}
	a.before, a.after, _ = strings.Cut(f.Path, "{id}")
	return a
}

// about reports whether a request is one of these, and gives the id if the path has it.
func (a asked) about(r *http.Request) (id string, ok bool) {
	if a.ID != "" {
		return "", r.URL.Path == a.Path
	}
	rest, begins := strings.CutPrefix(r.URL.EscapedPath(), a.before)
	id, closes := strings.CutSuffix(rest, a.after)
	if !begins || !closes || id == "" || strings.Contains(id, "/") {
		return "", false
	}
	id, err := url.PathUnescape(id)
	return id, err == nil
}

// putAt puts a value into an object, unless something stands in its way.
func putAt(n *schema.Node, path []string, value *schema.Node) {
	for i, name := range path {
		if n.Fields == nil {
			return
		}
		next, there := n.Fields[name]
		switch {
		case there && i == len(path)-1:
			return
		case !there:
			next = value
			if i < len(path)-1 {
				next = &schema.Node{Fields: map[string]*schema.Node{}}
			}
			n.Keys, n.Fields[name] = append(n.Keys, name), next
		}
		n = next
	}
}
