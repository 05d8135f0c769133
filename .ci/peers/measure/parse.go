package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// said is what a tool reports of its run.
type said struct {
	p50, p99 time.Duration
	// hits are the calls that the report accounts for, those that it says were left out among them.
	hits int
	// success is the share of the calls that the tool calls a success, of those that it says it made.
	success float64
	// remark is what the tool says against its own run.
	remark string
}

func parseVegeta(report []byte) (said, error) {
	var r struct {
		Latencies struct {
			P50 float64 `json:"50th"`
			P99 float64 `json:"99th"`
		}
		Requests int
		Success  float64
	}
	if err := json.Unmarshal(report, &r); err != nil {
		return said{}, err
	}
	return said{p50: time.Duration(r.Latencies.P50), p99: time.Duration(r.Latencies.P99), hits: r.Requests, success: r.Success}, nil
}

// errNoPercentiles is for too few calls; what else was said is known.
var errNoPercentiles = errors.New("summary.json has no percentiles")

func parseAndon(summary []byte) (said, error) {
	var r struct {
		Total struct {
			Sent, Dropped, Unsent, OK int
			Latency                   struct{ P50, P99 *float64 }
		}
		Validity  struct{ Status string }
		Generator struct {
			Little struct {
				Seen  float64
				Holds bool
			}
		}
	}
	if err := json.Unmarshal(summary, &r); err != nil {
		return said{}, err
	}
	t, l := r.Total, r.Generator.Little
	s := said{hits: t.Sent + t.Dropped + t.Unsent, success: share(t.OK, t.Sent)}
	if t.Latency.P50 == nil || t.Latency.P99 == nil {
		return s, errNoPercentiles
	}
	s.p50, s.p99 = seconds(*t.Latency.P50), seconds(*t.Latency.P99)
	switch {
	case r.Validity.Status != "valid":
		s.remark = r.Validity.Status
	case l.Seen > 0 && !l.Holds:
		s.remark = "doubtful by Little's law"
	}
	return s, nil
}

func parseBombardier(result []byte) (said, error) {
	var r struct {
		Result struct {
			Req1xx, Req2xx, Req3xx, Req4xx, Req5xx, Others int
			Latency                                        struct{ Percentiles map[string]float64 }
		}
	}
	if err := json.Unmarshal(result, &r); err != nil {
		return said{}, err
	}
	t, p := r.Result, r.Result.Latency.Percentiles
	s := said{hits: t.Req1xx + t.Req2xx + t.Req3xx + t.Req4xx + t.Req5xx + t.Others}
	s.success = share(t.Req2xx, s.hits)
	s.p50, s.p99 = seconds(p["50"]/1e6), seconds(p["99"]/1e6)
	return s, nil
}

func parseFortio(result []byte) (said, error) {
	var r struct {
		DurationHistogram struct {
			Count       int
			Percentiles []struct{ Percentile, Value float64 }
		}
		RetCodes map[string]int
	}
	if err := json.Unmarshal(result, &r); err != nil {
		return said{}, err
	}
	s := said{hits: r.DurationHistogram.Count, success: share(r.RetCodes["200"], r.DurationHistogram.Count)}
	for _, p := range r.DurationHistogram.Percentiles {
		switch p.Percentile {
		case 50:
			s.p50 = seconds(p.Value)
		case 99:
			s.p99 = seconds(p.Value)
		}
	}
	return s, nil
}

var (
	heyTime   = regexp.MustCompile(`(\d+)%+ in ([\d.]+) secs`)
	heyStatus = regexp.MustCompile(`\[(\d+)\]\s+(\d+) responses`)
	heyError  = regexp.MustCompile(`(?m)^\s+\[(\d+)\]\s+\S+ "?http`)
)

func parseHey(text []byte) (said, error) {
	var s said
	for _, m := range heyTime.FindAllSubmatch(text, -1) {
		v, err := strconv.ParseFloat(string(m[2]), 64)
		if err != nil {
			return s, err
		}
		switch string(m[1]) {
		case "50":
			s.p50 = seconds(v)
		case "99":
			s.p99 = seconds(v)
		}
	}
	ok := 0
	for _, m := range heyStatus.FindAllSubmatch(text, -1) {
		n, err := strconv.Atoi(string(m[2]))
		if err != nil {
			return s, err
		}
		s.hits += n
		if m[1][0] == '2' {
			ok += n
		}
	}
	for _, m := range heyError.FindAllSubmatch(text, -1) {
		n, err := strconv.Atoi(string(m[1]))
		if err != nil {
			return s, err
		}
		s.hits += n
	}
	if s.hits == 0 {
		return s, errors.New("hey's report counts no responses")
	}
	s.success = share(ok, s.hits)
	return s, nil
}

