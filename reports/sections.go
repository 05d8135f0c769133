package reports

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/kaizenautomation/andon/reports/histogram"
	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
)

// A style is what differs between the renderings of the same tables.
type style struct {
	// foreign makes a text that is not andon's own safe to show, in at most so many characters.
	foreign func(s string, limit int) string
	good    func(string) string
	bad     func(string) string
	// example is how many characters of a sample are shown.
	example int
}

// A section is a table with its title.
type section struct {
	title string
	Table
}

// sections are the tables of a run. The first of them are what most people look for.
func sections(s Summary, st style) []section {
	list := []section{
		{"Calls", s.totals(st)},
		{"Times", s.times()},
		{"Tiers", s.besides(st)},
		{"Content", s.groupTable("content", s.contents(), s.Groups.Content, st)},
		{"Phases", s.phaseTable(st)},
		{"Statuses", s.statuses()},
		{"Errors", s.errorTable(st)},
		{"Contract violations", s.violationTable(st)},
		{"Slowest calls", s.slowestTable(st)},
		{"Thresholds", s.thresholdTable(st)},
	}
	return slices.DeleteFunc(list, func(s section) bool { return len(s.Rows) == 0 })
}

func (s Summary) totals(st style) Table {
	f := s.Total
	t := Table{
		Header: []string{">planned", ">sent", ">completed", ">ok", ">errors", ">violations", ">dropped", ">rate"},
		Rows: [][]string{{
			planned(f.Planned), count(f.Sent), count(f.Completed), counted(f.OK, f.Sent),
			bad(st, f.Failed(), counted(f.Failed(), f.Sent)), bad(st, f.Violated(), counted(f.Violated(), f.Completed)),
			bad(st, f.Dropped, count(f.Dropped)), asked(f.Rate),
		}},
	}
	if f.Unsent > 0 {
		t.Header = append(t.Header, ">unsent")
		t.Rows[0] = append(t.Rows[0], st.bad(count(f.Unsent)))
	}
	return t
}

func planned(n *uint64) string {
	if n == nil {
		return "open-ended"
	}
	return count(*n)
}

// asked is the achieved rate, beside the planned one where the two differ by more than rounding hides.
func asked(r metrics.Rate) string {
	achieved := rate(r.Achieved)
	if r.Planned == nil || rate(*r.Planned) == achieved {
		return achieved
	}
	return achieved + " of " + rate(*r.Planned)
}

func bad(st style, n uint64, text string) string {
	if n > 0 {
		return st.bad(text)
	}
	return text
}

func (s Summary) times() Table {
	t := Table{Header: []string{"", ">min", ">mean", ">p50", ">p90", ">p95", ">p99", ">p99.9", ">max"}}
	row := func(name string, x metrics.Times) {
		t.Rows = append(t.Rows, []string{name, duration(x.Min), duration(x.Mean), duration(x.P50), duration(x.P90),
			duration(x.P95), duration(x.P99), duration(x.P999), duration(x.Max)})
	}
	if s.Total.Latency.Max == nil {
		return t
	}
	if !s.Run.ClosedLoop {
		row("latency (due → last byte)", s.Total.Latency)
	}
	row("service (send → last byte)", s.Total.Service)
	// Where no call had to connect and every response came at once, all of the service time is waiting.
	some := func(x metrics.Times) bool { return x.Max != nil && *x.Max > 0 }
	if p := s.Parts; some(p.Connect) || some(p.TLS) || some(p.Read) {
		for _, part := range []struct {
			name string
			metrics.Times
		}{{"· connect", p.Connect}, {"· TLS", p.TLS}, {"· wait", p.Wait}, {"· read", p.Read}} {
			if some(part.Times) {
				row(part.name, part.Times)
			}
		}
	}
	if s.Run.ClosedLoop {
		return t
	}
	lag := s.Validity.Lag
	t.Rows = append(t.Rows, []string{"lag (due → send)", "", "", duration(lag.P50), "", "", duration(lag.P99), "", duration(lag.Max)})
	return t
}

