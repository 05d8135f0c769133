package live

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/clipperhouse/displaywidth"

	"github.com/kaizenautomation/andon/reports/sizing"
	"github.com/kaizenautomation/andon/reports/text"
)

// SearchScreen shows a search's progress as [Screen] shows a run's: the trials as they came, the one that goes on, and
// what is known of the capacity by now.
func SearchScreen(p sizing.Progress, width, height int, color bool) string {
	s := searchScreen{p, max(width, 1)}
	parts := append(begun(p), s.spent()...)
	return drawn(s.blocks(), strings.Join(parts, " · "), s.width, max(height, 1), color)
}

// searched is a search as a view has it.
func searched(p sizing.Progress) picture {
	return func(since time.Duration, notes []string, stopping bool, width, height int, color bool) string {
		p := p
		p.Elapsed, p.Notes, p.Stopping = p.Elapsed+since, append(slices.Clone(p.Notes), notes...), p.Stopping || stopping
		if p.Now != nil {
			now := *p.Now
			now.Elapsed += since
			p.Now = &now
		}
		return SearchScreen(p, width, height, color)
	}
}

// writeBegun writes of the trial that has begun, and writeTrial of one that has ended, as [writeLine] does.
func writeBegun(w io.Writer, p sizing.Progress, columns int) {
	writeParts(w, p.Elapsed, begun(p), columns)
}

func writeTrial(w io.Writer, p sizing.Progress, t sizing.Trial, columns int) {
	writeParts(w, p.Elapsed, ended(p.Objectives, t), columns)
}

// begun says what the trial is that goes on.
func begun(p sizing.Progress) []string {
	c := p.Now
	if c == nil {
		return []string{"between two trials"}
	}
	parts := []string{fmt.Sprintf("trial %d begins: %s%s", c.N, c.Asked().Load(), in(purpose(c.Asked())))}
	if c.Most > 0 {
		parts = append(parts, "for up to "+clock(c.Most))
	}
	if known := capacity(p); known != "" {
		parts = append(parts, known)
	}
	return parts
}

// ended says what came of a trial.
func ended(objectives []sizing.Objective, t sizing.Trial) []string {
	parts := []string{fmt.Sprintf("trial %d: %s %s", t.N, t.Load(), outcome(t.Outcome).word)}
	if t.Reason != "" {
		parts = append(parts, text.Printable(t.Reason, 120))
	}
	parts = append(parts, "p95 "+text.Duration(t.P95))
	if i := nearest(objectives, t.Shares); i >= 0 && !strings.Contains(t.Reason, objectives[i].Expr) {
		parts = append(parts, fmt.Sprintf("%s over %s", text.Percent(t.Shares[i]), text.Printable(objectives[i].Expr, 60)))
	}
	parts = append(parts, text.Plural(t.Calls, "call"))
	if t.Low != nil && t.High != nil {
		parts = append(parts, "capacity "+text.RateBetween(*t.Low, t.High))
	}
	return parts
}

// mark is how an outcome is shown.
type mark struct {
	sign, word string
	color      text.Color
}

func outcome(of string) mark {
	switch of {
	case sizing.Holds:
		return mark{"✓", "holds", text.Green}
	case sizing.Broken:
		return mark{"✕", "broken", text.Red}
	case sizing.Void:
		return mark{"–", "void", text.Faint}
	}
	return mark{"?", "undecided", text.Yellow}
}

// nearest is the objective of which most is used up, or that is broken most; -1 where none was counted.
func nearest(objectives []sizing.Objective, shares []float64) int {
	at, most := -1, 0.0
	for i, share := range shares[:min(len(shares), len(objectives))] {
		if used := share / max(objectives[i].Allowed, 1e-9); at < 0 || used > most {
			at, most = i, used
		}
	}
	return at
}

// purpose is what a trial is for, in words that a terminal shows as they are.
func purpose(t sizing.Trial) string { return text.Printable(t.Purpose(), 120) }

// in puts words in brackets, if there are any.
func in(words string) string {
	if words == "" {
		return ""
	}
	return " (" + words + ")"
}

// capacity is what is known of it by now; empty where that is nothing.
func capacity(p sizing.Progress) string {
	switch {
	case p.Low > 0 && p.High > 0:
		return "capacity " + text.RateBetween(p.Low, &p.High)
	case p.Low > 0:
		return "capacity ≥ " + text.Rate(p.Low)
	case p.High > 0:
		return "capacity ≤ " + text.Rate(p.High)
	}
	return ""
}

