package schema

import (
	"fmt"
	"slices"
)

// A File is a text that a document was read from. The lines of several count on from one to the next, in the order in
// which they were read.
type File struct {
	// Name is as it is told to people.
	Name string
	// First is how many lines stand before it.
	First int
	Text  []byte
}

// Where is the file in which a line stands, which is nil for that of the document itself, and the line's number there.
func (d *Document) Where(line int) (file *File, at int) {
	for i := range slices.Backward(d.Files) {
		if f := &d.Files[i]; i > 0 && line > f.First {
			return f, line - f.First
		}
	}
	return nil, line
}

// Line says in words where a line stands.
func (d *Document) Line(line int) string {
	file, at := d.Where(line)
	if file == nil {
		return fmt.Sprintf("line %d", at)
	}
	return fmt.Sprintf("%s, line %d", file.Name, at)
}

// Shift counts the lines of a tree on from those that stand before it.
func (n *Node) Shift(lines int) {
	n.Line += lines
	for _, f := range n.Fields {
		f.Shift(lines)
	}
	for _, x := range n.List {
		x.Shift(lines)
	}
}
