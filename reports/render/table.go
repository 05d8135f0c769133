// Package render writes what is to be said of a run, or of a verification, as text: for a terminal and, as Markdown,
// for a comment on a pull request. Both have the same tables.
package render

import (
	"bytes"
	"io"
	"strings"

	"github.com/olekukonko/tablewriter"
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

func (t Table) write(w io.Writer, options ...tablewriter.Option) error {
	header, aligns := t.aligned()
	table := tablewriter.NewTable(w, append(options,
		tablewriter.WithHeaderAutoFormat(tw.Off), tablewriter.WithRowAutoFormat(tw.Off),
		tablewriter.WithHeaderAutoWrap(tw.WrapNone), tablewriter.WithRowAutoWrap(tw.WrapNone),
		tablewriter.WithTrimSpace(tw.Off),
		tablewriter.WithHeaderAlignmentConfig(tw.CellAlignment{Global: tw.AlignLeft, PerColumn: aligns}),
		tablewriter.WithRowAlignmentConfig(tw.CellAlignment{Global: tw.AlignLeft, PerColumn: aligns}),
	)...)
	table.Header(header)
	for _, row := range t.Rows {
		if err := table.Append(row); err != nil {
			return err
		}
	}
	return table.Render()
}

// Text writes the table for a terminal of so many columns, or any number of them where that is 0: columns two spaces
// apart, no lines. What is wider is stacked, so that nothing is lost. An empty table is not written.
func (t Table) Text(w io.Writer, width int) error {
	if len(t.Rows) == 0 {
		return nil
	}
	var b bytes.Buffer
	if err := t.plain(&b); err != nil {
		return err
	}
	if width > 0 && widest(b.String()) > width {
		return t.narrow(w, width)
	}
	_, err := b.WriteTo(w)
	return err
}

// plain writes the table as wide as it is.
func (t Table) plain(w io.Writer) error {
	return t.write(&trimmer{w: w}, tablewriter.WithRenderer(renderer.NewBlueprint(tw.Rendition{
		Borders: tw.BorderNone,
		Symbols: tw.NewSymbols(tw.StyleNone),
		Settings: tw.Settings{
			Separators: tw.Separators{ShowHeader: tw.Off, BetweenRows: tw.Off, BetweenColumns: tw.Off},
			Lines:      tw.Lines{ShowTop: tw.Off, ShowBottom: tw.Off, ShowHeaderLine: tw.Off, ShowFooterLine: tw.Off},
		},
	})), tablewriter.WithPadding(tw.Padding{Left: " ", Right: " ", Overwrite: true}))
}

// width is how many columns the text of the table takes.
func (t Table) width() (most int) {
	var b bytes.Buffer
	_ = t.plain(&b) // a buffer takes everything
	return widest(b.String())
}

// widest is how many columns the widest line of a text takes.
func widest(lines string) (most int) {
	for line := range strings.Lines(lines) {
		most = max(most, text.Width(strings.TrimRight(line, "\n")))
	}
	return most
}

// markdown writes the table as Markdown. The cells are Markdown already.
func (t Table) markdown(w io.Writer) error {
	if len(t.Rows) == 0 {
		return nil
	}
	return t.write(w, tablewriter.WithRenderer(renderer.NewMarkdown()))
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