// besides sets the tiers beside each other, and the second named one against the first.
func (s Summary) besides(st style) Table {
	names := s.tiers()
	t := Table{Header: []string{""}}
	var groups []metrics.Figures
	var named []int
	for i, n := range names {
		f := s.Groups.Tier[n]
		groups = append(groups, f)
		t.Header = append(t.Header, ">"+st.foreign(n, 24))
		if n != "default" && !f.Invalid && f.Sent > 0 {
			named = append(named, i)
		}
	}
	compared := len(named) > 1
	if compared {
		t.Header = append(t.Header, ">"+st.foreign(names[named[1]]+" − "+names[named[0]], 40))
	}
	row := func(name string, cell func(metrics.Figures) string, difference func(a, b metrics.Figures) string) {
		r := []string{name}
		empty := true
		for _, g := range groups {
			r = append(r, cell(g))
			empty = empty && (r[len(r)-1] == unsupported || r[len(r)-1] == "")
		}
		if compared && difference != nil {
			r = append(r, difference(groups[named[0]], groups[named[1]]))
		} else if compared {
			r = append(r, "")
		}
		if !empty {
			t.Rows = append(t.Rows, r)
		}
	}
	row("sent", func(f metrics.Figures) string { return count(f.Sent) }, nil)
	row("rate", func(f metrics.Figures) string { return rate(f.Rate.Achieved) }, nil)
	ratio := func(part, whole func(metrics.Figures) uint64) (func(metrics.Figures) string, func(a, b metrics.Figures) string) {
		return func(f metrics.Figures) string {
				if part(f) == 0 {
					return "0"
				}
				return bad(st, part(f), counted(part(f), whole(f)))
			}, func(a, b metrics.Figures) string {
				if whole(a) == 0 || whole(b) == 0 || part(a)+part(b) == 0 {
					return ""
				}
				return points(float64(part(b))/float64(whole(b)) - float64(part(a))/float64(whole(a)))
			}
	}
	sent := func(f metrics.Figures) uint64 { return f.Sent }
	errors, errorsDiff := ratio(metrics.Figures.Failed, sent)
	row("errors", errors, errorsDiff)
	violations, violationsDiff := ratio(metrics.Figures.Violated, func(f metrics.Figures) uint64 { return f.Completed })
	row("violations", violations, violationsDiff)
	if slices.ContainsFunc(groups, func(f metrics.Figures) bool { return f.Dropped > 0 }) {
		dropped, droppedDiff := ratio(func(f metrics.Figures) uint64 { return f.Dropped }, func(f metrics.Figures) uint64 { return f.Sent + f.Dropped })
		row("dropped", dropped, droppedDiff)
	}
	timed := func(name string, get func(metrics.Figures) *float64) {
		row(name, func(f metrics.Figures) string { return duration(get(f)) },
			func(a, b metrics.Figures) string { return gap(get(a), get(b)) })
	}
	if !s.Run.ClosedLoop {
		timed("latency p50", func(f metrics.Figures) *float64 { return f.Latency.P50 })
		timed("latency p90", func(f metrics.Figures) *float64 { return f.Latency.P90 })
		timed("latency p95", func(f metrics.Figures) *float64 { return f.Latency.P95 })
		timed("latency p99", func(f metrics.Figures) *float64 { return f.Latency.P99 })
		timed("latency p99.9", func(f metrics.Figures) *float64 { return f.Latency.P999 })
		timed("latency max", func(f metrics.Figures) *float64 { return f.Latency.Max })
	}
	timed("service p50", func(f metrics.Figures) *float64 { return f.Service.P50 })
	timed("service p99", func(f metrics.Figures) *float64 { return f.Service.P99 })
	if s.Run.ClosedLoop {
		timed("service max", func(f metrics.Figures) *float64 { return f.Service.Max })
	}
	return t
}

// points is a difference of two ratios, in percentage points.
func points(d float64) string {
	text := digits(d*100) + " pp"
	if d > 0 {
		text = "+" + text
	}
	return strings.Replace(text, "-", "−", 1)
}

// gap is b − a, in time and in percent of a.
func gap(a, b *float64) string {
	if a == nil || b == nil {
		return ""
	}
	d := *b - *a
	text := duration(&d)
	if *a > 0 {
		ratio := " (0 %)"
		if p := math.Round(100 * d / *a); p != 0 {
			ratio = fmt.Sprintf(" (%+.0f %%)", p)
		}
		text += ratio
	}
	if d > 0 {
		text = "+" + text
	}
	return strings.ReplaceAll(text, "-", "−")
}

// headline is the time that stands for a group: latency, or service time where nothing is due.
func (s Summary) headline(f metrics.Figures) metrics.Times {
	if s.Run.ClosedLoop {
		return f.Service
	}
	return f.Latency
}

