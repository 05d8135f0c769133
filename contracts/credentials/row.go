package credentials

import (
	"fmt"
	"strings"
)

// Of is the plan of the calls that take a row, for curl lines: what is secret of it stands in them as a variable that
// says where it comes from.
func (p Plan) Of(row int) Plan {
	t := p.tenants
	if t.Rows() == 0 {
		return p
	}
	fill := func(v Value) (filled Value) {
		for _, piece := range v.pieces {
			switch column := t.column(piece); {
			case column == nil:
			case piece.kind == byPublic:
				piece = literally(column[row])
			default:
				piece.kind, piece.text = byEnv, variable(fmt.Sprintf("%s_line_%d_%s", t.File, t.Lines[row], piece.text))
			}
			filled.pieces = append(filled.pieces, piece)
		}
		return filled
	}
	all := func(list []named) (filled []named) {
		for _, n := range list {
			filled = append(filled, named{n.name, fill(n.value)})
		}
		return filled
	}
	p.headers, p.query, p.user, p.bearer = all(p.headers), all(p.query), fill(p.user), fill(p.bearer)
	return p
}

// variable makes a name for a shell's variable of a text.
func variable(text string) string {
	name := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '_'
	}, text)
	if name[0] >= '0' && name[0] <= '9' {
		name = "_" + name
	}
	return name
}

// Of is the set of the calls that take a row of the tenants. Whatever is done to it is done to the whole set.
func (s *Set) Of(row int) *Set {
	if s == nil || s.row == row {
		return s
	}
	of := *s
	of.row = row
	return &of
}
