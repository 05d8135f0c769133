package live

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/clipperhouse/displaywidth"

	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
)

// Screen shows a run's progress on a terminal of so many columns and rows: at most so many lines, none of them wider,
// without a line break at the end. It is a function of its arguments. What does not fit is left out, the least
// important first.
func Screen(p summary.Progress, width, height int, color bool) string {
	s := screen{p, max(width, 1)}
	return drawn(s.blocks(), sentence(p), s.width, max(height, 1), color)
}

// drawn is what is shown of blocks on so many columns and rows; on a single one it is the sentence.
func drawn(blocks []block, sentence string, width, height int, color bool) string {
	lines := []line{{plain("%s", sentence)}}
	if height > 1 {
		lines = chosen(blocks, height)
	}
	var b strings.Builder
	for i, l := range lines {
		if i > 0 {
			b.WriteByte('\n')
		}
		l.write(&b, width, color)
	}
	return b.String()
}

// A line is pieces of text of one colour each; an empty one is the terminal's own.
type line []piece

type piece struct {
	text  string
	color text.Color
}

func plain(format string, args ...any) piece { return piece{fmt.Sprintf(format, args...), ""} }

// width is the columns that a line takes.
func (l line) width() (n int) {
	for _, p := range l {
		n += displaywidth.String(p.text)
	}
	return n
}

// write writes the line in at most width columns. It is cut before colours come in, so that no cut can spoil one.
func (l line) write(b *strings.Builder, width int, colors bool) {
	l = slices.Clone(l)
	if l.width() > width {
		l = l.cut(max(width-1, 0))
		l = append(l, plain("…"))
	}
	for n := len(l); n > 0; n-- {
		if l[n-1].text = strings.TrimRight(l[n-1].text, " "); l[n-1].text != "" {
			break
		}
	}
	for _, p := range l {
		b.WriteString(text.Paint(p.text, p.color, colors))
	}
}

func (l line) cut(width int) (out line) {
	for _, p := range l {
		at := 0
		for g := displaywidth.StringGraphemes(p.text); g.Next(); {
			if width -= g.Width(); width < 0 {
				return append(out, piece{p.text[:at], p.color})
			}
			at += len(g.Value())
		}
		out = append(out, p)
	}
	return out
}

// pad fills a text up with spaces, on the right or, for numbers, on the left. A longer one is cut.
func pad(p piece, width int, right bool) piece {
	if displaywidth.String(p.text) > width {
		cut := line{p}.cut(max(width-1, 0))
		p.text = ""
		for _, c := range cut {
			p.text += c.text
		}
		p.text += "…"
	}
	spaces := strings.Repeat(" ", max(width-displaywidth.String(p.text), 0))
	if right {
		p.text = spaces + p.text
	} else {
		p.text += spaces
	}
	return p
}

type screen struct {
	summary.Progress
	width int
}

// A block is what stays together.
type block struct {
	// rank is how early a block goes when there is no room: the highest first.
	rank int
	// gap asks for an empty line above, where there is room.
	gap bool
	// list says that a part of it, with the number of the lines left out, is better than none.
	list  bool
	lines []line
}

// chosen is what is shown of blocks in so many rows.
func chosen(blocks []block, height int) (out []line) {
	order := make([]int, len(blocks))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return blocks[a].rank - blocks[b].rank })
	room := height
	for _, i := range order {
		b := &blocks[i]
		switch n := len(b.lines); {
		case n <= room:
		case b.list && room > 2:
			left := n - room + 1
			b.lines = append(b.lines[:room-1:room-1], line{{fmt.Sprintf("  … %d more", left), text.Faint}})
		default:
			b.lines = nil
		}
		room -= len(b.lines)
	}
	for _, b := range blocks {
		if len(b.lines) == 0 {
			continue
		}
		if b.gap && room > 0 && len(out) > 0 {
			out = append(out, nil)
			room--
		}
		out = append(out, b.lines...)
	}
	return out
}

