package reports

import (
	"errors"
	"sync"
	"sync/atomic"

	"github.com/kaizenautomation/andon/reports/results"
)

// batch is how many rows are handed over at once: 256 KB, which stay in a processor's cache.
const batch = 4096

// eachBatch hands the rows of a run to every taker, batch by batch, while the next ones are read: reading takes as long as
// counting does, and each taker has a goroutine of its own. A batch is the takers' for the length of the call, and not to be
// changed. It tells whether the file is whole, as [results.Run.Rows] does.
func eachBatch(run *results.Run, takers ...func([]results.Row) error) (complete bool, err error) {
	type shared struct {
		rows  []results.Row
		users atomic.Int32
	}
	free := make(chan *shared, 4)
	for range cap(free) {
		free <- &shared{rows: make([]results.Row, 0, batch)}
	}
	var (
		wait   sync.WaitGroup
		failed atomic.Bool
		inputs = make([]chan *shared, len(takers))
		fails  = make([]error, len(takers))
	)
	for i, take := range takers {
		inputs[i] = make(chan *shared, cap(free))
		wait.Go(func() {
			for b := range inputs[i] {
				if fails[i] == nil {
					if fails[i] = take(b.rows); fails[i] != nil {
						failed.Store(true)
					}
				}
				if b.users.Add(-1) == 0 {
					b.rows = b.rows[:0]
					free <- b
				}
			}
		})
	}
	current := <-free
	hand := func() {
		current.users.Store(int32(len(takers)))
		for _, in := range inputs {
			in <- current
		}
		current = <-free
	}
	stopped := errors.New("a taker failed")
	complete, err = run.Rows(func(r results.Row) error {
		current.rows = append(current.rows, r)
		if len(current.rows) == batch {
			if failed.Load() {
				return stopped
			}
			hand()
		}
		return nil
	})
	if len(current.rows) > 0 {
		hand()
	}
	for _, in := range inputs {
		close(in)
	}
	wait.Wait()
	if err == nil || errors.Is(err, stopped) {
		err = errors.Join(fails...)
	}
	return complete, err
}

// one makes a taker of what takes one row.
func one(take func(results.Row) error) func([]results.Row) error {
	return func(rows []results.Row) error {
		for _, r := range rows {
			if err := take(r); err != nil {
				return err
			}
		}
		return nil
	}
}
