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
	// arrived holds something where there is something to be taken.
	arrived chan struct{}
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
