package results

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
)

// batch is how many rows are handed over at once: 256 KB, which stay in a processor's cache.
const batch = 4096

// Batches hands the run's rows to every taker, batch by batch, while the next ones are read: reading takes as long as
// counting does, and each taker has a goroutine of its own. A batch is the takers' for the length of the call, and not
// to be changed. Unlike [Run.Rows], it takes a file that was cut off for an error, unless the run was cut off itself.
func (r *Run) Batches(takers ...func([]Row) error) error {
	type shared struct {
		rows  []Row
		users atomic.Int32
	}
	free := make(chan *shared, 4)
	for range cap(free) {
		free <- &shared{rows: make([]Row, 0, batch)}
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
	complete, err := r.rows(func(row *Row) error {
		current.rows = append(current.rows, *row)
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
	switch {
	case err != nil && !errors.Is(err, stopped):
		return err
	case errors.Join(fails...) != nil:
		return errors.Join(fails...)
	case !complete && r.End.Reason != Cut && r.End.Reason != Damaged:
		return fmt.Errorf("%s: the results end too early although the run says that it ended; the file was damaged", r.Dir)
	}
	return nil
}

// Each makes a taker of what takes one row.
func Each(take func(Row) error) func([]Row) error {
	return func(rows []Row) error {
		for _, r := range rows {
			if err := take(r); err != nil {
				return err
			}
		}
		return nil
	}
}
