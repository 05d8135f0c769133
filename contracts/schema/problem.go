package schema

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/kaizenautomation/andon/contracts/jsontext"
)

// A Problem is one thing that is wrong with a document, and where.
type Problem struct {
	// At is the place: the line counts as those of nodes do.
	At *Node
	// Pointer leads there, step by step, from the document's root. Where it is nil, [Node.StepsTo] knows.
	Pointer []string
	Message string
}

// Wrong is the error that something is wrong with a node.
func Wrong(n *Node, format string, args ...any) error {
	return &Problem{At: n, Message: fmt.Sprintf(format, args...)}
}

func (p *Problem) Error() string {
	said := fmt.Sprintf("%d:%d: ", p.At.Line, p.At.Column)
	if len(p.Pointer) > 0 {
		said += jsontext.Pointer(p.Pointer...) + ": "
	}
	return said + p.Message
}

// StepsTo are the steps that lead from a node to one below it, or else to the first one that stands where it does; nil
// where there is none.
func (n *Node) StepsTo(to *Node) []string {
	var alike []string
	seen := map[*Node]bool{}
	var walk func(at *Node, steps []string) []string
	walk = func(at *Node, steps []string) []string {
		switch {
		case at == to:
			return slices.Clone(steps)
		case seen[at] || len(steps) > maxDepth:
			return nil
		case alike == nil && len(steps) > 0 && at.Line == to.Line && at.Column == to.Column:
			alike = slices.Clone(steps)
		}
		seen[at] = true
		for _, key := range at.Keys {
			if found := walk(at.Fields[key], append(steps, key)); found != nil {
				return found
			}
		}
		for i, x := range at.List {
			if found := walk(x, append(steps, strconv.Itoa(i))); found != nil {
				return found
			}
		}
		return nil
	}
	if found := walk(n, nil); found != nil || to == n {
		return found
	}
	return alike
}
