// Command target is the server that load testers are measured against: it answers POST with a 200 and a fresh
// executionId, and knows to the microsecond when each call arrived and when it was answered.
//
// It is one thread around epoll that allocates nothing while it serves, so that it takes a few microseconds a call and
// is never what limits a generator on a core of its own. It speaks as much HTTP/1.1 as that needs: keep-alive,
// pipelining, and bodies with a Content-Length. Of the 6 µs that a call takes, less than half a microsecond is spent
// outside of the kernel, so that another language could not make it much leaner. With TLS it takes what package
// crypto/tls does, and allocates for each connection.
package main

import (
	"flag"
	"fmt"
	"math"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"
)

func main() {
	port := flag.Int("port", 0, "`port` on 127.0.0.1; 0 picks one")
	var c config
	flag.DurationVar(&c.delay, "delay", 0, "`time` from a call's arrival to its answer")
	flag.BoolVar(&c.spin, "spin", false, "never sleep: precise delays for a whole core")
	flag.DurationVar(&c.freezeAt, "freeze-at", 0, "`time` after the first call at which everything stops")
	flag.DurationVar(&c.freezeFor, "freeze-for", 0, "`time` for which nothing is read or answered")
	alone := flag.Bool("alone", false, "bring up the loopback of the network namespace, which is this process's own")
	path := flag.String("log", "", "`file` for the arrival and the answer of each call, written at the end")
	flag.IntVar(&c.logged, "calls", 1<<20, "the most calls that the log holds; later ones are answered and not logged")
	certificate := flag.String("tls", "", "speak TLS 1.3, with a certificate that is written to this `file`")
	flag.Parse()
	if *path == "" {
		c.logged = 0
	}
	err := error(nil)
	if *alone {
		err = bringUpLoopback()
	}
	if err == nil && *certificate != "" {
		c.tls, err = selfMade(*certificate)
	}
	if err == nil {
		err = run(*port, *path, c)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "target:", err)
		os.Exit(1)
	}
}

func run(port int, path string, c config) error {
	// Nothing is allocated while calls are served, so there is nothing to collect either.
	debug.SetGCPercent(-1)
	// The goroutine is not locked to its thread: it is preempted every 10 ms, and goes on at once where it was, while a
	// locked one would wait for two changes of threads.
	listener, port, err := listen(port)
	if err != nil {
		return err
	}
	s, err := newServer(listener, c)
	if err != nil {
		return err
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-signals
		s.stop.Store(true)
	}()
	fmt.Println(port)
	if err := s.serve(); err != nil {
		return err
	}
	if path != "" {
		if err := s.steady(); err != nil {
			return err
		}
		if err := writeLog(path, s.log); err != nil {
			return err
		}
	}
	fmt.Println(s.counts)
	return nil
}

// clock gives nanoseconds of CLOCK_MONOTONIC. The runtime reads that clock without a system call; only where it began
// is not to be had from package time.
type clock struct {
	began time.Time
	at    int64
	// ahead is how far CLOCK_REALTIME, in which the kernel stamps what arrives, is ahead.
	ahead int64
}

func newClock() (clock, error) {
	at, err := monotonic()
	c := clock{began: time.Now(), at: at}
	c.ahead = c.lead()
	return c, err
}

func (c clock) now() int64 { return c.at + int64(time.Since(c.began)) }

// lead is how far CLOCK_REALTIME is ahead, by the closest of some looks at both.
func (c clock) lead() (ahead int64) {
	closest := int64(math.MaxInt64)
	for range 100 {
		before, real, after := c.now(), time.Now().UnixNano(), c.now()
		if after-before < closest {
			closest, ahead = after-before, real-before-(after-before)/2
		}
	}
	return ahead
}

// stamped is what a stamp of the kernel is on this clock; it is not later than it was found, at now, and is that where
// there is none.
func (c clock) stamped(stamp, now int64) int64 {
	if stamp == 0 {
		return now
	}
	return min(stamp-c.ahead, now)
}

// steady is an error if somebody has set the machine's clock, so that what was stamped is not to be trusted.
func (c clock) steady() error {
	if moved := time.Duration(c.lead() - c.ahead).Abs(); moved > 100*time.Microsecond {
		return fmt.Errorf("the clock was set meanwhile, by %s, so that nobody knows when the calls arrived", moved)
	}
	return nil
}
