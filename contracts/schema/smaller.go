package schema

import (
	"encoding/json"
	"slices"
)

// Shrink makes a value smaller, in place, for as long as one of the next smaller ones holds, as hold says when it is
// asked.
func Shrink(root *Node, hold func(*Node) bool) {
	for shrinkAt(root, root, hold) {
	}
}

// shrinkAt tries to make the value at a node smaller in place, and reports whether one way held.
func shrinkAt(root, at *Node, hold func(*Node) bool) bool {
	old := *at
	attempt := func(n Node) bool {
		*at = n
		if hold(root) {
			return true
		}
		*at = old
		return false
	}
	switch {
	case old.Fields != nil:
		for _, half := range halves(old.Keys) {
			fields := map[string]*Node{}
			for _, k := range half {
				fields[k] = old.Fields[k]
			}
			if attempt(Node{Keys: half, Fields: fields}) {
				return true
			}
		}
		for _, k := range old.Keys {
			if shrinkAt(root, old.Fields[k], hold) {
				return true
			}
		}
	case old.IsList:
		for _, half := range halves(old.List) {
			if attempt(Node{IsList: true, List: half}) {
				return true
			}
		}
		for _, x := range old.List {
			if shrinkAt(root, x, hold) {
				return true
			}
		}
	default:
		switch v := old.Scalar.(type) {
		case string:
			for _, half := range halves([]rune(v)) {
				if attempt(Node{Scalar: string(half)}) {
					return true
				}
			}
		case json.Number:
			return attempt(Node{Scalar: json.Number("0")})
		}
	}
	return false
}

// halves gives the ways to make a list smaller, the boldest first: nothing, either half, and each piece taken out,
// where the pieces get smaller.
func halves[T any](list []T) (out [][]T) {
	if len(list) == 0 {
		return nil
	}
	out = append(out, list[:0:0])
	for size := (len(list) + 1) / 2; size > 0 && len(out) < 64; size /= 2 {
		for from := 0; from < len(list) && len(out) < 64; from += size {
			if size < len(list) {
				out = append(out, slices.Concat(list[:from], list[min(from+size, len(list)):]))
			}
		}
	}
	return out
}