var (
	wrkTime  = regexp.MustCompile(`(?m)^\s+(50|99)%\s+([\d.]+)(us|ms|s|m)$`)
	wrkCount = regexp.MustCompile(`(?m)^\s+(\d+) requests in`)
	wrkBad   = regexp.MustCompile(`Non-2xx or 3xx responses: (\d+)`)
)

func parseWrk(text []byte) (said, error) {
	var s said
	for _, m := range wrkTime.FindAllSubmatch(text, -1) {
		d, err := time.ParseDuration(string(m[2]) + string(m[3]))
		if err != nil {
			return s, err
		}
		if string(m[1]) == "50" {
			s.p50 = d
		} else {
			s.p99 = d
		}
	}
	m := wrkCount.FindSubmatch(text)
	if m == nil {
		return s, errors.New("wrk's report counts no requests")
	}
	var err error
	if s.hits, err = strconv.Atoi(string(m[1])); err != nil {
		return s, err
	}
	bad := 0
	if m := wrkBad.FindSubmatch(text); m != nil {
		if bad, err = strconv.Atoi(string(m[1])); err != nil {
			return s, err
		}
	}
	s.success = share(s.hits-bad, s.hits)
	return s, nil
}

var h2loadCount = regexp.MustCompile(`(?m)^requests: \d+ total, \d+ started, (\d+) done, (\d+) succeeded`)

// parseH2load reads h2load's report, and the file in which it keeps the times of calls: begin, status and microseconds.
// Without that it tells no percentiles.
func parseH2load(text, calls []byte) (said, error) {
	m := h2loadCount.FindSubmatch(text)
	if m == nil {
		return said{}, errors.New("h2load's report counts no requests")
	}
	var counts [2]int
	for i := range counts {
		n, err := strconv.Atoi(string(m[i+1]))
		if err != nil {
			return said{}, err
		}
		counts[i] = n
	}
	done, succeeded := counts[0], counts[1]
	var times []time.Duration
	for line := range bytes.Lines(calls) {
		fields := bytes.Fields(line)
		if len(fields) < 3 {
			return said{}, fmt.Errorf("h2load's file of calls has the line %q", line)
		}
		us, err := strconv.Atoi(string(fields[2]))
		if err != nil {
			return said{}, fmt.Errorf("h2load's file of calls has the line %q", line)
		}
		times = append(times, time.Duration(us)*time.Microsecond)
	}
	return said{p50: quantile(times, 0.5), p99: quantile(times, 0.99), hits: done, success: share(succeeded, done)}, nil
}

func parseFloor(report []byte) (said, error) {
	var r struct {
		Planned, OK int
		P50, P99    time.Duration
	}
	if err := json.Unmarshal(report, &r); err != nil {
		return said{}, err
	}
	return said{p50: r.P50, p99: r.P99, hits: r.Planned, success: share(r.OK, r.Planned)}, nil
}

// counts are what the target says at its end.
type counts struct {
	accepted, resumed          int
	calls, answered, bad, lost int
	body                       int64
	cpu                        time.Duration
	freeze
}

func parseCounts(text string) (counts, error) {
	var c counts
	for _, field := range strings.Fields(text) {
		name, value, _ := strings.Cut(field, "=")
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			return c, fmt.Errorf("the target says %q", text)
		}
		switch name {
		case "accepted":
			c.accepted = int(n)
		case "resumed":
			c.resumed = int(n)
		case "calls":
			c.calls = int(n)
		case "answered":
			c.answered = int(n)
		case "bad":
			c.bad = int(n)
		case "lost":
			c.lost = int(n)
		case "body":
			c.body = n
		case "cpu":
			c.cpu = time.Duration(n)
		case "frozen":
			c.from = n
		case "thawed":
			c.to = n
		}
	}
	return c, nil
}

func share(part, whole int) float64 {
	if whole == 0 {
		return math.NaN()
	}
	return float64(part) / float64(whole)
}

func seconds(s float64) time.Duration { return time.Duration(math.Round(s * 1e9)) }
