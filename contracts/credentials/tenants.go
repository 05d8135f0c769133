package credentials

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Tenants are the rows of a file of which each call takes one: to whom a call belongs, in its body and beside it.
type Tenants struct {
	// File is the file's name, without its folder, and Lines are where its rows are.
	File  string
	Lines []int
	// Secret and Public are what its columns have in the rows. What is public stands in bodies too.
	Secret, Public map[string][]string
}

// MaxTenants is the most rows of which the secrets are kept out of every report.
const MaxTenants = 10_000

// SecretColumn and PublicColumn are references to a column of [Tenants].
func SecretColumn(name string) string { return "{" + byColumn + ":" + name + "}" }

// PublicColumn is the reference to a column that is not secret.
func PublicColumn(name string) string { return "{" + byPublic + ":" + name + "}" }

// NamesColumn reports whether a text has a reference to a column in it.
func NamesColumn(text string) bool {
	return strings.Contains(text, SecretColumn("")[:len(byColumn)+2]) || strings.Contains(text, PublicColumn("")[:len(byPublic)+2])
}

// Rows is how many there are; a nil Tenants has none.
func (t *Tenants) Rows() int {
	if t == nil {
		return 0
	}
	return len(t.Lines)
}

// column is what a piece of a value has in the rows; nil where it is of no column.
func (t *Tenants) column(p piece) []string {
	switch {
	case t == nil:
		return nil
	case p.kind == byColumn:
		return t.Secret[p.text]
	case p.kind == byPublic:
		return t.Public[p.text]
	}
	return nil
}

// columns reports whether some of the value is of a row.
func (v Value) columns() bool {
	return slices.ContainsFunc(v.pieces, func(p piece) bool { return p.kind == byColumn || p.kind == byPublic })
}

// public reports whether some of the value is of a column that bodies have too.
func (v Value) public() bool {
	return slices.ContainsFunc(v.pieces, func(p piece) bool { return p.kind == byPublic })
}

// of gives the value of a row.
func (t *Tenants) of(v Value, row int) string {
	var b strings.Builder
	for _, p := range v.pieces {
		if column := t.column(p); column != nil {
			b.WriteString(column[row])
		} else {
			b.WriteString(p.text)
		}
	}
	return b.String()
}

// check holds what the rows have for a value against a rule for each text. The error names the first line that breaks
// it, and no text.
func (t *Tenants) check(v Value, rule func(text string) error) error {
	for _, p := range v.pieces {
		if p.kind != byColumn && p.kind != byPublic {
			continue
		}
		column := t.column(p)
		if column == nil {
			return fmt.Errorf("there is no reference {%s:…}; expected {env:NAME}, {file:PATH} or {command:…}", p.kind)
		}
		for i, text := range column {
			err := rule(text)
			if err == nil && p.kind == byColumn && len(text) < leastForm {
				err = fmt.Errorf("it has fewer than %d characters, which cannot be told from other text in a report", leastForm)
			}
			if err != nil {
				return fmt.Errorf("%s:%d, column %q: %w", t.File, t.Lines[i], p.text, err)
			}
		}
	}
	return nil
}

// used lists the secret columns of a value, by name.
func (v Value) used() []string {
	names := map[string]bool{}
	for _, p := range v.pieces {
		if p.kind == byColumn {
			names[p.text] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}
