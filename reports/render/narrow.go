package render

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/kaizenautomation/andon/reports/text"
)

const (
	// leastRoom is how many columns a text must have to be wrapped within its column; in fewer it is not to be read.
	leastRoom = 24
	// longWord is longer than what is to be kept whole within a column.
	longWord = 40
)

// narrow writes a table that is wider than the terminal so that nothing of it is lost: with the last column's text
// wrapped, or below the row; as several tables of fewer columns, each with the first one; or, where that one takes all
// the room, each row as a block.
func (p *tableWriter) narrow(w io.Writer, t Table, width int) error {
	if wrapped, ok := t.wrapped(width); ok && p.width(wrapped) <= width {
		return p.put(w, wrapped)
	}
	if fits, err := p.below(w, t, width); fits {
		return err
	}
	if parts := t.parts(width); parts != nil {
		for i, part := range parts {
			if i > 0 && len(part.Rows) > 1 {
				fmt.Fprintln(w)
			}
			if err := p.put(w, part); err != nil {
				return err
			}
		}
		return nil
	}
	return t.blocks(w, width)
}

// isText reports whether a column holds words, and is no label of its rows.
func (t Table) isText(column int) bool {
	return column >= t.labels() && !strings.HasPrefix(t.Header[column], ">")
}

// labels is how many of the first columns say what a row is of: a mark and a name, a name, or none.
func (t Table) labels() int {
	word := func(column int) bool { return column < len(t.Header) && !strings.HasPrefix(t.Header[column], ">") }
	switch {
	case !word(0):
		return 0
	case t.Header[0] == "" && t.columnWidth(0) <= 4 && word(1):
		return 2
	}
	return 1
}

// columnWidth is how many columns of the terminal a column takes, with the space beside it.
func (t Table) columnWidth(column int) int {
	n := text.Width(strings.TrimPrefix(t.Header[column], ">"))
	for _, r := range t.Rows {
		n = max(n, text.Width(r[column]))
	}
	return n + 2
}

// only is the table with these columns alone.
func (t Table) only(columns []int) Table {
	pick := func(cells []string) (some []string) {
		for _, c := range columns {
			some = append(some, cells[c])
		}
		return some
	}
	part := Table{Header: pick(t.Header)}
	for _, r := range t.Rows {
		part.Rows = append(part.Rows, pick(r))
	}
	return part
}

// wrapped is the table with the widest column of words wrapped into the room that the others leave.
func (t Table) wrapped(width int) (Table, bool) {
	widest, most, all := -1, 0, 0
	for c := range t.Header {
		n := t.columnWidth(c)
		if all += n; t.isText(c) && n > most {
			widest, most = c, n
		}
	}
	room := width - (all - most) - 2
	if widest < 0 {
		return t, false
	}
	longest := 0
	for _, r := range t.Rows {
		for _, word := range strings.Fields(r[widest]) {
			longest = max(longest, text.Width(word))
		}
	}
	if room < max(leastRoom, min(longest, longWord)) {
		return t, false
	}
	out := Table{Header: t.Header}
	for _, r := range t.Rows {
		lines := text.Wrap(r[widest], room)
		if len(lines) == 0 {
			lines = []string{""}
		}
		for i, line := range lines {
			row := make([]string, len(r))
			if i == 0 {
				copy(row, r)
			}
			row[widest] = line
			out.Rows = append(out.Rows, row)
		}
	}
	return out, true
}

// below writes the table with the words of its last column below each row, and reports whether the rest fits.
func (p *tableWriter) below(w io.Writer, t Table, width int) (fits bool, err error) {
	last := len(t.Header) - 1
	if last < 1 || !t.isText(last) {
		return false, nil
	}
	rest := Table{Header: t.Header[:last]}
	for _, r := range t.Rows {
		rest.Rows = append(rest.Rows, r[:last])
	}
	lines, err := p.whole(rest)
	if err != nil {
		return true, err
	}
	if widest(lines) > width {
		return false, nil
	}
	indent := 3
	if t.labels() > 1 {
		indent = t.columnWidth(0) + 1
	}
	words := []string{t.Header[last]} // the head is the first line
	for _, r := range t.Rows {
		words = append(words, r[last])
	}
	for line := range strings.Lines(lines) {
		if _, err := io.WriteString(w, line); err != nil {
			return true, err
		}
		writeIndented(w, text.Wrap(words[0], width-indent), indent)
		words = words[1:]
	}
	return true, nil
}

// parts are the columns in as few tables as they fit into, each with the label and all about as wide; nil where the
// label leaves too little room.
func (t Table) parts(width int) (parts []Table) {
	labels, used := []int{}, 0
	for c := range t.labels() {
		labels = append(labels, c)
		used += t.columnWidth(c)
	}
	if used > width/2 {
		return nil
	}
	split := func(room int) (groups [][]int) {
		left := 0
		for c := len(labels); c < len(t.Header); c++ {
			n := t.columnWidth(c)
			if n > room {
				return nil
			}
			if n > left {
				groups, left = append(groups, slices.Clone(labels)), room
			}
			groups[len(groups)-1] = append(groups[len(groups)-1], c)
			left -= n
		}
		return groups
	}
	groups := split(width - used)
	for room := width - used; room > 0; room-- {
		even := split(room)
		if len(even) != len(groups) {
			break
		}
		groups = even
	}
	for i, columns := range groups {
		part := t.only(columns)
		if i > 0 && len(labels) > 0 {
			// Nothing is said by a label alone.
			part.Rows = slices.DeleteFunc(part.Rows, func(r []string) bool {
				return !slices.ContainsFunc(r[len(labels):], func(cell string) bool { return cell != "" })
			})
		}
		parts = append(parts, part)
	}
	return parts
}

// blocks writes each row as its label, and below it the other cells, each behind the head of its column.
func (t Table) blocks(w io.Writer, width int) error {
	header, _ := t.aligned()
	labels, indent := t.labels(), 3
	if labels > 1 {
		indent = t.columnWidth(0) + 1
	}
	for _, r := range t.Rows {
		var b bytes.Buffer
		prefix := " "
		if labels > 1 {
			prefix += r[0] + strings.Repeat(" ", indent-1-text.Width(r[0]))
		}
		for _, line := range text.Wrap(strings.Join(r[max(labels-1, 0):labels], ""), width-indent) {
			b.WriteString(prefix + line + "\n")
			prefix = strings.Repeat(" ", indent)
		}
		if mark := strings.TrimRight(prefix, " "); mark != "" { // which nothing was written behind
			b.WriteString(mark + "\n")
		}
		var figures []string
		for c := labels; c < len(r); c++ {
			if r[c] != "" {
				figures = append(figures, strings.TrimSpace(header[c]+" "+r[c]))
			}
		}
		writeIndented(&b, text.Flow(figures, "   ", width-indent), indent)
		if _, err := w.Write(b.Bytes()); err != nil {
			return err
		}
	}
	return nil
}

func writeIndented(w io.Writer, lines []string, indent int) {
	for _, line := range lines {
		fmt.Fprintf(w, "%s%s\n", strings.Repeat(" ", indent), line)
	}
}
