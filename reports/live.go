package reports

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// Progress is what is known while a run goes on.
type Progress struct {
	// Elapsed counts from the start of the run; Total is the length of its load.
	Elapsed, Total time.Duration
	Phase          string
	Warmup         bool
	// Asked is the rate that the plan wanted lately, in calls a second; 0 in a closed loop. Achieved is what was sent lately.
	Asked, Achieved float64
	// Callers is the number of callers that a closed loop has now; 0 in an open one.
	Callers  int
	InFlight int
	// P50 and P99 are the recent latency in seconds; nil where the samples cannot tell.
	P50, P99                    *float64
	Errors, Violations, Dropped uint64
}

// Live shows the progress of a run: on a terminal one line that is written anew, elsewhere a line each time.
type Live struct {
	w        io.Writer
	terminal bool
	width    int
	shown    bool
}

// NewLive makes a Live. On a terminal no line is longer than width.
func NewLive(w io.Writer, terminal bool, width int) *Live {
	return &Live{w: w, terminal: terminal, width: width}
}

// Show shows p.
func (l *Live) Show(p Progress) {
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	left := max(p.Total-p.Elapsed, 0)
	if left > 0 {
		add("%s left", max(left.Round(time.Second), time.Second))
	} else {
		add("waiting for the last answers")
	}
	name := Printable(p.Phase, 20)
	if p.Warmup {
		name += " (warm-up)"
	}
	add("%s", name)
	if p.Callers > 0 {
		add("%d callers, closed loop, %s", p.Callers, rate(p.Achieved))
	} else if left > 0 {
		add("%s of %s", rate(p.Achieved), rate(p.Asked))
	}
	add("%d in flight", p.InFlight)
	add("p50 %s p99 %s", duration(p.P50), duration(p.P99))
	add("%s", plural(p.Errors, "error"))
	add("%s", plural(p.Violations, "violation"))
	if p.Dropped > 0 {
		add("%s dropped", count(p.Dropped))
	}
	line := strings.Join(parts, " · ")
	if !l.terminal {
		fmt.Fprintf(l.w, "%6.1fs  %s\n", p.Elapsed.Seconds(), line)
		return
	}
	l.shown = true
	// Carriage return, the line, clear to the end. The last column stays free: some terminals wrap when it is written.
	fmt.Fprintf(l.w, "\r%s\x1b[K", clip(line, max(l.width-1, 10)))
}

// Done clears the line.
func (l *Live) Done() {
	if l.terminal && l.shown {
		fmt.Fprint(l.w, "\r\x1b[K")
		l.shown = false
	}
}
