package follow

import (
	"sync"
	"time"

	"github.com/kaizenautomation/andon/reports/results"
)

// inbox is what others hand in, from whatever goroutine: when the run's clock began, and what was accepted.
type inbox struct {
	mutex    sync.Mutex
	began    time.Time
	incoming []results.Execution
	progress Progress
	// arrived holds something where there is something to be taken.
	arrived chan struct{}
}

// Progress is how far the following is.
type Progress struct {
	// Accepted is how many there are, of which Completed and Failed have ended, and Lost are not known to the provider.
	Accepted, Completed, Failed, Lost uint64
}

// Progress says how far it is.
func (b *inbox) Progress() Progress {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.progress
}

// count counts an execution that was in one state and is in another.
func (b *inbox) count(before, after results.State) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	for state, n := range map[results.State]*uint64{
		results.StateCompleted: &b.progress.Completed, results.StateFailed: &b.progress.Failed, results.StateLost: &b.progress.Lost,
	} {
		if before == state {
			*n--
		}
		if after == state {
			*n++
		}
	}
}

// Begin says when the run's clock began.
func (b *inbox) Begin(at time.Time) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.began = at
}

// now is the moment on the run's clock.
func (b *inbox) now() time.Duration {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return time.Since(b.began)
}

// since is a moment on the run's clock.
func (b *inbox) since(at time.Time) time.Duration {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return at.Sub(b.began)
}

// Accepted takes an execution that was accepted just now. It holds nobody up.
func (b *inbox) Accepted(x results.Execution) {
	if x.ID == "" || len(x.ID) > results.MaxID {
		return
	}
	if len(x.Session) > results.MaxID {
		x.Session = ""
	}
	b.mutex.Lock()
	b.incoming = append(b.incoming, x)
	b.progress.Accepted++
	b.mutex.Unlock()
	select {
	case b.arrived <- struct{}{}:
	default:
	}
}

// arrivals are the executions that were accepted since it was last asked for.
func (b *inbox) arrivals() []results.Execution {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	list := b.incoming
	b.incoming = nil
	return list
}
