package live

import (
	"bytes"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/kaizenautomation/andon/reports/sizing"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
)

// A Watch tells a person how a run or a search goes on: in a view that takes the terminal, or in lines. Its fields are
// set before the first call; its methods are safe for concurrent use, but for [Watch.Progress] and [Watch.Search],
// which are for one goroutine.
type Watch struct {
	// Lines is where lines are written, and Columns how many it has; 0 is any number.
	Lines   *Writer
	Columns int
	// Target is where the calls go, in words.
	Target string
	// Keyboard and Screen are the terminal for a view; nil where there is to be none. Color is for its colours.
	Keyboard, Screen *os.File
	Color            bool
	// Press is called at each Ctrl-C that the view has read from the keyboard.
	Press func()

	// last is when the last line was written.
	last time.Duration
	// begun and ended are how many trials of a search were told of.
	begun, ended int

	mu   sync.Mutex
	view *view // nil where there is none
	over bool
	// after says that all calls are answered, and executions are followed yet.
	after bool
	// follows says that executions are followed.
	follows bool
}

// plainEvery is how often progress is told where it cannot be shown in place.
const plainEvery = 5 * time.Second

// Every is how often the progress is wanted; 0, for a view, is about once a second.
func (w *Watch) Every() time.Duration {
	if w.Screen != nil {
		return 0
	}
	return plainEvery
}

// Progress shows how far the run is. The first time is before the first call.
func (w *Watch) Progress(p summary.Progress) {
	p.Target = w.Target
	w.mu.Lock()
	w.follows, w.after = p.Executions != nil, p.Executions != nil && p.Executions.After
	w.mu.Unlock()
	if !w.draw(pictureOf(p)) && p.Elapsed-w.last >= plainEvery-plainEvery/10 {
		w.last = p.Elapsed
		var line bytes.Buffer
		writeLine(&line, p, w.Columns)
		w.Lines.Pass(line.Bytes())
	}
}

// Search shows how far a search is. In lines, each trial has one when it begins and one when it has ended.
func (w *Watch) Search(p sizing.Progress) {
	p.Target = w.Target
	if w.draw(searched(p)) {
		return
	}
	for _, t := range p.Trials[min(w.ended, len(p.Trials)):] {
		writeTrial(w.Lines, p, t, w.Columns)
	}
	w.ended = max(w.ended, len(p.Trials))
	if p.Now != nil && p.Now.N > w.begun {
		w.begun = p.Now.N
		writeBegun(w.Lines, p, w.Columns)
	}
}

// draw shows a picture in the view, which takes the terminal at the first one; it reports whether there is a view.
func (w *Watch) draw(p picture) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.Screen != nil && w.view == nil && !w.over {
		w.view = start(w.Keyboard, tty{w.Screen, w.Lines}, w.Lines.behind, p, w.Color, w.Press)
	}
	if w.view == nil || w.view.gone() {
		return false
	}
	w.view.show(p)
	return true
}

// Say tells something beside the progress.
func (w *Watch) Say(note string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.view != nil && !w.view.gone() {
		w.view.note(note)
		return
	}
	w.tell(text.Printable(note, 1000))
}

// tell writes a sentence in lines that fit.
func (w *Watch) tell(said string) { fmt.Fprintln(w.Lines, text.Message(said, w.Columns)) }

// Stopping is called when somebody has stopped the run.
func (w *Watch) Stopping() {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.over:
	case w.view != nil && !w.view.gone():
		w.view.stop()
	case w.after:
		fmt.Fprintln(w.Lines)
		w.tell("stopped following executions")
	case w.follows:
		fmt.Fprintln(w.Lines)
		w.tell("stopped sending; waiting for the calls in flight, and then for the executions that have not ended (Ctrl-C again ends that)")
	default:
		fmt.Fprintln(w.Lines)
		w.tell("stopped sending; waiting for the calls in flight (Ctrl-C again gives them up)")
	}
}

// End gives the terminal back. It may be called more than once.
func (w *Watch) End() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over = true
	if w.view == nil {
		return
	}
	for _, note := range w.view.close() {
		w.tell(text.Printable(note, 1000))
	}
	w.view = nil
}
