package main

import (
	"fmt"
	"os"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/kaizenautomation/andon/reports/live"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
)

// A watch tells a person how a run goes on: in a view that takes the terminal, or in lines on standard error.
type watch struct {
	c *command
	// target is where the calls go, in words.
	target string
	// keyboard and screen are the terminal for a view; nil where there is to be none.
	keyboard, screen *os.File
	// press is a Ctrl-C that the view has read from the keyboard.
	press func()
	// last is when the last line was written.
	last time.Duration

	mu   sync.Mutex
	view *live.View // nil where there is none
	over bool
}

// plainEvery is how often progress is told where it cannot be shown in place.
const plainEvery = 5 * time.Second

// watch gets ready to show a run. There is no view where nobody looks (no terminal, CI), where the terminal cannot do
// it (TERM=dumb), or where it is another process's.
func (c *command) watch(plain bool) *watch {
	w := &watch{c: c}
	screen, ok := c.stderr.(*os.File)
	if plain || !ok || !term.IsTerminal(int(screen.Fd())) || !term.IsTerminal(int(os.Stdin.Fd())) {
		return w
	}
	if os.Getenv("CI") == "" && os.Getenv("TERM") != "dumb" && inForeground(screen) {
		w.keyboard, w.screen = os.Stdin, screen
	}
	return w
}

// every is how often the progress is wanted: for a view about once a second.
func (w *watch) every() time.Duration {
	if w.screen != nil {
		return 0
	}
	return plainEvery
}

// progress shows how far the run is. The first time is before the first call.
func (w *watch) progress(p summary.Progress) {
	p.Target = w.target
	w.mu.Lock()
	if w.screen != nil && w.view == nil && !w.over {
		_, color, _ := screen(w.screen)
		w.view = live.Start(w.keyboard, w.screen, p, color, w.press)
	}
	view := w.view
	w.mu.Unlock()
	switch {
	case view != nil && !view.Gone():
		view.Show(p)
	case p.Elapsed-w.last >= plainEvery-plainEvery/10:
		w.last = p.Elapsed
		live.WriteLine(w.c.stderr, p)
	}
}

// say tells something beside the progress.
func (w *watch) say(note string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.view != nil && !w.view.Gone() {
		w.view.Note(note)
		return
	}
	fmt.Fprintln(w.c.stderr, text.Printable(note, 1000))
}

// stopping is called when somebody has stopped the run.
func (w *watch) stopping() {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.over:
	case w.view != nil && !w.view.Gone():
		w.view.Stopping()
	default:
		fmt.Fprintln(w.c.stderr, "\nstopped sending; waiting for the calls in flight (Ctrl-C again gives them up)")
	}
}

// end gives the terminal back. It may be called more than once.
func (w *watch) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over = true
	if w.view == nil {
		return
	}
	for _, note := range w.view.Close() {
		fmt.Fprintln(w.c.stderr, text.Printable(note, 1000))
	}
	w.view = nil
}
