// Package render writes what is to be said of a run, or of a verification, as text: for a terminal and, as Markdown,
// for a comment on a pull request. Both have the same tables.
package render

import (
	"bytes"
	"io"
	"reflect"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/pkg/twcache"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"

	"github.com/kaizenautomation/andon/reports/text"
)

// Table is a small table. A column whose header begins with ">" holds numbers, and is set to the right.
type Table struct {
	Header []string
	Rows   [][]string
}

func (t Table) aligned() (header []string, aligns []tw.Align) {
	for _, h := range t.Header {
		h, right := strings.CutPrefix(h, ">")
		header = append(header, h)
		aligns = append(aligns, map[bool]tw.Align{true: tw.AlignRight, false: tw.AlignLeft}[right])
	}
	return header, aligns
}

// A tableWriter writes tables. The library makes room for thousands of things that it may come to remember whenever a
// table is made, so that all tables of a report are written by one, which has made one of each kind.
type tableWriter struct {
	lines         bytes.Buffer
	spaced, piped *tablewriter.Table
}

// newTable is a table of the library that writes to w, to be used again and again.
func newTable(w io.Writer, options ...tablewriter.Option) *tablewriter.Table {
	return tablewriter.NewTable(w, append(options,
		tablewriter.WithHeaderAutoFormat(tw.Off), tablewriter.WithRowAutoFormat(tw.Off),
		tablewriter.WithHeaderAutoWrap(tw.WrapNone), tablewriter.WithRowAutoWrap(tw.WrapNone),
		tablewriter.WithTrimSpace(tw.Off),
		// What is remembered is made anew for each table, in its full size. Cells are strings, of which there is
		// nothing to remember.
		tablewriter.WithStringerCacheCustom(twcache.NewLRU[reflect.Type, reflect.Value](1)),
	)...)
}

// write gives the lines of a table.
func (p *tableWriter) write(by *tablewriter.Table, t Table) (string, error) {
	header, aligns := t.aligned()
	by.Reset()
	p.lines.Reset()
	by.Configure(func(c *tablewriter.Config) {
		c.Header.Alignment = tw.CellAlignment{Global: tw.AlignLeft, PerColumn: aligns}
		c.Row.Alignment = c.Header.Alignment
	})
	by.Header(header)
	for _, row := range t.Rows {
		if err := by.Append(row); err != nil {
			return "", err
		}
	}
	err := by.Render()
	return p.lines.String(), err
}

// Text writes the table for a terminal of so many columns, or any number of them where that is 0: columns two spaces
// apart, no lines. What is wider is stacked, so that nothing is lost. An empty table is not written.
func (t Table) Text(w io.Writer, width int) error { return new(tableWriter).text(w, t, width) }

// text writes a table for a terminal.
func (p *tableWriter) text(w io.Writer, t Table, width int) error {
	if len(t.Rows) == 0 {
		return nil
	}
	lines, err := p.whole(t)
	if err != nil {
		return err
	}
	if width > 0 && widest(lines) > width {
		return p.narrow(w, t, width)
	}
	_, err = io.WriteString(w, lines)
	return err
}

// whole is the text of a table, as wide as it is.
func (p *tableWriter) whole(t Table) (string, error) {
	if p.spaced == nil {
		p.spaced = newTable(&trimmer{w: &p.lines}, tablewriter.WithRenderer(renderer.NewBlueprint(tw.Rendition{
			Borders: tw.BorderNone,
			Symbols: tw.NewSymbols(tw.StyleNone),
			Settings: tw.Settings{
				Separators: tw.Separators{ShowHeader: tw.Off, BetweenRows: tw.Off, BetweenColumns: tw.Off},
				Lines:      tw.Lines{ShowTop: tw.Off, ShowBottom: tw.Off, ShowHeaderLine: tw.Off, ShowFooterLine: tw.Off},
			},
		})), tablewriter.WithPadding(tw.Padding{Left: " ", Right: " ", Overwrite: true}))
	}
	return p.write(p.spaced, t)
}

// put writes a table as wide as it is.
func (p *tableWriter) put(w io.Writer, t Table) error {
	lines, err := p.whole(t)
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, lines)
	return err
}

// width is how many columns the text of a table takes.
func (p *tableWriter) width(t Table) (most int) {
	lines, _ := p.whole(t) // a buffer takes everything
	return widest(lines)
}

// widest is how many columns the widest line of a text takes.
func widest(lines string) (most int) {
	for line := range strings.Lines(lines) {
		most = max(most, text.Width(strings.TrimRight(line, "\n")))
	}
	return most
}

// markdown writes a table as Markdown. The cells are Markdown already.
func (p *tableWriter) markdown(w io.Writer, t Table) error {
	if len(t.Rows) == 0 {
		return nil
	}
	if p.piped == nil {
		p.piped = newTable(&p.lines, tablewriter.WithRenderer(renderer.NewMarkdown()))
	}
	lines, err := p.write(p.piped, t)
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, lines)
	return err
}

// trimmer takes the spaces off the ends of lines, which padding leaves there. A write holds whole lines or parts of
// them.
type trimmer struct {
	w      io.Writer
	spaces []byte
}

func (t *trimmer) Write(p []byte) (int, error) {
	out := make([]byte, 0, len(p)+len(t.spaces))
	for _, c := range p {
		switch c {
		case ' ':
			t.spaces = append(t.spaces, c)
			continue
		case '\n':
			t.spaces = t.spaces[:0]
		}
		out = append(append(out, t.spaces...), c)
		t.spaces = t.spaces[:0]
	}
	if _, err := t.w.Write(out); err != nil {
		return 0, err
	}
	return len(p), nil
}
