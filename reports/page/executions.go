package page

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/kaizenautomation/andon/reports/executions"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/text"
)

// maxIDs is how many ids of executions are shown of one kind of fault.
const maxIDs = 10

// followed is what became of the executions.
type followed struct {
	Growth, Class  string
	Figures, Parts table
	Spreads        []spread
	// From and To are the ends of the axis of the spreads.
	From, To      string
	Strip         strip
	Facts, Faults table
	Lacks         string
	// Detail says why not all is known, and IDs where the ids are of those that did not complete.
	Detail, IDs string
	// Sample is the share that was followed from the start, where that is not all.
	Sample string
}

// spread is a time of a group of executions: its percentiles in words and, on a logarithmic axis from 0 to 100, as bars
// between their bounds.
type spread struct {
	Name, Text string
	Cells      []string
	Bars       []bar
}

type bar struct{ X, Width float64 }

// executions are nil where they were not followed.
func (d Data) executions() *followed {
	s, r := run{d.Summary}, d.Summary.Executions
	if r == nil {
		return nil
	}
	v := &followed{Figures: s.became(r.Tiers, executions.Names(r.Tiers, s.Tiers()), "tier"), Strip: newStrip(r.Timeline, d.load()), Growth: "Of the backlog " + r.Backlog.Growth.String() + "."}
	if r.Backlog.Growth != nil {
		v.Growth = "While the load went on, the backlog " + r.Backlog.Growth.String() + "."
	}
	if r.Backlog.Growth.Backlogged() {
		v.Class = "bad"
	}
	if len(v.Figures.Rows) != 1 {
		v.Figures.Rows = append(v.Figures.Rows, becameRow("all", r.Total))
	}
	var classes []string
	for _, c := range s.Run.Classes {
		classes = append(classes, c.Name)
	}
	if classes = executions.Names(r.Classes, classes); len(classes) > len(r.Tiers) {
		v.Parts = s.became(r.Classes, classes, "class")
	}
	v.spread(s)
	v.Facts.Header = []column{{"following", false}, {"found", false}}
	for _, fact := range r.Facts() {
		v.Facts.Rows = append(v.Facts.Rows, []string{fact[0], text.Printable(fact[1], 2000)})
	}
	v.Faults.Header = []column{{"fault", false}, {"count", true}, {"what they did", false}, {"which", false}}
	for _, f := range r.Faults {
		ids := strings.Join(printables(f.IDs[:min(len(f.IDs), maxIDs)], 64), ", ")
		v.Faults.Rows = append(v.Faults.Rows, []string{text.Printable(f.Name, 40), text.Count(f.Count), text.Printable(f.Words(), 80), ids})
	}
	if v.Detail = text.Sentence(text.Printable(r.Detail, 1000)); r.Total.Completed < r.Total.Accepted {
		v.IDs = results.UnfinishedFile
	}
	if r.Sample < 1 {
		v.Sample = text.Percent(r.Sample)
	}
	if r.Lacks() {
		v.Lacks = executions.Undetermined
	}
	return v
}

// executionTiles are what became of the executions, for the first screen.
func (s run) executionTiles() []tile {
	r := s.Executions
	if r == nil {
		return nil
	}
	f := r.Total
	ended, backlog := tile{"Completed", text.Count(f.Completed), "of " + text.Plural(f.Accepted, "execution"), ""}, tile{"Backlog", text.Unsupported, r.Backlog.Growth.String(), ""}
	if !f.Known() {
		ended.Value = text.Unsupported
	}
	if f.Failed > 0 {
		ended.Note += ", " + text.Count(f.Failed) + " failed"
	}
	if f.Lost > 0 {
		ended.Note, ended.Class = ended.Note+", "+text.Count(f.Lost)+" lost", "bad"
	}
	if g := r.Backlog.Growth; g != nil {
		backlog.Value = text.SignedDigits(g.PerSecond) + "/s"
		if g.Backlogged() {
			backlog.Class = "bad"
		}
	}
	return []tile{ended, backlog}
}

// became is the table of what became of the executions of some groups.
func (s run) became(groups map[string]executions.Figures, names []string, title string) table {
	t := table{Header: []column{{title, false}, {"accepted", true}, {"completed", true}, {"failed", true}, {"lost", true},
		{"waiting", true}, {"running", true}, {"unseen", true}, {"completed/s", true}}}
	for _, n := range names {
		t.Rows = append(t.Rows, becameRow(text.Printable(n, 40), groups[n]))
	}
	return t
}