func (s screen) blocks() []block {
	blocks := []block{
		{rank: 5, lines: []line{s.title()}},
		{rank: 1, lines: []line{s.bar()}},
		{rank: 4, lines: []line{s.phase()}},
		{rank: 2, gap: true, lines: s.trends()},
		{rank: 0, lines: s.counts()},
	}
	trouble := [][]line{
		s.tallies("error", s.Kinds, s.Done, text.Red), s.tallies("violation", s.Rules, s.Completed, text.Red), s.tallies("status", s.Statuses, s.Done, ""),
	}
	trouble = slices.DeleteFunc(trouble, func(l []line) bool { return len(l) == 0 })
	if s.width >= 80 && len(trouble) > 0 {
		blocks = append(blocks, block{rank: 6, gap: true, list: true, lines: s.beside(trouble)})
	} else {
		for i, l := range trouble {
			blocks = append(blocks, block{rank: 6 + 2*i, gap: true, list: true, lines: l})
		}
	}
	if tiers := s.tiers(); len(tiers) > 0 {
		blocks = append(blocks, block{rank: 7, gap: true, list: true, lines: tiers})
	}
	return append(blocks, noted(s.Notes), block{rank: 3, gap: true, lines: []line{s.keys()}})
}

// noted are the last notes.
func noted(notes []string) block {
	b := block{rank: 5, gap: true, list: true}
	for _, note := range notes[max(len(notes)-3, 0):] {
		b.lines = append(b.lines, line{{text.Printable(note, 400), text.Yellow}})
	}
	return b
}

func (s screen) title() line { return title(text.Printable(s.Scenario, 64), s.Target) }

func title(what, target string) line {
	return line{{"andon · " + what, text.Bold}, {" → " + text.Printable(target, 200), text.Faint}}
}

// bar is how far the load has come.
func (s screen) bar() line {
	done := 1.0
	if s.Total > 0 {
		done = min(max(s.Elapsed.Seconds()/s.Total.Seconds(), 0), 1)
	}
	return meter(done, fmt.Sprintf(" %3.0f %% · %s", math.Floor(100*done), remaining(s.Progress)), s.width, s.Stopping)
}

// meter is a bar that is full at 1, with what is said of it.
func meter(done float64, said string, width int, stopping bool) line {
	room := width - displaywidth.String(said)
	if room < 8 {
		return line{plain("%s", strings.TrimSpace(said))}
	}
	full := int(done * float64(room))
	color := text.Green
	if stopping {
		color = text.Yellow
	}
	return line{{strings.Repeat("█", full), color}, {strings.Repeat("░", room-full), text.Faint}, plain("%s", said)}
}

func (s screen) phase() line {
	l := line{plain("phase %d of %d: %s", s.PhaseNumber, s.Phases, text.Printable(s.Phase, 24))}
	if s.Warmup {
		l = append(l, piece{", warm-up", text.Yellow})
	}
	if s.Shape != "" {
		l = append(l, piece{" (" + text.Printable(s.Shape, 48) + ")", text.Faint})
	}
	return l
}

// labels is the width of the words before the figures.
const labels = 10

// trends are the rate and the latency of the last second, and how they came there.
func (s screen) trends() []line {
	latency := "p50"
	tail := "p99"
	if s.Callers > 0 {
		latency, tail = "serv. p50", "serv. p99"
	}
	width := 12
	pace := text.Rate(s.Achieved)
	if s.Callers > 0 {
		pace += fmt.Sprintf(" by %d callers", s.Callers)
	} else if s.Asked > 0 {
		pace += " of " + text.Rate(s.Asked)
	}
	width = max(width, displaywidth.String(pace)+2)
	row := func(label, value string, of func(summary.Moment) *float64, show func(*float64) string) line {
		l := line{{pad(plain("%s", label), labels, false).text, text.Faint}, pad(plain("%s", value), width, false)}
		room := s.width - l.width()
		top := ""
		graph, highest := spark(s.Past, max(room-12, 0), of)
		if highest != nil {
			top = " ≤ " + show(highest)
		}
		if room >= 20 && graph != "" {
			l = append(l, plain("%s", graph), piece{top, text.Faint})
		}
		return l
	}
	return []line{
		row("rate", pace, func(m summary.Moment) *float64 { return &m.Achieved }, func(v *float64) string { return text.Rate(*v) }),
		row(latency, text.Duration(s.P50), func(m summary.Moment) *float64 { return m.P50 }, text.Duration),
		row(tail, text.Duration(s.P99), func(m summary.Moment) *float64 { return m.P99 }, text.Duration),
	}
}