// clock writes a time by the second, so that it does not flicker.
func clock(d time.Duration) string { return max(d, 0).Round(time.Second).String() }

type searchScreen struct {
	sizing.Progress
	width int
}

func (s searchScreen) blocks() []block {
	return []block{
		{rank: 5, lines: []line{title("capacity of "+text.Printable(s.Scenario, 64), s.Target)}},
		{rank: 4, lines: flow(faint(s.spent()), s.width)},
		{rank: 1, gap: true, lines: []line{s.answer()}},
		{rank: 3, lines: s.axis()},
		{rank: 0, gap: true, lines: s.current()},
		{rank: 6, gap: true, list: true, lines: s.trials()},
		noted(s.Notes),
		{rank: 2, gap: true, lines: []line{s.keys()}},
	}
}

func faint(parts []string) (lines []line) {
	for _, p := range parts {
		lines = append(lines, line{{p, text.Faint}})
	}
	return lines
}

// spent is what was used of the budget.
func (s searchScreen) spent() []string {
	of := func(used, most string, limited bool) string {
		if limited {
			used += " of " + most
		}
		return used
	}
	b := s.Budget
	now, sent := 0, uint64(0)
	if s.Now != nil {
		now, sent = 1, s.Now.Sent
	}
	limit := time.Duration(min(b.Seconds, 1e9) * float64(time.Second))
	parts := []string{
		of(clock(s.Elapsed), clock(limit), b.Seconds > 0),
		of(text.Count(b.SpentCalls+sent), text.Count(b.Calls), b.Calls > 0) + " calls",
	}
	if tried := max(b.SpentTrials, 0) + now; b.Trials > 0 {
		parts = append(parts, fmt.Sprintf("%d of %d trials", tried, b.Trials))
	} else {
		parts = append(parts, text.Plural(uint64(tried), "trial"))
	}
	if b.Cost > 0 || b.SpentCost > 0 {
		parts = append(parts, "cost "+of(fmt.Sprintf("%.2f", b.SpentCost), fmt.Sprintf("%.2f", b.Cost), b.Cost > 0))
	}
	return parts
}

// answer is what is known of the capacity.
func (s searchScreen) answer() line {
	known := capacity(s.Progress)
	if known == "" {
		known = "nothing is known of the capacity yet"
	}
	l := line{{known, text.Bold}}
	if s.Rate > 0 && s.Low > 0 && s.High > 0 {
		l = append(l, piece{fmt.Sprintf(", most likely %s, ± %s", text.Rate(s.Rate), text.Percent((s.High-s.Low)/2/s.Rate)), ""})
	}
	if s.Need > 0 {
		l = append(l, piece{", needed " + text.Rate(s.Need), text.Faint})
	}
	return l
}

// atRate reports whether a trial tells of the capacity at its rate, and not of another mix, or of callers.
func atRate(of string, callers int) bool {
	return callers == 0 && slices.Contains([]string{"acceptance", "completion", "need", "onset"}, of)
}

// axis has the trials over a line of the rates: what is below the interval, the interval, and what is above it.
func (s searchScreen) axis() []line {
	top := max(s.High, s.Low, s.Need)
	tried := slices.DeleteFunc(slices.Clone(s.Trials), func(t sizing.Trial) bool { return !atRate(t.Of, t.Callers) })
	for _, t := range tried {
		top = max(top, t.Rate)
	}
	now := 0.0
	if s.Now != nil && atRate(s.Now.Of, s.Now.Callers) {
		now = s.Now.Rate
	}
	top = max(top, now)
	from, to := "0 ", " "+text.Rate(top)
	room := s.width - len(from) - displaywidth.String(to)
	if room < 20 || !(top > 0) || math.IsInf(top, 0) {
		return nil
	}
	at := func(rate float64) int { return min(max(int(rate/top*float64(room)), 0), room-1) }
	marks := make([]piece, room)
	for i := range marks {
		marks[i] = plain(" ")
	}
	put := func(rate float64, p piece) {
		if rate > 0 {
			marks[at(rate)] = p
		}
	}
	put(s.Need, piece{"|", text.Bold})
	for _, t := range tried {
		m := outcome(t.Outcome)
		put(t.Rate, piece{m.sign, m.color})
	}
	put(now, piece{"▼", text.Bold})
	low, high := 0, room
	if s.Low > 0 {
		low = at(s.Low)
	}
	if s.High > 0 {
		high = at(s.High) + 1
	}
	return []line{
		append(line{plain("%s", strings.Repeat(" ", len(from)))}, marks...),
		{{from, text.Faint}, {strings.Repeat("━", low), text.Green}, {strings.Repeat("█", max(high-low, 0)), text.Bold}, {strings.Repeat("╌", room-max(high, low)), text.Red}, {to, text.Faint}},
	}
}

