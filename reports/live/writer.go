package live

import (
	"io"
	"os"
	"sync"
	"time"
)

// A Writer hands what it is given on to another writer from a goroutine of its own, so that whoever writes is never
// held up by whoever reads: a terminal in Ctrl-S, a pager that waits for a key, a pipe that is full. Make it with
// [NewWriter]; it is safe for concurrent use.
type Writer struct {
	to io.Writer

	mu sync.Mutex
	// waiting has not been handed on, and size is how many bytes it is.
	waiting []entry
	size    int
	// idle is closed once everything was handed on; nil where nothing is under way.
	idle chan struct{}
	// writing is when what is handed on now was begun with; zero where nothing is.
	writing time.Time
}

// entry is what was written at once. One that passes makes room for the next of its kind.
type entry struct {
	text   []byte
	passes bool
}

// room is how many bytes may wait for a reader. What comes then is lost, but for the first.
const room = 256 << 10

// NewWriter gives a writer to another one. No goroutine of it is there while nothing waits.
func NewWriter(to io.Writer) *Writer { return &Writer{to: to} }

// Write implements [io.Writer]. It keeps a copy, and never fails: that nobody reads is no reason to stop.
func (w *Writer) Write(p []byte) (int, error) {
	w.add(p, false)
	return len(p), nil
}

// Pass writes what the next of its kind takes the place of, if it has not been handed on until then: of the progress
// only the latest is of use to a reader who comes back.
func (w *Writer) Pass(p []byte) { w.add(p, true) }

func (w *Writer) add(p []byte, passes bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if passes {
		for i, e := range w.waiting {
			if e.passes {
				w.size -= len(e.text)
				w.waiting = append(w.waiting[:i], w.waiting[i+1:]...)
				break
			}
		}
	}
	if len(w.waiting) > 0 && w.size+len(p) > room {
		return
	}
	w.waiting = append(w.waiting, entry{append([]byte(nil), p...), passes})
	w.size += len(p)
	if w.idle == nil {
		w.idle = make(chan struct{})
		go w.hand()
	}
}

// hand hands on what waits, until nothing does.
func (w *Writer) hand() {
	for {
		w.mu.Lock()
		if len(w.waiting) == 0 {
			close(w.idle)
			w.idle = nil
			w.mu.Unlock()
			return
		}
		next := w.waiting[0]
		w.waiting = w.waiting[1:]
		w.size -= len(next.text)
		w.writing = time.Now()
		w.mu.Unlock()
		_, _ = w.to.Write(next.text)
		w.mu.Lock()
		w.writing = time.Time{}
		w.mu.Unlock()
	}
}

// busy is how many times longer than a reader a machine may take that has no processor for us.
const busy = 10

// Await waits until everything was handed on, but for a reader that takes nothing for so long at most, and reports
// whether it was.
func (w *Writer) Await(patience time.Duration) bool {
	w.mu.Lock()
	idle := w.idle
	w.mu.Unlock()
	if idle == nil {
		return true
	}
	late := time.NewTimer(patience)
	defer late.Stop()
	for range busy {
		select {
		case <-idle:
			return true
		case <-late.C:
		}
		w.mu.Lock()
		writing := w.writing
		w.mu.Unlock()
		held := time.Duration(0)
		if !writing.IsZero() {
			held = time.Since(writing)
		}
		if held >= patience {
			return false
		}
		late.Reset(patience - held)
	}
	return false
}

// behind reports whether something waits to be handed on.
func (w *Writer) behind() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.waiting) > 0
}

// tty is a terminal to which is written by way of a [Writer].
type tty struct {
	file *os.File
	by   *Writer
}

func (t tty) Read(p []byte) (int, error)  { return t.file.Read(p) }
func (t tty) Write(p []byte) (int, error) { return t.by.Write(p) }
func (t tty) Close() error                { return t.file.Close() }
func (t tty) Fd() uintptr                 { return t.file.Fd() }
