package render

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
)

// A style is what differs between the renderings of the same tables.
type style struct {
	tables *tableWriter
	// foreign makes a text that is not andon's own safe to show, in at most so many characters.
	foreign func(s string, limit int) string
	// said is the same for a sentence of andon's own with foreign words in it.
	said func(string) string
	good func(string) string
	bad  func(string) string
	// example is how many characters of a sample are shown.
	example int
	// width is how many columns there are; 0 is any number.
	width int
}

// A section is a table with its title.
type section struct {
	title string
	Table
}

// run is a summary to be shown.
type run struct{ summary.Summary }

// sections are the tables of a run. The first of them are what most people look for.
func sections(s run, st style) []section {
	list := []section{
		{"Calls", s.totals(st)},
		{"Rates", s.rates(st)},
		{"Times", s.times()},
		{"95 % intervals", s.intervals()},
		{"Outcomes", s.outcomes(st)},
	}
	list = append(list, s.tierSections(st)...)
	list = append(list, []section{
		{"Content", s.groupTable("content", s.Contents(), s.Groups.Content, st)},
		{"Phases", s.phaseTable(st)},
	}...)
	list = append(list, s.executions(st)...)
	list = append(list, []section{
		{"Statuses", s.statuses()},
		{"Errors", s.errorTable(st)},
		{"Contract violations", s.violationTable(st)},
		{"Slowest calls", s.slowestTable(st)},
		{"Thresholds", s.thresholdTable(st)},
	}...)
	return slices.DeleteFunc(list, func(s section) bool { return len(s.Rows) == 0 })
}

func (s run) totals(st style) Table {
	f := s.Total
	t := Table{
		Header: []string{">planned", ">sent", ">completed", ">ok", ">errors", ">violations", ">dropped", ">rate"},
		Rows: [][]string{{
			planned(f.Planned), text.Count(f.Sent), text.Count(f.Completed), text.Counted(f.OK, f.Sent),
			bad(st, f.Failed(), text.Counted(f.Failed(), f.Sent)), bad(st, f.Violated(), text.Counted(f.Violated(), f.Completed)),
			bad(st, f.Dropped, text.Count(f.Dropped)), text.RateOf(f.Rate.Achieved, f.Rate.Planned),
		}},
	}
	if shed := f.Of(results.OutcomeShed); shed > 0 {
		t.Header = slices.Insert(t.Header, 4, ">shed")
		t.Rows[0] = slices.Insert(t.Rows[0], 4, st.bad(text.Counted(shed, f.Sent)))
	}
	if f.Unsent > 0 {
		t.Header = append(t.Header, ">unsent")
		t.Rows[0] = append(t.Rows[0], st.bad(text.Count(f.Unsent)))
	}
	return t
}

// rates are how fast calls left and were answered, where that is not the same.
func (s run) rates(st style) Table {
	t := Table{Header: []string{"phase", ">asked", ">sent", ">answered", ">goodput"}}
	uneven := s.Total.Uneven()
	row := func(name string, f metrics.Figures) {
		asked := "open-ended"
		if f.Rate.Planned != nil {
			asked = text.Rate(*f.Rate.Planned)
		}
		t.Rows = append(t.Rows, []string{name, asked, text.Rate(f.Rate.Achieved), text.Rate(f.Rate.Answered), text.Rate(f.Rate.Goodput)})
	}
	if len(s.Run.Phases) > 1 {
		for _, p := range s.Run.Phases {
			f, there := s.Groups.Phase[p.Name]
			if there && f.Sent > 0 {
				uneven = uneven || !p.Warmup && f.Uneven()
				row(st.foreign(p.Name, 24), f)
			}
		}
	}
	t.Rows = shortened(t.Rows, st)
	row("total", s.Total)
	switch {
	case !uneven:
		t.Rows = nil
	case len(t.Rows) == 1:
		t.Header, t.Rows[0] = t.Header[1:], t.Rows[0][1:]
	}
	return t
}

func planned(n *uint64) string {
	if n == nil {
		return "open-ended"
	}
	return text.Count(*n)
}

func bad(st style, n uint64, text string) string {
	if n > 0 {
		return st.bad(text)
	}
	return text
}

