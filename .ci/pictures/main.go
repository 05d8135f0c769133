// Command pictures draws what a command shows on a terminal of its own after some seconds, as SVG: text stays text, so
// that the picture is small and can be read at any size.
package main

import (
	"flag"
	"fmt"
	"html"
	"image/color"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/vt"
	"golang.org/x/sys/unix"
)

const (
	columns, rows = 100, 30
	cellWidth     = 8.4 // of 14 pixels of a monospaced font
	cellHeight    = 18
	margin        = 12
)

func main() {
	after := flag.Duration("after", 10*time.Second, "`time` after which the picture is taken")
	out := flag.String("o", "", "`file` to write")
	shrink := flag.Bool("shrink", false, "make a PNG smaller, in place of a picture")
	flag.Parse()
	if *shrink {
		if err := shrunk(*out, flag.Arg(0)); err != nil {
			fmt.Fprintln(os.Stderr, "pictures:", err)
			os.Exit(1)
		}
		return
	}
	if err := run(*out, *after, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "pictures:", err)
		os.Exit(1)
	}
}

func run(out string, after time.Duration, line []string) error {
	control, terminal, err := open()
	if err != nil {
		return err
	}
	defer control.Close()
	cmd := exec.Command(line[0], line[1:]...)
	cmd.Env = append(os.Environ(), "TERM=xterm-256color", "COLORTERM=truecolor", "CI=", "NO_COLOR=")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = terminal, terminal, terminal
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	_ = terminal.Close()
	screen := vt.NewSafeEmulator(columns, rows)
	// What the command asks the terminal is answered.
	go func() {
		b := make([]byte, 4096)
		for {
			n, err := screen.Read(b)
			if err != nil {
				return
			}
			_, _ = control.Write(b[:n])
		}
	}()
	go func() {
		b := make([]byte, 4096)
		for {
			n, err := control.Read(b)
			if err != nil {
				return
			}
			_, _ = screen.Write(b[:n])
		}
	}()
	time.Sleep(after)
	picture := draw(screen)
	_ = cmd.Process.Signal(os.Interrupt)
	// Whatever it ends with, the picture was taken before.
	_ = cmd.Wait()
	return os.WriteFile(out, []byte(picture), 0o666)
}

// open gives both sides of a new terminal.
func open() (control, terminal *os.File, err error) {
	if control, err = os.OpenFile("/dev/ptmx", os.O_RDWR, 0); err != nil {
		return nil, nil, err
	}
	fd := int(control.Fd())
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		err = unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: rows, Col: columns})
	}
	if err == nil {
		terminal, err = os.OpenFile("/dev/pts/"+strconv.Itoa(number), os.O_RDWR|syscall.O_NOCTTY, 0)
	}
	return control, terminal, err
}

// draw draws the lines that have something in them, each run of one style as a text.
func draw(screen *vt.SafeEmulator) string {
	last := 0
	var lines strings.Builder
	for y := range rows {
		for x := 0; x < columns; {
			from, style, said := x, uv.Style{}, strings.Builder{}
			for ; x < columns; x++ {
				c := screen.CellAt(x, y)
				if c == nil {
					said.WriteByte(' ')
					continue
				}
				if said.Len() > 0 && !c.Style.Equal(&style) {
					break
				}
				style = c.Style
				switch {
				case c.Content != "":
					said.WriteString(c.Content)
				case c.Width > 0:
					said.WriteByte(' ')
				}
			}
			if strings.TrimSpace(said.String()) == "" {
				continue
			}
			last = y
			fmt.Fprintf(&lines, "<text x=\"%.1f\" y=\"%d\"%s>%s</text>\n", margin+float64(from)*cellWidth, margin+y*cellHeight+14, attributes(style), visible(said.String()))
		}
	}
	width, height := 2*margin+columns*cellWidth, 2*margin+(last+1)*cellHeight
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %d" width="%.0f" height="%d" font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="14" fill="#d8dee9">
<rect width="100%%" height="100%%" rx="6" fill="#1d2129"/>
%s</svg>
`, width, height, width, height, lines.String())
}

// visible is text in SVG, in which spaces that follow each other are one.
func visible(said string) string {
	return strings.ReplaceAll(html.EscapeString(strings.TrimRight(said, " ")), " ", "\u00a0")
}

func attributes(s uv.Style) (out string) {
	if s.Attrs&uv.AttrBold != 0 {
		out += ` font-weight="bold"`
	}
	if s.Attrs&uv.AttrFaint != 0 {
		out += ` opacity="0.6"`
	}
	if s.Fg != nil {
		out += fmt.Sprintf(` fill="%s"`, hex(s.Fg))
	}
	return out
}

// hex writes a colour. Those that a terminal has names for are such as can be read on the dark ground of the picture.
func hex(c color.Color) string {
	r, g, b, _ := c.RGBA()
	said := fmt.Sprintf("#%02x%02x%02x", r>>8, g>>8, b>>8)
	if readable, named := map[string]string{"#800000": "#e06c75", "#008000": "#8fbf76", "#808000": "#e5c07b", "#000080": "#6bafe6"}[said]; named {
		return readable
	}
	return said
}