func (s Summary) groupTable(title string, names []string, groups map[string]metrics.Figures, st style) Table {
	t := Table{Header: []string{title, ">sent", ">errors", ">violations", ">p50", ">p95", ">p99", ">max"}}
	for _, n := range names {
		f := groups[n]
		x := s.headline(f)
		t.Rows = append(t.Rows, []string{st.foreign(n, 40), count(f.Sent), bad(st, f.Failed(), counted(f.Failed(), f.Sent)),
			bad(st, f.Violated(), counted(f.Violated(), f.Completed)),
			duration(x.P50), duration(x.P95), duration(x.P99), duration(x.Max)})
	}
	return t
}

func (s Summary) phaseTable(st style) Table {
	t := Table{Header: []string{"phase", "load", ">sent", ">rate", ">errors", ">p50", ">p99", ">max"}}
	for _, p := range s.Run.Phases {
		f, there := s.Groups.Phase[p.Name]
		if !there {
			continue
		}
		x := s.headline(f)
		shape := p.Shape
		if p.Warmup {
			shape += ", warm-up"
		}
		t.Rows = append(t.Rows, []string{st.foreign(p.Name, 24), st.foreign(shape, 48), count(f.Sent), asked(f.Rate),
			bad(st, f.Failed(), counted(f.Failed(), f.Sent)), duration(x.P50), duration(x.P99), duration(x.Max)})
	}
	if len(t.Rows) == 1 && !s.Run.Phases[0].Warmup {
		t.Rows = nil
	}
	return t
}

// mostFirst orders names by their counts.
func mostFirst(counts map[string]uint64) []string {
	return slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		if counts[a] != counts[b] {
			if counts[a] > counts[b] {
				return -1
			}
			return 1
		}
		return strings.Compare(a, b)
	})
}

func (s Summary) statuses() Table {
	t := Table{Header: []string{"status", ">count", ">share"}}
	for _, n := range mostFirst(s.Total.Status) {
		t.Rows = append(t.Rows, []string{n, count(s.Total.Status[n]), share(s.Total.Status[n], s.Total.Sent)})
	}
	if none := s.Total.Sent - min(sum(s.Total.Status), s.Total.Sent); none > 0 {
		t.Rows = append(t.Rows, []string{"none", count(none), share(none, s.Total.Sent)})
	}
	return t
}

func sum(counts map[string]uint64) (n uint64) {
	for _, c := range counts {
		n += c
	}
	return n
}

func (s Summary) errorTable(st style) Table {
	t := Table{Header: []string{"error", ">count", ">share", "for example"}}
	for _, n := range mostFirst(s.Total.Errors) {
		t.Rows = append(t.Rows, []string{st.bad(n), count(s.Total.Errors[n]), share(s.Total.Errors[n], s.Total.Sent),
			s.example(st, func(x results.Sample) bool { return x.Kind == n })})
	}
	return t
}

func (s Summary) violationTable(st style) Table {
	t := Table{Header: []string{"rule", ">count", ">share", "for example"}}
	for _, n := range mostFirst(s.Total.Violations) {
		t.Rows = append(t.Rows, []string{st.bad(st.foreign(n, 40)), count(s.Total.Violations[n]), share(s.Total.Violations[n], s.Total.Completed),
			s.example(st, func(x results.Sample) bool { return x.Rule == n })})
	}
	return t
}

func (s Summary) example(st style, fits func(results.Sample) bool) string {
	i := slices.IndexFunc(s.Samples, fits)
	if i < 0 {
		return ""
	}
	x := s.Samples[i]
	where := fmt.Sprintf("hit %d, %s", x.N, x.Class)
	text := st.foreign(x.Message, st.example)
	if text == "" {
		return st.foreign(where, 60)
	}
	return text + " (" + st.foreign(where, 60) + ")"
}

// slowestTable lists the slowest calls where they can be looked up in the provider's traces. Without a trace-id they say
// little, and are left to summary.json.
func (s Summary) slowestTable(st style) Table {
	t := Table{Header: []string{"class", ">hit", ">latency", "came to", "trace-id"}}
	for _, h := range s.Slowest {
		if h.TraceID == "" {
			continue
		}
		seconds, came := h.LatencySeconds, h.Error
		if h.Status > 0 {
			came = strings.TrimSpace(strconv.Itoa(h.Status) + " " + came)
		}
		t.Rows = append(t.Rows, []string{st.foreign(h.Class, 40), strconv.FormatUint(uint64(h.N), 10), duration(&seconds), st.foreign(came, 40), st.foreign(h.TraceID, 32)})
	}
	return t
}