func (s run) times() Table {
	t := Table{Header: []string{"", ">min", ">mean", ">p50", ">p90", ">p95", ">p99", ">p99.9", ">max"}}
	row := func(name string, x metrics.Times) {
		t.Rows = append(t.Rows, []string{name, text.Duration(x.Min), text.Duration(x.Mean), text.Duration(x.P50), text.Duration(x.P90),
			text.Duration(x.P95), text.Duration(x.P99), text.Duration(x.P999), text.Duration(x.Max)})
	}
	if s.Total.Latency.Max == nil {
		return t
	}
	if !s.Run.ClosedLoop {
		row("latency (due → last byte)", s.Total.Latency)
	}
	if less := s.Total.LatencyLessOwn; less != nil && !s.Run.ClosedLoop && differ(s.Total.Latency, *less) {
		row("· less andon's own", *less)
	}
	row("service (send → last byte)", s.Total.Service)
	if less := s.Total.ServiceLessOwn; less != nil && differ(s.Total.Service, *less) {
		row("· less andon's own", *less)
	}
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
	t.Rows = append(t.Rows, []string{"lag (due → send)", "", "", text.Duration(lag.P50), "", "", text.Duration(lag.P99), "", text.Duration(lag.Max)})
	return t
}

// intervals are between what the headline figures lie, below each other so that they fit everywhere.
func (s run) intervals() Table {
	t := Table{Header: []string{"", ">found", ">95 % interval"}}
	for _, b := range s.Bounds() {
		t.Rows = append(t.Rows, []string{b.Name, b.Value, b.Interval})
	}
	return t
}

// differ reports whether one of the times that are shown does.
func differ(a, b metrics.Times) bool {
	if text.Duration(a.Max) != text.Duration(b.Max) || text.Duration(a.Mean) != text.Duration(b.Mean) || text.Duration(a.Min) != text.Duration(b.Min) {
		return true
	}
	of := b.Percentiles()
	for i, p := range a.Percentiles() {
		if text.Duration(p.Value) != text.Duration(of[i].Value) {
			return true
		}
	}
	return false
}

// outcomes are what the provider made of the calls, where it did not accept all of them.
func (s run) outcomes(st style) Table {
	t := Table{Header: []string{"outcome", ">calls", ">share", ">p50", ">p95", ">p99", ">max", "Retry-After"}}
	f := s.Total
	for _, came := range s.TurnedAway() {
		name, later, x := came.Outcome.String(), "", came.Latency
		if came.Outcome == results.OutcomeShed {
			name, later = st.bad(name), f.RetryAfter.String()
		}
		t.Rows = append(t.Rows, []string{name, text.Count(came.Count), text.Share(came.Count, f.Sent),
			text.Duration(x.P50), text.Duration(x.P95), text.Duration(x.P99), text.Duration(x.Max), later})
	}
	if f.RetryAfter == nil {
		t.Header = t.Header[:len(t.Header)-1]
		for i := range t.Rows {
			t.Rows[i] = t.Rows[i][:len(t.Header)]
		}
	}
	return t
}

// tierSections are the table of the tiers and, where that is too wide with the differences in it, these in one of their
// own.
func (s run) tierSections(st style) []section {
	t := s.tierTable(st)
	from, to, compared := s.compared()
	if !compared || st.width == 0 || st.tables.width(t) <= st.width {
		return []section{{"Tiers", t}}
	}
	at := len(t.Header) - 2 // the difference, and its interval
	tiers := Table{Header: t.Header[:at]}
	differences := Table{Header: []string{"", ">difference", t.Header[at+1]}}
	for _, r := range t.Rows {
		tiers.Rows = append(tiers.Rows, r[:at])
		if r[at] != "" {
			differences.Rows = append(differences.Rows, []string{r[0], r[at], r[at+1]})
		}
	}
	return []section{{"Tiers", tiers}, {st.foreign(to+" − "+from, 40), differences}}
}