// current is the trial that goes on.
func (s searchScreen) current() []line {
	c := s.Now
	if c == nil {
		return []line{{piece{"between two trials", text.Faint}}}
	}
	doing := "measuring"
	switch {
	case s.Stopping:
		doing = "stopping"
	case !c.Sending && c.Sent == 0:
		doing = "waiting for the first call"
	case c.Draining:
		doing = "the target drains"
	case c.Settling:
		doing = "settling"
	}
	done, said := 0.0, " "+doing+", "+clock(c.Elapsed)
	if c.Most > 0 {
		done = min(max(c.Elapsed.Seconds()/c.Most.Seconds(), 0), 1)
		said += " of at most " + clock(c.Most)
	}
	parts := []line{
		{piece{"p95 ", text.Faint}, plain("%s", text.Duration(c.P95))},
		{piece{"p99 ", text.Faint}, plain("%s", text.Duration(c.P99))},
		{piece{"in flight ", text.Faint}, plain("%s", text.Count(uint64(max(c.InFlight, 0))))},
		{piece{"sent ", text.Faint}, plain("%s", text.Count(c.Sent))},
	}
	if i := nearest(s.Objectives, c.Shares); i >= 0 && c.Counted > 0 {
		o := s.Objectives[i]
		color := text.Green
		if c.Shares[i] > o.Allowed {
			color = text.Red
		}
		parts = append(parts, line{piece{text.Printable(o.Expr, 60) + ": ", text.Faint}, piece{text.Percent(c.Shares[i]), color}, plain(" over, %s may be, of %s", text.Percent(o.Allowed), text.Plural(c.Counted, "call"))})
	}
	return append([]line{
		{{fmt.Sprintf("trial %d: %s", c.N, c.Asked().Load()), text.Bold}, {in(purpose(c.Asked())), text.Faint}},
		meter(done, said, s.width, s.Stopping),
	}, flow(parts, s.width)...)
}

// trials are those that have ended, the latest first.
func (s searchScreen) trials() (out []line) {
	for _, t := range slices.Backward(s.Trials) {
		m := outcome(t.Outcome)
		over, why := "", purpose(t)
		if i := nearest(s.Objectives, t.Shares); i >= 0 {
			over = text.Percent(t.Shares[i]) + " over"
		}
		if t.Reason != "" {
			why += ": " + text.Printable(t.Reason, 120)
		}
		out = append(out, line{
			pad(plain("%d", t.N), 3, true), plain(" "), pad(plain("%s", t.Load()), 10, true), plain("  "), pad(piece{m.sign + " " + m.word, m.color}, 12, false),
			pad(plain("p95 %s", text.Duration(t.P95)), 13, false), plain(" "), pad(plain("%s", over), 13, true), {"  " + why, text.Faint},
		})
	}
	return out
}

func (s searchScreen) keys() line {
	words := []string{"q or Ctrl-C: stop the search and wait for the calls in flight; what is known by then is kept", "q: stop the search, and wait for the answers", "q: stop"}
	color := text.Faint
	switch sends := s.Now != nil && s.Now.Sending; {
	case s.Stopping && !sends:
		words = []string{"stopped; no call is in flight, and what was measured is written down (q or Ctrl-C again ends that)", "stopped; no call is in flight", "q again: give up"}
		color = text.Yellow
	case s.Stopping:
		words = []string{"nothing more is sent; waiting for the calls in flight (q or Ctrl-C again gives them up)", "nothing more is sent; q again gives up the calls", "q again: give up"}
		color = text.Yellow
	}
	return longest(words, color, s.width)
}