// spark draws the last moments, from 0 to the highest value of theirs; where there is none, it leaves a space.
func spark(past []summary.Moment, room int, of func(summary.Moment) *float64) (graph string, highest *float64) {
	levels := []rune("▁▂▃▄▅▆▇█")
	past = past[max(len(past)-room, 0):]
	for _, m := range past {
		if v := of(m); v != nil && (highest == nil || *v > *highest) {
			highest = v
		}
	}
	if highest == nil {
		return "", nil
	}
	var b strings.Builder
	for _, m := range past {
		v := of(m)
		switch {
		case v == nil:
			b.WriteByte(' ')
		case *highest <= 0:
			b.WriteRune(levels[0])
		default:
			b.WriteRune(levels[min(int(*v / *highest * float64(len(levels))), len(levels)-1)])
		}
	}
	return b.String(), highest
}

// counts are the most important numbers, in as many lines as they take.
func (s screen) counts() (out []line) {
	inFlight := text.Count(uint64(max(s.InFlight, 0)))
	if s.Limit > 0 {
		inFlight += " of " + text.Count(uint64(s.Limit))
	}
	red := func(said string, n uint64) piece {
		if n == 0 {
			return piece{said, ""}
		}
		return piece{said, text.Red}
	}
	parts := []line{
		{piece{"in flight ", text.Faint}, plain("%s", inFlight)},
		{piece{"done ", text.Faint}, plain("%s", text.Count(s.Done))},
		{piece{"errors ", text.Faint}, red(text.Counted(s.Errors, s.Done), s.Errors)},
		{piece{"violations ", text.Faint}, red(text.Count(s.Violations), s.Violations)},
	}
	if s.Shed > 0 {
		parts = append(parts, line{piece{"shed ", text.Faint}, piece{text.Counted(s.Shed, s.Done), text.Red}})
	}
	if s.Dropped > 0 {
		parts = append(parts, line{piece{"dropped ", text.Faint}, piece{text.Count(s.Dropped), text.Red}})
	}
	out = flow(parts, s.width)
	if e := s.Executions; e != nil {
		out = append(out, flow([]line{
			{piece{"backlog ", text.Faint}, plain("%s", text.Count(e.Backlog))},
			{piece{"completed ", text.Faint}, plain("%s", text.Rate(e.PerSecond))},
			{piece{"failed ", text.Faint}, red(text.Count(e.Failed), e.Failed)},
			{piece{"lost ", text.Faint}, red(text.Count(e.Lost), e.Lost)},
		}, s.width)...)
	}
	return out
}

// flow sets parts beside each other, in as many lines as they take.
func flow(parts []line, width int) (out []line) {
	var now line
	for _, p := range parts {
		if len(now) > 0 && now.width()+3+p.width() > width {
			out = append(out, now)
			now = nil
		}
		if len(now) > 0 {
			now = append(now, plain("   "))
		}
		now = append(now, p...)
	}
	return append(out, now)
}

// tallies is a list of what came back.
func (s screen) tallies(title string, list []summary.Tally, whole uint64, color text.Color) (out []line) {
	if len(list) == 0 {
		return nil
	}
	digits, name := 0, 0
	for _, t := range list {
		digits = max(digits, len(text.Count(t.Count)))
		name = max(name, min(displaywidth.String(text.Printable(t.Name, 60)), 24))
	}
	const shares, since = 9, 12
	room := s.column() - digits - 1
	shared, dated := room >= name+shares, color != "" && room >= name+shares+since
	name = max(min(name, room), 4)
	out = append(out, line{{title, text.Bold}})
	for _, t := range list {
		l := line{pad(piece{text.Printable(t.Name, 60), color}, name, false), plain(" "), pad(plain("%s", text.Count(t.Count)), digits, true)}
		if shared {
			l = append(l, piece{pad(plain("%s", text.Share(t.Count, whole)), shares, true).text, text.Faint})
		}
		if dated {
			l = append(l, piece{" from " + short(t.First), text.Faint})
		}
		out = append(out, l)
	}
	return out
}

// short writes a moment of the run.
func short(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%.0fs", d.Seconds())
	}
	return d.Round(time.Second).String()
}