// tierTable has a column for each tier, and what the second named one differs in from the first.
func (s run) tierTable(st style) Table {
	t := Table{Header: []string{""}}
	var groups []metrics.Figures
	for _, n := range s.Tiers() {
		groups = append(groups, s.Groups.Tier[n])
		t.Header = append(t.Header, ">"+st.foreign(n, 24))
	}
	from, to, compared := s.compared()
	if compared {
		t.Header = append(t.Header, ">"+st.foreign(to+" − "+from, 40), ">95 % interval")
	}
	a, b := s.Groups.Tier[from], s.Groups.Tier[to]
	var d summary.Differences
	if compared {
		d = s.Comparison.Tier.Groups[to]
	}
	row := func(name string, cell func(metrics.Figures) string, difference, interval string) {
		r := []string{name}
		empty := true
		for _, g := range groups {
			r = append(r, cell(g))
			empty = empty && (r[len(r)-1] == text.Unsupported || r[len(r)-1] == "")
		}
		if compared {
			r = append(r, difference, interval)
		}
		if !empty {
			t.Rows = append(t.Rows, r)
		}
	}
	row("sent", func(f metrics.Figures) string { return text.Count(f.Sent) }, "", "")
	row("rate", func(f metrics.Figures) string { return text.Rate(f.Rate.Achieved) }, "", "")
	ratio := func(name string, part, whole func(metrics.Figures) uint64, d *summary.Difference) {
		difference, interval := "", ""
		if d != nil {
			difference, interval = text.Points(d.Value), ranged(*d, text.PointsRange)
		}
		row(name, func(f metrics.Figures) string { return bad(st, part(f), text.Counted(part(f), whole(f))) }, difference, interval)
	}
	ratio("errors", metrics.Figures.Failed, func(f metrics.Figures) uint64 { return f.Sent }, d.Errors)
	ratio("violations", metrics.Figures.Violated, func(f metrics.Figures) uint64 { return f.Completed }, d.Violations)
	if slices.ContainsFunc(groups, func(f metrics.Figures) bool { return f.Dropped > 0 }) {
		ratio("dropped", func(f metrics.Figures) uint64 { return f.Dropped }, func(f metrics.Figures) uint64 { return f.Sent + f.Dropped }, d.Dropped)
	}
	timed := func(name string, of func(metrics.Figures) *float64, interval string) {
		row(name, func(f metrics.Figures) string { return text.Duration(of(f)) }, text.Change(of(a), of(b)), interval)
	}
	// The comparison is of latencies or, where there are none, of service times.
	latency := func(f metrics.Figures) metrics.Times { return f.Latency }
	service := func(f metrics.Figures) metrics.Times { return f.Service }
	all := func(name string, of func(metrics.Figures) metrics.Times, shown func(metrics.Percentile) bool, intervals bool) {
		for i, p := range (metrics.Times{}).Percentiles() {
			interval := ""
			if x, ok := d.Times[p.Name]; ok && intervals {
				interval = ranged(x, text.DurationRange)
			}
			if shown(p) {
				timed(name+" "+p.Name, func(f metrics.Figures) *float64 { return of(f).Percentiles()[i].Value }, interval)
			}
		}
	}
	if !s.Run.ClosedLoop {
		all("latency", latency, func(metrics.Percentile) bool { return true }, true)
		timed("latency max", func(f metrics.Figures) *float64 { return f.Latency.Max }, "")
	}
	all("service", service, func(p metrics.Percentile) bool { return p.P == 50 || p.P == 99 }, s.Run.ClosedLoop)
	if s.Run.ClosedLoop {
		timed("service max", func(f metrics.Figures) *float64 { return f.Service.Max }, "")
	}
	return t
}

// compared names the two tiers of which one is held against the other: the first two that stand for themselves.
func (s run) compared() (from, to string, ok bool) {
	if s.Comparison == nil || s.Comparison.Tier == nil {
		return "", "", false
	}
	from = s.Comparison.Tier.Reference
	for _, n := range s.Tiers() {
		if n != from && s.Run.NamesTier(n) && !s.Invalid(n) && s.Groups.Tier[n].Sent > 0 {
			return from, n, true
		}
	}
	return "", "", false
}

// ranged is the interval of a difference, if it has one.
func ranged(d summary.Difference, write func(low, high float64) string) string {
	if d.Low == nil || d.High == nil {
		return ""
	}
	return write(*d.Low, *d.High)
}

func (s run) groupTable(title string, names []string, groups map[string]metrics.Figures, st style) Table {
	t := Table{Header: []string{title, ">sent", ">errors", ">violations", ">p50", ">p95", ">p99", ">max"}}
	for _, n := range names {
		f := groups[n]
		x := s.Times(f)
		t.Rows = append(t.Rows, []string{st.foreign(n, 40), text.Count(f.Sent), bad(st, f.Failed(), text.Counted(f.Failed(), f.Sent)),
			bad(st, f.Violated(), text.Counted(f.Violated(), f.Completed)),
			text.Duration(x.P50), text.Duration(x.P95), text.Duration(x.P99), text.Duration(x.Max)})
	}
	return t
}

func (s run) phaseTable(st style) Table {
	t := Table{Header: []string{"phase", "load", ">sent", ">rate", ">errors", ">p50", ">p99", ">max"}}
	for _, p := range s.Run.Phases {
		f, there := s.Groups.Phase[p.Name]
		if !there {
			continue
		}
		x := s.Times(f)
		shape := p.Shape
		if p.Warmup {
			shape += ", warm-up"
		}
		t.Rows = append(t.Rows, []string{st.foreign(p.Name, 24), st.foreign(shape, 48), text.Count(f.Sent), text.RateOf(f.Rate.Achieved, f.Rate.Planned),
			bad(st, f.Failed(), text.Counted(f.Failed(), f.Sent)), text.Duration(x.P50), text.Duration(x.P99), text.Duration(x.Max)})
	}
	if len(t.Rows) == 1 && !s.Run.Phases[0].Warmup {
		t.Rows = nil
	}
	t.Rows = shortened(t.Rows, st)
	return t
}

