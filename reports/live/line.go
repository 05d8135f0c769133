package live

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
)

// writeLine writes p in one line, for logs and for terminals that show no more; on one of fewer columns, in as many as
// it takes. 0 is any number of columns.
func writeLine(w io.Writer, p summary.Progress, columns int) {
	writeParts(w, p.Elapsed, said(p), columns)
}

// writeParts writes what is known at a moment.
func writeParts(w io.Writer, at time.Duration, parts []string, columns int) {
	const separator, indent = " · ", 9
	lines := []string{strings.Join(parts, separator)}
	if columns > 0 {
		lines = text.Flow(parts, separator, max(columns-indent, 20))
	}
	fmt.Fprintln(w, text.Inert(fmt.Sprintf("%6.1fs  %s", at.Seconds(), strings.Join(lines, "\n"+strings.Repeat(" ", indent)))))
}

// sentence says the most important of it in one line.
func sentence(p summary.Progress) string { return strings.Join(said(p), " · ") }

// said is the most important of it.
func said(p summary.Progress) []string {
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	add("%s", remaining(p))
	after := p.Executions != nil && p.Executions.After
	if name := text.Printable(p.Phase, 20); !after {
		if p.Warmup {
			name += " (warm-up)"
		}
		add("%s", name)
	}
	if !after && (p.Callers > 0 || left(p) > 0) {
		add("%s", pace(p))
	}
	if e := p.Executions; e != nil {
		add("backlog %s", text.Count(e.Backlog))
		add("%s completed", text.Rate(e.PerSecond))
		if e.Failed > 0 {
			add("%s failed", text.Count(e.Failed))
		}
		if e.Lost > 0 {
			add("%s lost", text.Count(e.Lost))
		}
	}
	if after {
		return parts // the calls are over, and have been told of
	}
	add("%d in flight", p.InFlight)
	add("p50 %s p99 %s", text.Duration(p.P50), text.Duration(p.P99))
	add("%s", text.Plural(p.Errors, "error"))
	if p.Shed > 0 {
		add("%s shed", text.Count(p.Shed))
	}
	add("%s", text.Plural(p.Violations, "violation"))
	if p.Dropped > 0 {
		add("%s dropped", text.Count(p.Dropped))
	}
	return parts
}

func left(p summary.Progress) time.Duration { return max(p.Total-p.Elapsed, 0) }

// remaining says how long it will go on.
func remaining(p summary.Progress) string {
	switch left := left(p); {
	case p.Executions != nil && p.Executions.After:
		return "following for up to " + max(p.Executions.Left.Round(time.Second), 0).String()
	case p.Stopping:
		return "stopping"
	case p.Ahead:
		return "waiting for the start"
	case left > 0:
		return max(left.Round(time.Second), time.Second).String() + " left"
	}
	return "waiting for the last answers"
}

func pace(p summary.Progress) string {
	if p.Callers > 0 {
		return fmt.Sprintf("%d callers, closed loop, %s", p.Callers, text.Rate(p.Achieved))
	}
	return fmt.Sprintf("%s of %s", text.Rate(p.Achieved), text.Rate(p.Asked))
}
