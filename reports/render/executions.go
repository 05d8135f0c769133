package render

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kaizenautomation/andon/reports/executions"
	"github.com/kaizenautomation/andon/reports/text"
)

// maxIDs is how many ids of executions are shown of one kind of fault.
const maxIDs = 3

// executions are the tables of what became of executions, where they were followed.
func (s run) executions(st style) []section {
	r := s.Executions
	if r == nil {
		return nil
	}
	following := Table{Header: []string{"", "found"}}
	for _, fact := range r.Facts() {
		following.Rows = append(following.Rows, []string{fact[0], st.said(fact[1])})
	}
	return []section{
		{"Executions", s.becameTable(st)},
		{"Times of executions", s.completionTable(st)},
		{"Backlog and following", following},
		{"Contradictions", faultTable(r.Faults, st)},
	}
}

// becameTable is what became of the executions by tier. What is nowhere has no column.
func (s run) becameTable(st style) Table {
	type column struct {
		head  string
		of    func(executions.Figures) uint64
		shown bool // in any case
		bad   bool
	}
	columns := slices.DeleteFunc([]column{
		{"accepted", func(f executions.Figures) uint64 { return f.Accepted }, true, false},
		{"completed", func(f executions.Figures) uint64 { return f.Completed }, true, false},
		{"failed", func(f executions.Figures) uint64 { return f.Failed }, true, true},
		{"lost", func(f executions.Figures) uint64 { return f.Lost }, true, true},
		{"waiting", func(f executions.Figures) uint64 { return f.Waiting }, false, false},
		{"running", func(f executions.Figures) uint64 { return f.Running }, false, false},
		{"unseen", func(f executions.Figures) uint64 { return f.Unseen }, false, false},
	}, func(c column) bool { return !c.shown && c.of(s.Executions.Total) == 0 })
	t := Table{Header: []string{"tier"}}
	for _, c := range columns {
		t.Header = append(t.Header, ">"+c.head)
	}
	t.Header = append(t.Header, ">completed/s")
	row := func(name string, f executions.Figures) {
		cells := []string{name}
		for _, c := range columns {
			cell := text.Counted(c.of(f), f.Accepted)
			switch {
			case c.head == "accepted":
				cell = text.Count(f.Accepted)
			case c.bad:
				cell = bad(st, c.of(f), cell)
			}
			cells = append(cells, cell)
		}
		t.Rows = append(t.Rows, append(cells, f.Rate()))
	}
	tiers := executions.Names(s.Executions.Tiers, s.Tiers())
	for _, n := range tiers {
		row(st.foreign(n, 40), s.Executions.Tiers[n])
	}
	if len(tiers) != 1 {
		row("all", s.Executions.Total)
	}
	return t
}

// completionTable is how long executions took to begin and to end. Each percentile lies between two bounds.
func (s run) completionTable(st style) Table {
	t := Table{Header: []string{"", ">p50", ">p90", ">p95", ">p99", ">executions", ">not ended"}}
	row := func(name string, x executions.Times) {
		if x.Count == 0 {
			return
		}
		cells := []string{name}
		for _, p := range x.Percentiles() {
			cells = append(cells, p.Duration())
		}
		t.Rows = append(t.Rows, append(cells, text.Count(x.Count), text.Count(x.Censored)))
	}
	total := s.Executions.Total
	row("completion (accepted → ended)", total.Completion)
	row("· to start (accepted → begun)", total.Start)
	row("· to run (begun → ended)", total.Run)
	if tiers := executions.Names(s.Executions.Tiers, s.Tiers()); len(tiers) > 1 {
		for _, n := range tiers {
			row("completion, "+st.foreign(n, 40), s.Executions.Tiers[n].Completion)
		}
	}
	return t
}

// faultTable is what the provider told of executions that cannot be, with some of their ids.
func faultTable(faults []executions.Fault, st style) Table {
	t := Table{Header: []string{"fault", ">count", "what they did, and which"}}
	for _, f := range faults {
		var ids []string
		for _, id := range f.IDs[:min(len(f.IDs), maxIDs)] {
			ids = append(ids, st.foreign(id, 64))
		}
		said := st.said(f.Words())
		if len(ids) > 0 {
			said += ": " + strings.Join(ids, ", ")
		}
		if more := f.Count - min(f.Count, uint64(len(ids))); more > 0 {
			said += fmt.Sprintf(" and %s more", text.Count(more))
		}
		t.Rows = append(t.Rows, []string{st.bad(st.foreign(f.Name, 40)), text.Count(f.Count), said})
	}
	return t
}

// briefly is what became of the executions, for a person who has watched the run.
func (s run) briefly(o Options) (said []string) {
	r := s.Executions
	if r == nil {
		return nil
	}
	f := r.Total
	said = append(said, text.Plural(f.Accepted, "execution"))
	if f.Known() {
		said = append(said, "completed "+text.Counted(f.Completed, f.Accepted))
	}
	for _, of := range []struct {
		name  string
		count uint64
	}{{"failed", f.Failed}, {"lost", f.Lost}} {
		if of.count > 0 {
			said = append(said, of.name+" "+o.paint(text.Red, text.Counted(of.count, f.Accepted)))
		}
	}
	if left := f.Waiting + f.Running + f.Unseen; left > 0 {
		said = append(said, "not seen to end "+text.Counted(left, f.Accepted))
	}
	if p := f.Completion.P95; p != nil {
		said = append(said, "p95 completion "+p.Duration())
	}
	if r.Backlog.Growth != nil {
		said = append(said, "backlog "+r.Backlog.Growth.String())
	}
	return said
}
