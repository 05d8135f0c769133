package targets

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/kaizenautomation/andon/reports/regular"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/text"
)

// Ledger keeps which runs were started at targets, in a file for each target and day (in UTC) below a folder. Entries
// are only added. What is going to be started is reserved before the first call, and settled after the last one; what
// was never settled, as by a process that was killed, counts as started. Of all processes, each has its turn.
type Ledger struct{ Dir string }

// maxLedger is the most bytes of a file of a day.
const maxLedger = 64 << 20

// entry is one line: what is reserved, or, by the same id, what it came to.
type entry struct {
	ID string    `json:"id"`
	At time.Time `json:"at"`
	// By is the directory of who reserved.
	By      string  `json:"by,omitempty"`
	Settled bool    `json:"settled,omitempty"`
	Runs    Runs    `json:"runs"`
	Cost    float64 `json:"cost,omitempty"`
}

// SpentError says that a target's cap of the day does not hold what is planned.
type SpentError struct {
	Target Target
	File   string
	// What is capped: runs or cost, in words, with what is planned, what is spent already, and the cap.
	What, Planned, Spent, Cap string
}

// Error says what to do.
func (e *SpentError) Error() string {
	return fmt.Sprintf("%s may have %s of %s in a day; %s are spent or reserved today (%s) and %s are planned, so that nothing was sent: plan less, wait until 00:00 UTC, or raise its cap",
		e.Target, e.What, e.Cap, e.Spent, e.File, e.Planned)
}

// Reservation is what may be started.
type Reservation struct {
	path string
	id   string
	cost Cost
}

// file is that of a target and a day. Names that stand for one host and port share it, so that each keeps to what all
// have spent.
func (l Ledger) file(t Target, day time.Time) string {
	return filepath.Join(l.Dir, text.Token(host(t.URL)+"_"+port(t.URL))+"-"+day.UTC().Format("20060102")+".jsonl")
}

// Reserve notes what is going to be started at a target. The error is a [SpentError] where its caps do not allow for
// that.
func (l Ledger) Reserve(t Target, now time.Time, by string, runs Runs) (Reservation, error) {
	r := Reservation{path: l.file(t, now), id: rand.Text(), cost: t.Cost}
	if err := os.MkdirAll(l.Dir, 0o777); err != nil {
		return r, &results.PlaceError{Err: fmt.Errorf("the ledger cannot be kept: %w", err)}
	}
	e := entry{ID: r.id, At: now.UTC(), By: by, Runs: runs, Cost: t.Cost.Of(runs)}
	err := regular.Update(r.path, maxLedger, func(old []byte) ([]byte, error) {
		spent, cost, err := sum(r.path, old)
		if err != nil {
			return nil, err
		}
		cap := t.Caps
		switch n := spent.Total(); {
		case cap.RunsPerDay > 0 && (n > cap.RunsPerDay || runs.Total() > cap.RunsPerDay-n):
			return nil, &SpentError{t, r.path, "runs", text.Count(runs.Total()), text.Count(n), text.Count(cap.RunsPerDay)}
		case cap.CostPerDay > 0 && cost+e.Cost > cap.CostPerDay*(1+1e-9):
			return nil, &SpentError{t, r.path, "a cost", t.Cost.Spell(e.Cost), t.Cost.Spell(cost), t.Cost.Spell(cap.CostPerDay)}
		}
		return appended(old, e)
	})
	return r, err
}

// Settle notes what was started in the end.
func (r Reservation) Settle(now time.Time, runs Runs) error {
	return regular.Update(r.path, maxLedger, func(old []byte) ([]byte, error) {
		return appended(old, entry{ID: r.id, At: now.UTC(), Settled: true, Runs: runs, Cost: r.cost.Of(runs)})
	})
}

// Spent is what was started at a target on a day, or may have been.
func (l Ledger) Spent(t Target, day time.Time) (Runs, float64, error) {
	path := l.file(t, day)
	data, err := regular.Read(path, maxLedger)
	if os.IsNotExist(err) {
		return Runs{}, 0, nil
	} else if err != nil {
		return nil, 0, err
	}
	return sum(path, data)
}

func appended(old []byte, e entry) ([]byte, error) {
	line, err := json.Marshal(e)
	return append(append(old, line...), '\n'), err
}

// sum adds up what a file says. A line that says nothing is refused: what is not known to be spent must not be spent
// again.
func sum(path string, data []byte) (Runs, float64, error) {
	last := map[string]entry{}
	n := 0
	for line := range bytes.Lines(data) {
		n++
		var e entry
		d := json.NewDecoder(bytes.NewReader(line))
		d.DisallowUnknownFields()
		if err := d.Decode(&e); err != nil || e.ID == "" || e.Runs == nil || !(e.Cost >= 0) || !bytes.HasSuffix(line, []byte("\n")) {
			return nil, 0, fmt.Errorf("%s:%d:1: the ledger is damaged: expected an entry, found %q; restore the file, or move it away if nothing was started on that day",
				path, n, text.Printable(string(line), 60))
		}
		if before, known := last[e.ID]; known && (before.Settled || !e.Settled) || !known && e.Settled {
			return nil, 0, fmt.Errorf("%s:%d:1: the ledger is damaged: expected what is reserved, and then what it came to, once each by the id %q", path, n, text.Printable(e.ID, 40))
		}
		last[e.ID] = e
	}
	runs, cost := Runs{}, 0.0
	for _, e := range last {
		runs.Add(e.Runs)
		cost += e.Cost
	}
	return runs, cost, nil
}
