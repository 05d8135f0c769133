package attack

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kaizenautomation/andon"
	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/scenarios"
)

// Whoever follows executions is told of each that was accepted, and of no other: not of one that a refusal names. Those
// of calls that break the contract, by intent or not, run all the same.
func TestAccepted(t *testing.T) {
	t.Parallel()
	// What a status from andon's own guess carries is not looked at, so they are none here.
	d, err := contracts.Load("openapi.yaml", bytes.ReplaceAll(andon.Spec, []byte("x-assumption:"), []byte("x-was-assumption:")))
	if err != nil {
		t.Fatal(err)
	}
	s, err := scenarios.Parse("test.yaml", []byte("load: [{name: first, rate: 100/s, for: 200ms}, {name: second, rate: 100/s, for: 200ms}]\nmix: {invalid: 25%}\n"), d, nil)
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Plan(1)
	if err != nil {
		t.Fatal(err)
	}
	var calls atomic.Int64
	sessions := map[string]string{}
	var mutex sync.Mutex
	target := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := calls.Add(1)
		w.Header().Set("Content-Type", "application/json")
		if n%4 == 0 {
			w.WriteHeader(http.StatusBadRequest)
		}
		session, blanks := "", 0
		switch n % 4 {
		case 1:
			blanks = 100 << 10 // judged apart
			fallthrough
		case 2:
			mutex.Lock()
			sessions[fmt.Sprintf("e%d", n)] = fmt.Sprintf("s%d", n)
			mutex.Unlock()
			session = fmt.Sprintf(`,%s"sessionId":"s%d"`, strings.Repeat(" ", blanks), n)
		}
		fmt.Fprintf(w, `{"status":"running","executionId":"e%d"%s}`, n, session)
	}))
	var list []results.Execution
	var began []time.Time
	before := time.Now()
	o := fire(t, p, target, func(c *Config) {
		c.Began = func(at time.Time) {
			if calls.Load() > 0 {
				t.Error("the first call left before the clock was told of")
			}
			began = append(began, at)
		}
		c.Accepted = func(x results.Execution) { list = append(list, x) }
	})
	if len(began) != 1 || began[0].Before(before) {
		t.Errorf("the run began at %v, after %v", began, before)
	}
	rows := map[uint32]results.Row{}
	accepted := 0
	for _, row := range o.rows {
		rows[row.N] = row
		if row.Status == 200 {
			accepted++
		}
	}
	ids := map[string]bool{}
	for _, x := range list {
		row, sent := rows[x.N], rows[x.N].Due+time.Duration(float64(rows[x.N].Lag)*1e9)
		whole := sent + time.Duration(float64(row.Service)*1e9)
		if row.Status != 200 || x.Class != row.Class || x.Phase != row.Phase || x.Session != sessions[x.ID] || ids[x.ID] {
			t.Errorf("%+v of the call %+v", x, row)
		}
		// A row's times have the precision of their type.
		if d := x.Sent - sent; d < -time.Microsecond || d > time.Microsecond || x.Accepted < x.Sent {
			t.Errorf("%s is said to be sent at %v, and was at %v", x.ID, x.Sent, sent)
		}
		if d := x.Accepted - whole; d < -time.Microsecond || d > time.Microsecond {
			t.Errorf("%s is said to be accepted at %v, and was at %v", x.ID, x.Accepted, whole)
		}
		ids[x.ID] = true
	}
	if accepted == 0 || len(list) != accepted {
		t.Errorf("%d of %d were told of", len(list), accepted)
	}
	byIntent := slices.ContainsFunc(list, func(x results.Execution) bool { return p.Labels.Classes[x.Class].Invalid })
	broken := slices.ContainsFunc(list, func(x results.Execution) bool { return x.Session == "" })
	second := slices.ContainsFunc(list, func(x results.Execution) bool { return x.Phase == 1 })
	if !byIntent || !broken || !second {
		t.Errorf("some that break the contract by intent: %v; otherwise: %v; some of the second phase: %v", byIntent, broken, second)
	}
}

// Who follows executions is told of one before many more calls arrive: what ends before that was not seen under way.
func TestAcceptedIsToldSoon(t *testing.T) {
	t.Parallel()
	p := plan(t, "load: [{rate: 200/s, for: 500ms}]\nmix: {content: [{items: [text]}]}", 1)
	// On a busy machine all comes late, though not each time: with ten looks a second half of them were ten behind.
	var behind []int64
	for range 5 {
		var arrived atomic.Int64
		target := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprintf(w, `{"status":"running","executionId":"e%d","sessionId":"s"}`, arrived.Add(1))
		}))
		behind = nil
		fire(t, p, target, func(c *Config) {
			c.Accepted = func(x results.Execution) { behind = append(behind, arrived.Load()-int64(x.N)) }
		})
		slices.Sort(behind)
		if len(behind) != int(p.Calls) {
			t.Fatalf("%d of %d were told of", len(behind), p.Calls)
		}
		if behind[len(behind)/2] <= 5 {
			return
		}
	}
	t.Errorf("when they were told of, so many more calls had arrived: %v", behind)
}
