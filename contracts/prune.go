package contracts

import (
	"strings"

	"github.com/kaizenautomation/andon/contracts/jsontext"
	"github.com/kaizenautomation/andon/contracts/schema"
)

// pruned leaves of a document what the call consists of, so that what is amiss with others has no say in it. The
// document is changed in passing.
func pruned(root *schema.Node, o Operation) {
	item := root.At("paths", o.Path)
	for _, method := range httpMethods {
		if !strings.EqualFold(method, o.Method) {
			item.Forget(method)
		}
	}
	p := pruner{root: root, reached: map[string]bool{}}
	p.reach(item)
	if p.elsewhere {
		return
	}
	root.Fields["paths"] = &schema.Node{Keys: []string{o.Path}, Fields: map[string]*schema.Node{o.Path: item}, Line: item.Line}
	root.Forget("webhooks")
	components := root.At("components")
	for _, kind := range components.Names() {
		if kind == "securitySchemes" || strings.HasPrefix(kind, "x-") {
			continue // these are referred to by name
		}
		all := components.Fields[kind]
		for _, name := range append([]string(nil), all.Names()...) {
			if !p.reached[kind+"/"+name] {
				all.Forget(name)
			}
		}
	}
}

// pruner finds the components that something refers to.
type pruner struct {
	root    *schema.Node
	reached map[string]bool
	// elsewhere says that there is a reference to what is no component.
	elsewhere bool
}

func (p *pruner) reach(n *schema.Node) {
	if n == nil {
		return
	}
	if ref := n.Text(); strings.HasPrefix(ref, "#/") {
		steps := jsontext.Steps(ref)
		if len(steps) < 3 || steps[0] != "components" {
			p.elsewhere = true
			return
		}
		if key := steps[1] + "/" + steps[2]; !p.reached[key] {
			p.reached[key] = true
			p.reach(p.root.At("components", steps[1], steps[2]))
		}
	}
	for _, f := range n.Fields {
		p.reach(f)
	}
	for _, x := range n.List {
		p.reach(x)
	}
}