func (s Summary) thresholdTable(st style) Table {
	t := Table{Header: []string{"", "threshold", ">found", ">samples", ""}}
	for _, o := range s.Thresholds {
		mark, note := st.good("✓"), ""
		if !o.OK {
			mark = st.bad("✗")
			if o.Value == nil || o.Samples == 0 {
				note = st.foreign(o.Reason, 160)
			}
		}
		if o.Implicit {
			note = strings.TrimSpace("checked in every run " + note)
		}
		t.Rows = append(t.Rows, []string{mark, st.foreign(o.Expr, 80), quantity(o.Value, o.Unit), count(o.Samples), note})
	}
	return t
}

// closedNote says what a closed loop hides.
const closedNote = "Closed loop: each caller sends when its last call is answered, so nothing is due and there is no latency from a due time. " +
	"A slow answer delays the calls behind it, and that wait is in none of these figures: service times look better than users would find them."

// notes are the sentences below the tables.
func (s Summary) notes() (notes []string) {
	if s.Run.Merged != nil {
		notes = append(notes, s.Run.Merged.note())
	}
	if s.Run.ClosedLoop {
		notes = append(notes, closedNote)
	}
	switch s.Validity.Status {
	case metrics.Valid:
	default:
		for _, r := range s.Validity.Reasons {
			notes = append(notes, sentence(s.Validity.Status+": "+r))
		}
	}
	if l := s.Generator.Little; !l.Holds {
		notes = append(notes, fmt.Sprintf("Andon's own check fails: by Little's law %s calls were in flight on average, and %s were counted; "+
			"something is wrong with the times of this run.", digits(l.Expected), digits(l.Seen)))
	}
	if note := s.generatorNote(); note != "" {
		notes = append(notes, note)
	}
	if s.lacks() {
		notes = append(notes, fmt.Sprintf("%s: too few samples for this percentile; p95 needs %s, p99 %s, p99.9 %s.", unsupported,
			count(histogram.Needed(95)), count(histogram.Needed(99)), count(histogram.Needed(99.9))))
	}
	for _, p := range s.Run.Phases {
		if p.Warmup {
			notes = append(notes, "Warm-ups are sent and shown as phases, and left out of all other figures and of the thresholds.")
			break
		}
	}
	if tier, sent := s.deliberate(); sent > 0 {
		notes = append(notes, Printable(tier, 40)+": calls that break the contract on purpose, and are ok when refused; their times are in no other figure.")
	}
	return notes
}

// generatorNote says with what the calls were sent; nothing where it is not known.
func (s Summary) generatorNote() string {
	g := s.Generator
	if g.Transport == "" {
		return ""
	}
	note := fmt.Sprintf("Sent by %s: %s; %s of %s used on average, %s in the busiest second.", g.Transport,
		plural(g.Connections, "connection"), digits(g.CPU), plural(uint64(max(g.Cores, 0)), "core"), digits(g.CPUMax))
	if g.StallSeconds > 0 {
		note += fmt.Sprintf(" Andon itself stood still for %s, for %s at once.", duration(&g.StallSeconds), duration(&g.StallMax))
	}
	return note
}

// lacks tells whether a percentile that is shown is not supported.
func (s Summary) lacks() bool {
	short := func(f metrics.Figures) bool {
		x := s.headline(f)
		return x.Max != nil && (x.P50 == nil || x.P95 == nil || x.P99 == nil || x.P999 == nil)
	}
	for _, g := range []map[string]metrics.Figures{s.Groups.Tier, s.Groups.Content, s.Groups.Phase} {
		for _, f := range g {
			if short(f) {
				return true
			}
		}
	}
	return short(s.Total)
}

// verdictLine says the verdict in one line, without its causes.
func (s Summary) verdictLine() (word, rest string) {
	held := 0
	for _, t := range s.Thresholds {
		if t.OK {
			held++
		}
	}
	switch s.Verdict.Status {
	case Pass:
		if held == 1 {
			return "PASS", "the one threshold held"
		}
		return "PASS", fmt.Sprintf("all %d thresholds held", held)
	case Fail:
		if missed := len(s.Thresholds) - held; missed > 0 {
			return "FAIL", fmt.Sprintf("%d of %s did not hold", missed, plural(uint64(len(s.Thresholds)), "threshold"))
		}
		return "FAIL", "the run did not do what it was for"
	}
	return "NO VERDICT", "the run cannot tell"
}
