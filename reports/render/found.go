package render

import (
	"strconv"

	"github.com/kaizenautomation/andon/reports/sizing"
	"github.com/kaizenautomation/andon/reports/text"
)

// mixed is the capacity by the mix, beside what a shared pool would take.
func (s search) mixed(st style) chapter {
	m := s.Mix
	if m == nil || len(m.Points) == 0 {
		return chapter{}
	}
	t := Table{Header: []string{">" + st.foreign(m.Value, 40), ">capacity", ">interval", ">a shared pool takes", ">interval", ""}}
	for _, p := range m.Points {
		best := text.Unsupported
		if p.Capacity.Kind == sizing.Interval {
			best = text.Rate(p.Capacity.Rate)
		}
		row := []string{sizing.Percent(p.Share), best, p.Capacity.Between(), "", "", ""}
		if b := p.Predicted; b != nil {
			row[3], row[4] = text.Rate(b.Value), text.RateBetween(b.Low, &b.High)
		}
		if p.Apart {
			row[5] = st.bad("apart")
		}
		t.Rows = append(t.Rows, row)
	}
	return chapter{"Capacity by the mix", []string{m.String()}, []Table{t}}
}

// isolated is what one tier does to the latency of another.
func (s search) isolated(st style) chapter {
	i := s.Isolation
	if i == nil || len(i.Points) == 0 {
		return chapter{}
	}
	tier, beside := st.foreign(i.Tier, 40), st.foreign(i.Beside, 40)
	t := Table{Header: []string{"load of " + beside, ">p99 of " + tier, ">change", ">95 % interval", ">trial"}}
	for _, p := range i.Points {
		load := "none"
		if p.Load > 0 {
			load = sizing.Percent(p.Load) + " (" + text.Rate(p.Load*i.Capacity) + ")"
		}
		row := []string{load, text.Duration(&p.P99), "", "", ""}
		if c := p.Change; c != nil {
			row[2], row[3] = text.SignedDuration(c.Value), text.DurationRange(c.Low, c.High)
		} else if p.AtLeast != nil {
			row[3] = "≥ " + text.SignedDuration(*p.AtLeast)
		} else if p.Load > 0 {
			row[2] = "cannot be told"
		}
		if p.Trial > 0 {
			row[4] = strconv.Itoa(p.Trial)
		}
		t.Rows = append(t.Rows, row)
	}
	said := []string{i.String(), i.Tier + " goes on at " + text.Rate(i.Rate) + " all along; the load of " + i.Beside + " is a share of the " + text.Rate(i.Capacity) + " that it takes alone."}
	return chapter{"Isolation", said, []Table{t}}
}

// scaled is what more callers get through.
func (s search) scaled() chapter {
	if s.Scaling == nil {
		return chapter{}
	}
	fits := s.Scaling.Refused == ""
	t := Table{Header: []string{">callers", ">throughput", ">p50", ">by the law"}}
	if !fits {
		t.Header = t.Header[:3]
	}
	for _, l := range s.Scaling.Levels {
		row := []string{strconv.Itoa(l.Callers), text.Rate(l.Throughput), text.Duration(&l.P50)}
		if fits {
			row = append(row, text.Rate(l.Fitted))
		}
		t.Rows = append(t.Rows, row)
	}
	return chapter{"Throughput by callers", s.Scaling.Sentences(), []Table{t}}
}

// replicas are how many are needed, with what is assumed.
func (s search) replicas() chapter {
	if s.Replicas == nil {
		return chapter{}
	}
	said := []string{s.Replicas.String()}
	for _, a := range s.Replicas.Assumptions {
		said = append(said, "Assumed: "+text.Sentence(a))
	}
	return chapter{title: "Replicas", said: said}
}

// soaked is the long run at a share of the capacity.
func (s search) soaked() chapter {
	if s.Soak == nil {
		return chapter{}
	}
	said := []string{s.Soak.String()}
	for _, d := range s.Soak.Drift {
		said = append(said, text.Sentence(d))
	}
	return chapter{title: "Soak", said: said}
}