// shortened is a phase a row without the middle, where there are more of them than a terminal shows at once.
func shortened(rows [][]string, st style) [][]string {
	const first, last = 20, 9
	if left := len(rows) - first - last; st.width > 0 && left > 1 {
		gap := make([]string, len(rows[0]))
		gap[0] = fmt.Sprintf("… %d more in report.md", left)
		return slices.Concat(rows[:first], [][]string{gap}, rows[len(rows)-last:])
	}
	return rows
}

func (s run) statuses() Table {
	t := Table{Header: []string{"status", ">count", ">share"}}
	for _, n := range summary.MostFirst(s.Total.Status) {
		t.Rows = append(t.Rows, []string{n, text.Count(s.Total.Status[n]), text.Share(s.Total.Status[n], s.Total.Sent)})
	}
	if none := s.NoStatus(); none > 0 {
		t.Rows = append(t.Rows, []string{"none", text.Count(none), text.Share(none, s.Total.Sent)})
	}
	return t
}

func (s run) errorTable(st style) Table {
	t := Table{Header: []string{"error", ">count", ">share", "for example"}}
	for _, n := range summary.MostFirst(s.Total.Errors) {
		t.Rows = append(t.Rows, []string{st.bad(n), text.Count(s.Total.Errors[n]), text.Share(s.Total.Errors[n], s.Total.Tried()),
			s.exampleOf(st, n)})
	}
	return t
}

func (s run) violationTable(st style) Table {
	t := Table{Header: []string{"rule", ">count", ">share", "for example"}}
	for _, n := range summary.MostFirst(s.Total.Violations) {
		t.Rows = append(t.Rows, []string{st.bad(st.foreign(n, 40)), text.Count(s.Total.Violations[n]), text.Share(s.Total.Violations[n], s.Total.Completed),
			s.example(st, func(x results.Sample) bool { return x.Rule == n })})
	}
	return t
}

// exampleOf is the first call that failed in a way; where it broke a rule, beside which it is shown, the rule's name.
func (s run) exampleOf(st style, kind string) string {
	told := func(x results.Sample) bool { return s.Total.Violations[x.Rule] > 0 }
	if e := s.example(st, func(x results.Sample) bool { return x.Kind == kind && !told(x) }); e != "" {
		return e
	}
	if x, ok := s.Example(func(x results.Sample) bool { return x.Kind == kind }); ok {
		return "broke " + st.foreign(x.Rule, 40)
	}
	return ""
}

func (s run) example(st style, fits func(results.Sample) bool) string {
	x, ok := s.Example(fits)
	if !ok {
		return ""
	}
	where := fmt.Sprintf("call %d, %s", x.N, x.Class)
	message := st.foreign(x.Message, st.example)
	if message == "" {
		return st.foreign(where, 60)
	}
	return message + " (" + st.foreign(where, 60) + ")"
}

// slowestTable lists the slowest calls where they can be looked up in the provider's traces. Without a trace-id they
// say little, and are left to summary.json.
func (s run) slowestTable(st style) Table {
	t := Table{Header: []string{"class", ">call", ">latency", "came to", "trace-id"}}
	for _, call := range s.Slowest {
		if call.TraceID == "" {
			continue
		}
		seconds, came := call.LatencySeconds, call.Error
		if call.Status > 0 {
			came = strings.TrimSpace(strconv.Itoa(call.Status) + " " + came)
		}
		t.Rows = append(t.Rows, []string{st.foreign(call.Class, 40), strconv.FormatUint(uint64(call.N), 10), text.Duration(&seconds), st.foreign(came, 40), st.foreign(call.TraceID, 32)})
	}
	return t
}

func (s run) thresholdTable(st style) Table {
	t := Table{Header: []string{"", "threshold", ">found", ">samples", ""}}
	for _, o := range s.Thresholds {
		mark, note := st.good("✓"), st.foreign(s.Unexplained(o), 160)
		if !o.OK {
			mark = st.bad("✗")
			if o.Spoiled {
				note = o.Doubt()
			}
		}
		if o.Left {
			mark, note = "·", summary.Left
		}
		if !o.Spoiled {
			note = strings.TrimSpace(note + " " + o.Between())
		}
		if o.Windows != nil && o.Value != nil {
			note = strings.TrimSpace(note + " " + o.Windows.String())
		}
		if o.Implicit {
			note = strings.TrimSpace("checked in every run " + note)
		}
		t.Rows = append(t.Rows, []string{mark, st.foreign(o.Expr, 80), o.Figure(), text.Count(o.Samples), note})
	}
	return t
}
