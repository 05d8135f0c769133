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
	// Target is where the calls go, in words, and By who sends them.
	Target string
	By     Sender
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
	// shut says that the terminal was given back.
	shut bool
	moment
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
	w.Learn(p)
	if !w.draw(pictureOf(p)) && p.Elapsed-w.last >= plainEvery-plainEvery/10 {
		w.last = p.Elapsed
		var line bytes.Buffer
		writeLine(&line, p, w.Columns)
		w.Lines.Pass(line.Bytes())
	}
}

// Learn takes note of how far a run is, and does not show it.
func (w *Watch) Learn(p summary.Progress) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.moment = moment{stage: sending, left: p.Total - p.Elapsed, known: time.Now(), measured: true, follows: p.Executions != nil}
	switch {
	case p.Ahead:
		w.stage = ahead
	case p.Executions != nil && p.Executions.After:
		w.stage = following
	}
}

// Began says that calls are sent from now on.
func (w *Watch) Began(time.Time) { w.enter(sending) }

// Asks says that cases are asked from now on.
func (w *Watch) Asks() { w.enter(asking) }

// Follows says that executions are followed from now on, the calls of which are all answered.
func (w *Watch) Follows() { w.enter(following) }

// Answered says that no call is in flight any more, and gives the terminal back.
func (w *Watch) Answered() {
	w.enter(answered)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.close()
}

func (w *Watch) enter(s stage) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stage = s
}

// look takes note of how far a search is.
func (w *Watch) look(p sizing.Progress) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch w.moment = (moment{stage: answered, known: time.Now()}); {
	case p.Now != nil && p.Now.Sending:
		w.stage, w.measured = sending, p.Now.Draining
	case len(p.Trials) == 0:
		w.stage = ahead
	}
}

// Search shows how far a search is. In lines, each trial has one when it begins and one when it has ended.
func (w *Watch) Search(p sizing.Progress) {
	p.Target = w.Target
	w.look(p)
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
	if w.Screen != nil && w.view == nil && !w.shut {
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
	default:
		fmt.Fprintln(w.Lines)
		w.tell(w.stopped(w.By))
	}
}

// End gives the terminal back. It may be called more than once.
func (w *Watch) End() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over = true
	w.close()
}

// close ends the view, if there is one.
func (w *Watch) close() {
	w.shut = true
	if w.view == nil {
		return
	}
	for _, note := range w.view.close() {
		w.tell(text.Printable(note, 1000))
	}
	w.view = nil
}
