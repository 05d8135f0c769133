package live

import (
	"io"
	"os"

	"golang.org/x/term"
)

// Terminal reports whether a writer is a terminal that can be drawn on, whether it shows colours, and how wide it is; 0
// where it is none. NO_COLOR and TERM=dumb are honoured.
func Terminal(w io.Writer) (terminal, color bool, width int) {
	if by, ok := w.(*Writer); ok {
		w = by.to
	}
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return false, false, 0
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil || width <= 0 {
		width = 80
	}
	dumb := os.Getenv("TERM") == "dumb"
	return !dumb, !dumb && os.Getenv("NO_COLOR") == "", width
}

// NewWatch gets ready to show a run on a writer; plain asks for lines. There is no view where nobody looks (no
// terminal, CI), where the terminal cannot do it, or where it is another process's.
func NewWatch(lines *Writer, keyboard *os.File, plain bool) *Watch {
	terminal, color, columns := Terminal(lines)
	w := &Watch{Lines: lines, Columns: columns}
	f, ok := lines.to.(*os.File)
	if !ok || plain || os.Getenv("CI") != "" || !term.IsTerminal(int(keyboard.Fd())) {
		return w
	}
	if terminal && inForeground(f) {
		w.Keyboard, w.Screen, w.Color = keyboard, f, color
	}
	return w
}
