package fleet

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/kaizenautomation/andon/reports/text"
)

// A roster has the workers of a crew by name. It knows no network and no clock.
type roster struct {
	andon string
	most  int
	// lost is how long a worker may be silent.
	lost time.Duration
	// heard is when each was last heard of, gone why it comes no more, and told are those who have said that they know
	// that no run comes.
	heard map[string]time.Time
	gone  map[string]string
	told  map[string]bool
	// full says that all had joined: from then on nobody takes the place of another.
	full bool
	said []string
}

func newRoster(andon string, workers int, lost time.Duration) *roster {
	return &roster{andon: andon, most: workers, lost: lost, heard: map[string]time.Time{}, gone: map[string]string{}, told: map[string]bool{}}
}

func (r *roster) say(format string, args ...any) {
	r.said = append(r.said, fmt.Sprintf(format, args...))
}

// ask takes down who asks, and says why it cannot be one of the crew; empty if it can.
func (r *roster) ask(now time.Time, q question) string {
	name := text.Printable(q.Worker, 100)
	if other := q.stranger(r.andon); other != "" {
		r.say("worker %s is refused: %s", name, other)
		return other
	}
	_, known := r.heard[q.Worker]
	why, gone := r.gone[q.Worker]
	switch {
	case gone:
		return "the coordinator has given this worker up: " + why
	case q.State == failed:
		// What kept it from its shard is told by the run.
		if known {
			r.leave(q.Worker, text.Printable(q.Detail, 1000))
		}
		return ""
	case !known && r.full:
		return fmt.Sprintf("all %d workers are there, and nobody takes the place of one that is lost", r.most)
	case !known:
		r.say("worker %s has joined: %d of %d", name, len(r.heard)+1, r.most)
	}
	r.heard[q.Worker], r.told[q.Worker] = now, q.State == leaving
	r.full = r.full || len(r.heard) == r.most
	return ""
}

// leave gives a worker up. Before all are there, another may come in its place.
func (r *roster) leave(worker, why string) {
	if !r.full {
		delete(r.heard, worker)
		r.say("worker %s has left: %s", text.Printable(worker, 100), why)
		return
	}
	r.gone[worker] = why
}

// missing names the workers that are there no more, and says why; empty where all are. back is since when they could be
// heard.
func (r *roster) missing(now, back time.Time) string {
	for _, worker := range slices.Sorted(maps.Keys(r.heard)) {
		if silent := min(now.Sub(r.heard[worker]), now.Sub(back)); silent >= r.lost && r.gone[worker] == "" {
			r.leave(worker, fmt.Sprintf("no contact for %s", silent.Round(100*time.Millisecond)))
		}
	}
	var list []string
	for _, worker := range slices.Sorted(maps.Keys(r.gone)) {
		list = append(list, fmt.Sprintf("worker %s is lost: %s", text.Printable(worker, 100), r.gone[worker]))
	}
	return strings.Join(list, "; ")
}

// dismissed reports whether all who are there know that no run comes any more.
func (r *roster) dismissed() bool {
	for worker := range r.heard {
		if _, gone := r.gone[worker]; !gone && !r.told[worker] {
			return false
		}
	}
	return true
}
