package schema

// A File is a text that a document was read from. The lines of several count on from one to the next, in the order in
// which they were read.
type File struct {
	// Name is as it is told to people.
	Name string
	// First is how many lines stand before it.
	First int
	Text  []byte
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