// column is the width of one list of tallies.
func (s screen) column() int {
	if s.width >= 80 {
		return min((s.width-4)/3, 48)
	}
	return min(s.width, 48)
}

// beside sets lists beside each other.
func (s screen) beside(lists [][]line) (out []line) {
	column := s.column()
	for i := 0; ; i++ {
		var row line
		any := false
		for _, l := range lists {
			var cell line
			if i < len(l) {
				cell, any = l[i], true
			}
			if cell.width() > column {
				cell = append(cell.cut(column-1), plain("…"))
			}
			if len(row) > 0 {
				row = append(row, plain("  "))
			}
			row = append(append(row, cell...), plain("%s", strings.Repeat(" ", max(column-cell.width(), 0))))
		}
		if !any {
			return out
		}
		out = append(out, row)
	}
}

// tiers sets the tiers' figures below each other.
func (s screen) tiers() (out []line) {
	if len(s.Tiers) == 0 {
		return nil
	}
	type column struct {
		head  string
		width int
		keep  int // the lowest stays longest
		cell  func(summary.TierProgress) piece
	}
	columns := []column{
		{"sent", 10, 2, func(t summary.TierProgress) piece { return plain("%s", text.Count(t.Sent)) }},
		{"errors", 10, 3, func(t summary.TierProgress) piece {
			if t.Errors > 0 {
				return piece{text.Count(t.Errors), text.Red}
			}
			return plain("0")
		}},
		{"p50", 9, 0, func(t summary.TierProgress) piece { return plain("%s", text.Duration(t.Latency.P50)) }},
		{"p90", 9, 6, func(t summary.TierProgress) piece { return plain("%s", text.Duration(t.Latency.P90)) }},
		{"p95", 9, 4, func(t summary.TierProgress) piece { return plain("%s", text.Duration(t.Latency.P95)) }},
		{"p99", 9, 1, func(t summary.TierProgress) piece { return plain("%s", text.Duration(t.Latency.P99)) }},
		{"max", 9, 5, func(t summary.TierProgress) piece { return plain("%s", text.Duration(t.Latency.Max)) }},
	}
	name := len("tier")
	for _, t := range s.Tiers {
		name = max(name, min(displaywidth.String(text.Printable(t.Name, 24)), 16))
	}
	kept := 0
	for room := s.width - name; kept < len(columns); kept++ {
		i := slices.IndexFunc(columns, func(c column) bool { return c.keep == kept })
		if room -= columns[i].width; room < 0 {
			break
		}
	}
	head := line{pad(piece{"tier", text.Bold}, name, false)}
	for _, c := range columns {
		if c.keep < kept {
			head = append(head, piece{pad(plain("%s", c.head), c.width, true).text, text.Faint})
		}
	}
	out = append(out, head)
	for _, t := range s.Tiers {
		row := line{pad(plain("%s", text.Printable(t.Name, 24)), name, false)}
		for _, c := range columns {
			if c.keep < kept {
				row = append(row, pad(c.cell(t), c.width, true))
			}
		}
		out = append(out, row)
	}
	return out
}

// keys says what can be pressed, in the longest words that fit.
func (s screen) keys() line {
	words := []string{"q or Ctrl-C: stop sending and wait for the calls in flight", "q: stop and wait for the answers", "q: stop"}
	color := text.Faint
	switch {
	case s.Executions != nil && s.Executions.After:
		words = []string{"all calls are answered; q or Ctrl-C: stop following their executions", "q: stop following executions", "q: stop"}
		color = text.Yellow
	case s.Ahead && s.Stopping:
		words, color = []string{"stopped before the first call: no call was sent", "stopped before the first call", "stopped"}, text.Yellow
	case s.Ahead:
		words = []string{"q or Ctrl-C: stop before the first call", "q: stop"}
	case s.Stopping:
		words = []string{"nothing more is sent; waiting for the calls in flight (q or Ctrl-C again gives them up)", "nothing more is sent; q again gives up the calls", "q again: give up"}
		color = text.Yellow
	}
	return longest(words, color, s.width)
}

// longest is the first of the words that fits.
func longest(words []string, color text.Color, width int) line {
	for _, w := range words {
		if len(w) <= width {
			return line{{w, color}}
		}
	}
	return line{{words[len(words)-1], color}}
}