func becameRow(name string, f executions.Figures) []string {
	row := []string{name, text.Count(f.Accepted)}
	for _, n := range []uint64{f.Completed, f.Failed, f.Lost, f.Waiting, f.Running, f.Unseen} {
		row = append(row, text.Counted(n, f.Accepted))
	}
	return append(row, f.Rate())
}

// spread sets the times of all groups on one axis.
func (v *followed) spread(s run) {
	type timed struct {
		name string
		executions.Times
	}
	var rows []timed
	add := func(group string, f executions.Figures) {
		for _, t := range []timed{{"completion", f.Completion}, {"to start", f.Start}, {"to run", f.Run}} {
			if t.Count > 0 {
				t.name = group + ", " + t.name
				rows = append(rows, t)
			}
		}
	}
	tiers := executions.Names(s.Executions.Tiers, s.Tiers())
	for _, n := range tiers {
		add(text.Printable(n, 40), s.Executions.Tiers[n])
	}
	if len(tiers) != 1 {
		add("all", s.Executions.Total)
	}
	low, high := math.Inf(1), 0.0
	for _, t := range rows {
		for _, b := range t.Percentiles() {
			if b != nil && b.High > 0 {
				low, high = min(low, b.High), max(high, b.High)
				if b.Low > 0 {
					low = min(low, b.Low)
				}
			}
		}
	}
	if high > low {
		v.From, v.To = text.Duration(&low), text.Duration(&high)
	}
	for _, t := range rows {
		row := spread{Name: t.name}
		for i, b := range t.Percentiles() {
			row.Cells = append(row.Cells, b.Duration())
			if b == nil || high <= low {
				continue
			}
			at := func(v float64) float64 { return math.Round(1000*math.Log(max(v, low)/low)/math.Log(high/low)) / 10 }
			row.Bars = append(row.Bars, bar{at(b.Low), max(at(b.High)-at(b.Low), 0.8)})
			row.Text += fmt.Sprintf(", %s %s", []string{"p50", "p90", "p95", "p99"}[i], b.Duration())
		}
		row.Text = strings.TrimPrefix(row.Text, ", ")
		row.Cells = append(row.Cells, text.Count(t.Count), text.Count(t.Censored))
		v.Spreads = append(v.Spreads, row)
	}
}

// strip is in what states the executions accepted so far were, as shares over time, on axes from 0 to 1000 and from 0
// to 100.
type strip struct {
	// Areas are the places of the states, from bottom to top.
	Areas          []area
	Text, From, To string
	// Load is where the load ended; 0 where that is not within.
	Load   float64
	Shares table
}

// area is the place of one state in a strip.
type area struct{ Class, Name, Path string }

// maxMoments is how many moments charts over time have, and maxRows how many of them are in its table.
const maxMoments, maxRows = 120, 20

// states are what executions can be in, from bottom to top of a strip.
func states() [4]string { return [...]string{"ended or lost", "not known", "running", "waiting"} }

// moment is what shares of the executions accepted so far were then in the [states].
type moment struct {
	at     float64
	shares [4]float64
}

// moments are those of the ends of stretches. Between the bounds of the backlog it is not known whether they had ended.
func moments(points []executions.Point) (all []moment) {
	var accepted float64
	for _, p := range points {
		accepted += float64(p.Accepted)
		most := max(p.Backlog.High, 0)
		least := min(max(p.Backlog.Low, 0), most)
		running := min(middle(p.Running), least)
		if of := max(accepted, most); of > 0 {
			all = append(all, moment{p.AtSeconds + p.Seconds, [...]float64{(of - most) / of, (most - least) / of, running / of, (least - running) / of}})
		}
	}
	return all
}

func middle(b executions.Bounds) float64 { return (b.Low + b.High) / 2 }

// thin leaves at most so many, the last among them.
func thin(all []moment, most int) (some []moment) {
	step := (len(all) + most - 1) / most
	for i := (len(all) - 1) % max(step, 1); i < len(all); i += step {
		some = append(some, all[i])
	}
	return some
}

