package main

import (
	"context"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"
)

// A stopper hears SIGINT, SIGTERM and SIGHUP. The first ends what is under way in good order, the second at once, and
// the third whatever holds that up.
type stopper struct {
	// first is closed at the first signal, and kill ends at the second.
	first chan struct{}
	kill  context.Context
	// code is the exit code where the process has to be ended.
	code atomic.Int32

	arrived  chan os.Signal
	released chan struct{}
	cancel   context.CancelFunc
}

const (
	// patience is for how long the process may go on after the second signal before it is ended: it writes what was
	// measured, which takes a moment, or longer where others have the disk and the processor. A reader of the report
	// who does not read holds it up for good. After a third signal it has a grace: people press more than once.
	patience = 5 * time.Second
	grace    = 500 * time.Millisecond
	// last is how long the terminal may take to be given back then, and words to be taken that are said at a signal.
	last = 50 * time.Millisecond
)

// signals begins to hear them, until release is called. said is called at the first one, and give before the process is
// ended that does not end by itself.
func (c *command) signals(said, give func()) *stopper {
	s := &stopper{first: make(chan struct{}), arrived: make(chan os.Signal, 2), released: make(chan struct{})}
	s.kill, s.cancel = context.WithCancel(context.Background())
	s.code.Store(noVerdict)
	signal.Notify(s.arrived, os.Interrupt, syscall.SIGTERM)
	// nohup asks for a hangup to be ignored. Otherwise a terminal that is closed ends the run, and the report is written.
	if !signal.Ignored(syscall.SIGHUP) {
		signal.Notify(s.arrived, syscall.SIGHUP)
	}
	go func() {
		if !s.hear() {
			return
		}
		// What is said is of what goes on now, and not of what comes of it. It holds nothing up for long.
		attempt(said)
		close(s.first)
		if !s.hear() {
			return
		}
		s.cancel()
		if s.ends() {
			return
		}
		c.giveUp(give)
		os.Exit(int(s.code.Load()))
	}()
	return s
}

// ends waits for the process to end by itself, and is false where it does not.
func (s *stopper) ends() bool {
	over := time.NewTimer(patience)
	defer over.Stop()
	for third := s.arrived; ; {
		select {
		case <-s.released:
			return true
		case <-over.C:
			return false
		case <-third:
			third = nil
			over.Reset(grace)
		}
	}
}

// hear waits for a signal, and reports whether there was one.
func (s *stopper) hear() bool {
	select {
	case <-s.arrived:
		return true
	case <-s.released:
		return false
	}
}

// attempt waits for something that a terminal may hold up, and not for long.
func attempt(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
	case <-time.After(last):
	}
}

// giveUp says that the process is ended, where anybody listens.
func (c *command) giveUp(give func()) {
	attempt(give)
	c.tell("andon: ended by a signal, since it did not end by itself; what a run has measured is in its directory: andon report reads it")
	c.stderr.Await(last)
}

// press counts as a signal.
func (s *stopper) press() {
	select {
	case s.arrived <- os.Interrupt:
	default:
	}
}

// release has signals end the process again as they do by themselves.
func (s *stopper) release() {
	signal.Stop(s.arrived)
	close(s.released)
	s.cancel()
}

// again is closed at the next signal, the first or the second.
func (s *stopper) again() <-chan struct{} {
	select {
	case <-s.first:
		return s.kill.Done()
	default:
		return s.first
	}
}
