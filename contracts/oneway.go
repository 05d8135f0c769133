package contracts

import (
	"slices"
	"strconv"
	"strings"

	"github.com/kaizenautomation/andon/contracts/jsontext"
	"github.com/kaizenautomation/andon/contracts/schema"
)

// oneWay takes out of the schemas of a call what is only ever sent the other way: a property that is readOnly need not
// be in a request, though it be required, and andon sends none; nor is one that is writeOnly awaited in an answer.
// Schemas that both ways have in common are copied for each.
func oneWay(document *schema.Document, o Operation) {
	item, err := document.Resolve(document.Root.At("paths", o.Path))
	if err != nil {
		return
	}
	op := item.At(strings.ToLower(o.Method))
	request := newDirector(document, "readOnly", "request")
	request.content(op.At("requestBody"))
	answer := newDirector(document, "writeOnly", "answer")
	for _, status := range op.At("responses").Names() {
		answer.content(op.At("responses", status))
	}
}

// marksOneWay reports whether a document has such properties at all.
func marksOneWay(root *schema.Node) (marks bool) {
	root.EachObject(func(n *schema.Node) { marks = marks || isTrue(n.At("readOnly")) || isTrue(n.At("writeOnly")) })
	return marks
}

// director copies schemas for one of the two ways.
type director struct {
	document *schema.Document
	// word marks what is only sent the other way, and suffix is what copies are called besides.
	word, suffix string
	copies       map[string]string
	clean        map[*schema.Node]bool
}

func newDirector(document *schema.Document, word, suffix string) *director {
	return &director{document: document, word: word, suffix: suffix, copies: map[string]string{}, clean: map[*schema.Node]bool{}}
}

// content has the schemas of a body be for one way.
func (w *director) content(n *schema.Node) {
	body, err := w.document.Resolve(n)
	if err != nil {
		return
	}
	for _, name := range body.At("content").Names() {
		if s := body.At("content", name, "schema"); s != nil && w.concerns(s) {
			s = s.Clone()
			body.At("content", name).Fields["schema"] = s
			w.edit(s)
		}
	}
}

// marked reports whether a property is only sent the other way.
func (w *director) marked(s *schema.Node) bool {
	to, err := w.document.Resolve(s)
	return err == nil && (isTrue(s.At(w.word)) || isTrue(to.At(w.word)))
}

func isTrue(n *schema.Node) bool { return n != nil && n.Scalar == true }

// concerns reports whether a schema has such a property, however deep in it.
func (w *director) concerns(s *schema.Node) bool {
	seen := map[*schema.Node]bool{}
	var visit func(n *schema.Node) bool
	visit = func(n *schema.Node) bool {
		if n == nil || n.Fields == nil || seen[n] || w.clean[n] {
			return false
		}
		seen[n] = true
		for _, name := range n.At("properties").Names() {
			if w.marked(n.At("properties", name)) {
				return true
			}
		}
		if n.At("$ref") != nil {
			if to, err := w.document.Resolve(n); err == nil && visit(to) {
				return true
			}
		}
		return slices.ContainsFunc(partsOf(n), visit)
	}
	if visit(s) {
		return true
	}
	for n := range seen {
		w.clean[n] = true
	}
	return false
}

// partsOf are the schemas that a schema consists of.
func partsOf(s *schema.Node) (out []*schema.Node) {
	for _, key := range known("schema part") {
		if p := s.At(key); p != nil {
			out = append(out, p)
		}
	}
	for _, key := range known("schema choice") {
		out = append(out, s.At(key).Items()...)
	}
	for _, key := range known("schema map") {
		for _, name := range s.At(key).Names() {
			out = append(out, s.At(key, name))
		}
	}
	return out
}

// edit takes such properties out of a copy, and has its references lead to copies.
func (w *director) edit(s *schema.Node) {
	if s == nil || s.Fields == nil {
		return
	}
	if ref := s.At("$ref"); ref != nil && w.concerns(s) {
		s.Fields["$ref"] = &schema.Node{Scalar: w.copied(ref.Text()), Line: ref.Line, Column: ref.Column}
	}
	var other []string
	w.gather(s, &other, 0)
	w.release(s, other, 0)
	for _, p := range partsOf(s) {
		w.edit(p)
	}
}

// gather lists the names of such properties of an object, through references and allOf.
func (w *director) gather(s *schema.Node, names *[]string, depth int) {
	s, err := w.document.Resolve(s)
	if err != nil || depth > maxBranches {
		return
	}
	for _, name := range s.At("properties").Names() {
		if w.marked(s.At("properties", name)) || isTrue(s.At("properties", name, schema.Unsent)) {
			*names = append(*names, name)
		}
	}
	for _, part := range s.At("allOf").Items() {
		w.gather(part, names, depth+1)
	}
}

// release marks such properties as not sent, and takes them out of what is required.
func (w *director) release(s *schema.Node, names []string, depth int) {
	if len(names) == 0 || s.At("$ref") != nil || depth > maxBranches {
		return
	}
	for _, name := range names {
		if p := s.At("properties", name); p != nil && p.Fields != nil {
			p.Set(schema.Unsent, &schema.Node{Scalar: true, Line: p.Line, Column: p.Column})
		}
	}
	if required := s.At("required"); required != nil {
		kept := *required
		kept.List = slices.DeleteFunc(slices.Clone(required.List), func(n *schema.Node) bool { return slices.Contains(names, n.Text()) })
		s.Fields["required"] = &kept
	}
	for _, part := range s.At("allOf").Items() {
		w.release(part, names, depth+1)
	}
}

// copied is the reference to a copy of what another leads to.
func (w *director) copied(ref string) string {
	if to, is := w.copies[ref]; is {
		return to
	}
	n, at, err := step(w.document, ref)
	if err != nil {
		return ref
	}
	shelf := w.document.Root.At("components", "schemas")
	if shelf == nil || len(at) == 0 {
		return ref
	}
	name := at[len(at)-1] + "-" + w.suffix
	for i, base := 2, name; shelf.Fields[name] != nil; i++ {
		name = base + "-" + strconv.Itoa(i)
	}
	to := "#" + jsontext.Pointer("components", "schemas", name)
	w.copies[ref] = to
	clone := n.Clone()
	shelf.Set(name, clone)
	w.edit(clone)
	return to
}