// newStrip is that of stretches; load is when the load ended.
func newStrip(points []executions.Point, load float64) strip {
	all := moments(points)
	if len(all) < 2 {
		return strip{}
	}
	s := strip{From: text.Duration(&all[0].at), To: text.Duration(&all[len(all)-1].at), Shares: table{Header: []column{{"at", false}}}}
	drawn := thin(all, maxMoments)
	if at := place(load, drawn); at > 0 && at < 1000 {
		s.Load = at
	}
	under := make([]float64, len(drawn))
	var said []string
	for k, name := range states() {
		over := slices.Clone(under)
		for i, m := range drawn {
			over[i] += m.shares[k]
		}
		s.Areas = append(s.Areas, area{fmt.Sprintf("s%d", k+1), name, outline(drawn, under, over)})
		s.Shares.Header = append(s.Shares.Header, column{name, true})
		said = append(said, text.Percent(all[len(all)-1].shares[k])+" "+name)
		under = over
	}
	s.Text = "at the end " + strings.Join(said, ", ")
	for _, m := range thin(all, maxRows) {
		row := []string{text.Duration(&m.at)}
		for _, share := range m.shares {
			row = append(row, text.Percent(share))
		}
		s.Shares.Rows = append(s.Shares.Rows, row)
	}
	return s
}

// place is where a moment stands on the axis of time, from 0 to 1000.
func place(at float64, over []moment) float64 {
	first, last := over[0].at, over[len(over)-1].at
	return math.Round(10000*(at-first)/(last-first)) / 10
}

// outline is the path of the area between two lines of shares over time.
func outline(over []moment, low, high []float64) string {
	var b strings.Builder
	point := func(command string, i int, share float64) {
		b.WriteString(command + strconv.FormatFloat(place(over[i].at, over), 'f', -1, 64) + "," + strconv.FormatFloat(math.Round(1000*max(1-share, 0))/10, 'f', -1, 64))
	}
	for i := range over {
		point("ML"[min(i, 1):min(i, 1)+1], i, high[i])
	}
	for i := range slices.Backward(over) {
		point("L", i, low[i])
	}
	return b.String() + "Z"
}

// executionColumns are the numbers of the charts of the executions over time.
type executionColumns struct {
	// Middle are those of the stretches of the rates, and End those at whose ends the backlog is told.
	Middle   numbers `json:"middle"`
	End      numbers `json:"end"`
	Accepted numbers `json:"accepted"`
	// Ended are those that completed or failed: in the middle of what is known, at least, and at most.
	Ended       numbers `json:"ended,omitempty"`
	EndedLow    numbers `json:"endedLow"`
	EndedHigh   numbers `json:"endedHigh"`
	BacklogLow  numbers `json:"backlogLow"`
	BacklogHigh numbers `json:"backlogHigh"`
}

func newExecutionColumns(r *executions.Report) *executionColumns {
	if r == nil {
		return nil
	}
	c := &executionColumns{}
	for several := range slices.Chunk(r.Timeline, max((len(r.Timeline)+maxMoments-1)/maxMoments, 1)) {
		last := several[len(several)-1]
		c.End = append(c.End, last.AtSeconds+last.Seconds)
		c.BacklogLow, c.BacklogHigh = append(c.BacklogLow, last.Backlog.Low), append(c.BacklogHigh, last.Backlog.High)
	}
	backlog := 0.0
	for several := range slices.Chunk(r.Timeline, joined(r.Timeline)) {
		var seconds, accepted, low, high float64
		for _, p := range several {
			seconds += p.Seconds
			accepted += float64(p.Accepted)
			low, high = low+p.Completed.Low+p.Failed.Low, high+p.Completed.High+p.Failed.High
		}
		if seconds <= 0 {
			continue
		}
		last := several[len(several)-1]
		c.Middle = append(c.Middle, last.AtSeconds+last.Seconds-seconds/2)
		c.Accepted = append(c.Accepted, accepted/seconds)
		c.EndedLow, c.EndedHigh = append(c.EndedLow, low/seconds), append(c.EndedHigh, high/seconds)
		if r.Sample >= 1 { // what came and is not there any more has ended
			c.Ended = append(c.Ended, max(accepted-(middle(last.Backlog)-backlog), 0)/seconds)
		}
		backlog = middle(last.Backlog)
	}
	return c
}

// joined is of how many stretches a rate is made: of as many as have 20 executions on average, if 20 such rates can be
// made. One of fewer is noise.
func joined(points []executions.Point) int {
	var accepted uint64
	for _, p := range points {
		accepted += p.Accepted
	}
	enough := math.Ceil(20 * float64(len(points)) / float64(max(accepted, 1)))
	return max((len(points)+maxMoments-1)/maxMoments, int(min(enough, float64(len(points)/20))), 1)
}
