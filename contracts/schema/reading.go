package schema

import (
	"errors"
	"fmt"
	"slices"

	"github.com/kaizenautomation/andon/contracts/document"
)

// tooLarge is the problem of a document of which no more is read.
const tooLarge = "the document is too large or nests too deep"

// reading is how far a document is read, and what was found to be wrong with it.
type reading struct {
	budget int
	// at are the steps from the root to what is being read.
	at    []string
	wrong []error
	full  bool
}

// room reports whether one more node is read; once there was none, there is none for the rest.
func (r *reading) room(n *Node, depth int) bool {
	if r.budget--; !r.full && (r.budget < 0 || depth > maxDepth) {
		r.full = true
		r.fail(n, tooLarge)
	}
	return !r.full
}

// fail notes a problem, once where an alias leads to it again.
func (r *reading) fail(at *Node, format string, args ...any) {
	p := &Problem{At: &Node{Line: at.Line, Column: at.Column}, Pointer: append([]string{}, r.at...), Message: fmt.Sprintf(format, args...)}
	if !slices.ContainsFunc(r.wrong, func(e error) bool {
		var other *Problem
		return errors.As(e, &other) && other.At.Line == at.Line && other.At.Column == at.Column && other.Message == p.Message
	}) {
		r.wrong = append(r.wrong, p)
	}
}

// below reads what stands a step below.
func (r *reading) below(step string, read func() *Node) *Node {
	r.at = append(r.at, step)
	defer func() { r.at = r.at[:len(r.at)-1] }()
	return read()
}

// member reads a member of an object; at is where its key stands.
func (r *reading) member(n *Node, key string, at *Node, read func() *Node) {
	value := r.below(key, func() *Node {
		if first := n.Fields[key]; first != nil {
			r.fail(at, "the key %q stands here twice (what it has first is in line %d); take one of them out", document.Clip(key), first.Line)
		}
		return read()
	})
	if n.Fields[key] == nil {
		n.Keys = append(n.Keys, key)
		n.Fields[key] = value
	}
}
