package credentials

import (
	"cmp"
	"encoding/binary"
	"slices"
	"sort"
	"strings"
)

// leastForm is the shortest form that is looked for, and the shortest piece of one that was cut.
const leastForm = 4

// forms are the texts that are looked for, in order, so that a search among many takes hardly longer than among few:
// those that begin alike stand side by side.
type forms struct {
	list []form
	// backwards is the same list in the order of how the texts end.
	backwards []int32
	// starts and stops are how texts begin and end: most places need no search.
	starts, stops map[uint32]bool
	longest       int
}

// form is a text and what is put in its place. within is the longest form that it begins with, apart from itself; -1
// where there is none.
type form struct {
	text, mark string
	within     int32
}

// newForms orders what is to be found, each with its mark.
func newForms(marks map[string]string) *forms {
	f := &forms{list: make([]form, 0, len(marks)), starts: map[uint32]bool{}, stops: map[uint32]bool{}}
	for text, mark := range marks {
		f.list = append(f.list, form{text: text, mark: mark})
	}
	slices.SortFunc(f.list, func(a, b form) int { return strings.Compare(a.text, b.text) })
	f.backwards = make([]int32, len(f.list))
	for i, k := range f.list {
		// Whatever lies between a text and its beginning begins like it.
		j := int32(i) - 1
		for j >= 0 && !strings.HasPrefix(k.text, f.list[j].text) {
			j = f.list[j].within
		}
		f.list[i].within, f.backwards[i] = j, int32(i)
		f.starts[four(k.text)], f.stops[four(k.text[len(k.text)-leastForm:])] = true, true
		f.longest = max(f.longest, len(k.text))
	}
	slices.SortFunc(f.backwards, func(a, b int32) int { return fromEnd(f.list[a].text, f.list[b].text) })
	return f
}

// four are the first bytes of a text.
func four(text string) uint32 {
	return binary.NativeEndian.Uint32([]byte(text[:leastForm]))
}

// fromEnd compares two texts from their ends.
func fromEnd(a, b string) int {
	for i, j := len(a)-1, len(b)-1; i >= 0 && j >= 0; i, j = i-1, j-1 {
		if a[i] != b[j] {
			return cmp.Compare(a[i], b[j])
		}
	}
	return cmp.Compare(len(a), len(b))
}

// replace puts marks in the place of the forms in a text: from the left, the longest first.
func (f *forms) replace(text string) string {
	var b strings.Builder
	done := 0
	for i := 0; i <= len(text)-leastForm; i++ {
		rest := text[i:]
		if !f.starts[four(rest)] {
			continue
		}
		// It is the last one up to the rest, or one that this begins with.
		at := int32(sort.Search(len(f.list), func(i int) bool { return f.list[i].text > rest })) - 1
		for at >= 0 && !strings.HasPrefix(rest, f.list[at].text) {
			at = f.list[at].within
		}
		if at >= 0 {
			b.WriteString(text[done:i] + f.list[at].mark)
			done = i + len(f.list[at].text)
			i = done - 1
		}
	}
	return b.String() + text[done:]
}

// withoutStart takes the beginning of a form from the end of a text that was cut there. A quotation mark or a brace may
// come after it.
func (f *forms) withoutStart(text string) string {
	body := strings.TrimRight(text, "\"'`)]} ")
	for from := max(0, len(body)-f.longest); from <= len(body)-leastForm; from++ {
		piece := body[from:]
		if !f.starts[four(piece)] {
			continue
		}
		at := sort.Search(len(f.list), func(i int) bool { return f.list[i].text >= piece })
		for ; at < len(f.list) && strings.HasPrefix(f.list[at].text, piece); at++ {
			if f.list[at].leaves(piece) {
				return body[:from] + f.list[at].mark + text[len(body):]
			}
		}
	}
	return text
}

// withoutEnd takes the end of a form from the beginning of a text that was cut there.
func (f *forms) withoutEnd(text string) string {
	body := strings.TrimLeft(text, "\"'`([{ ")
	for to := min(f.longest, len(body)); to >= leastForm; to-- {
		piece := body[:to]
		if !f.stops[four(piece[to-leastForm:])] {
			continue
		}
		at := sort.Search(len(f.list), func(i int) bool { return fromEnd(f.list[f.backwards[i]].text, piece) >= 0 })
		for ; at < len(f.list) && strings.HasSuffix(f.list[f.backwards[at]].text, piece); at++ {
			if k := f.list[f.backwards[at]]; k.leaves(piece) {
				return text[:len(text)-len(body)] + k.mark + body[to:]
			}
		}
	}
	return text
}

// leaves reports whether a piece may be what a cut has left of the form. A mark is not taken out.
func (k form) leaves(piece string) bool { return len(k.text) > len(piece) && k.text != k.mark }
