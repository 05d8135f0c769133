package fleet

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/kaizenautomation/andon/contracts/credentials"
	"github.com/kaizenautomation/andon/reports/regular"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
	"github.com/kaizenautomation/andon/scenarios/fleet/hub"
	"github.com/kaizenautomation/andon/scenarios/trial"
)

// Config says what a fleet runs, and where its parts meet.
type Config struct {
	// Trial says what is run against whom, and where it is kept: each shard in a directory of its own below. No call is
	// sent from here, and no secret is needed.
	Trial   trial.Config
	Workers int
	// Hub, if not nil, is a NATS server that is there, in the place of a hub of the run's own. Its key may do
	// everything.
	Hub *hub.Join
	// Listen is where the hub listens, and Identity what it is made of.
	Listen   string
	Identity hub.Identity
	// Store is where the hub keeps what passes through it; empty is below the run's directory.
	Store string
	Times Times
	// Joined is told the run's directory and what workers join with, once the hub is there.
	Joined func(dir string, join hub.Join) error
	// Carried is what the calls carry besides what the scenario says, by reference: headers, parameters of the query, a
	// bearer token and a user. All else of it is each worker's own.
	Carried credentials.Asked
	// Against, if not nil, is a second target, which is met in turn with the first: each shard is two runs then.
	Against *Against
	// Say is told what happens.
	Say func(said string)
	// Progress, if not nil, is told how far the run is, about every so often.
	Progress func(summary.Progress)
	Every    time.Duration
}

// Result is what came of a fleet.
type Result struct {
	// Dir is the run's directory, and Shards are those of the shards that are home.
	Dir    string
	Shards []string
	// Against are the directories of the same shards for the second target; nil where there is none.
	Against []string
	// Faults say what is missing, or not as it should be.
	Faults []error
}

// Run has a plan sent by workers that join, and brings home what they measured. Closing interrupt has all stop; when
// ctx ends, nothing is waited for any more.
func Run(ctx context.Context, interrupt <-chan struct{}, c Config) (Result, error) {
	r := run{Config: c, times: c.Times.usual(), began: time.Now()}
	return r.make(ctx, interrupt)
}

// make makes the run.
func (r *run) make(ctx context.Context, interrupt <-chan struct{}) (Result, error) {
	c := r.Config
	if err := r.open(); err != nil {
		return Result{}, err
	}
	release, err := r.hold()
	if err != nil {
		return Result{}, err
	}
	defer release()
	if c.Hub != nil {
		r.record.Hub = c.Hub.String()
		if err := r.keep(); err != nil {
			return Result{}, &results.PlaceError{Err: err}
		}
		return r.coordinate(ctx, interrupt, *c.Hub, func() error { return c.Joined(r.record.Dir, *c.Hub) })
	}
	store := c.Store
	if store == "" {
		store = filepath.Join(r.record.Dir, storeDir)
	}
	r.record.Store = store
	if err := r.keep(); err != nil {
		return Result{}, &results.PlaceError{Err: err}
	}
	h, err := hub.Start(hub.Config{Identity: c.Identity, Listen: c.Listen, Dir: store})
	if err != nil {
		// Nothing has begun, and the directory is free for the next try.
		return Result{}, errors.Join(err, os.Remove(filepath.Join(r.record.Dir, recordFile)), os.RemoveAll(filepath.Join(r.record.Dir, storeDir)))
	}
	defer h.Stop()
	join, err := c.Identity.Worker(reachable(h.Address()))
	if err != nil {
		return Result{}, err
	}
	mine, err := c.Identity.Coordinator(h.Address())
	if err != nil {
		return Result{}, err
	}
	out, err := r.coordinate(ctx, interrupt, mine, func() error { return c.Joined(r.record.Dir, join) })
	if err == nil && len(out.Faults) == 0 && c.Store == "" {
		// All is home.
		h.Stop()
		err = os.RemoveAll(store)
	}
	return out, err
}

// A run is one run of a fleet, by its coordinator.
type run struct {
	Config
	times  Times
	record record
	began  time.Time
	bucket *hub.Bucket

	mu    sync.Mutex
	state *coordination
	figures
	faults []error
	// closed says that what is told from now on is not counted any more.
	closed bool
	// fresh are the rows that nobody was told of yet.
	fresh []results.Row
	// epoch is from when on the hub's clock goes evenly; zero is when the run is offered.
	epoch time.Time
	// missing says who of those that were to send is not there any more, which ends the run; nil where nobody is known
	// beforehand.
	missing func() string
	// bringing waits for what is being brought home.
	bringing sync.WaitGroup
}

// open makes the run's directory.
func (r *run) open() error {
	id, dir := filepath.Base(filepath.Clean(r.Trial.Dir)), r.Trial.Dir
	if dir == "" {
		var err error
		if id, dir, err = results.NewDir(r.Trial.Root, r.Trial.Plan.Name, r.began); err != nil {
			return err
		}
	}
	f, err := results.Claim(dir, recordFile)
	if err != nil {
		return err
	}
	tail := make([]byte, 4)
	_, _ = rand.Read(tail) // never fails
	name := strings.Map(func(c rune) rune {
		if c == '-' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' {
			return c
		}
		return '-'
	}, id)
	r.record = record{
		Schema: recordSchema, Run: name + "-" + hex.EncodeToString(tail), Shards: r.Workers, Plan: r.Trial.Plan.Digest(r.Trial.Andon),
		Target: r.Trial.Target.String(), Dir: dir,
	}
	if r.Against != nil {
		r.record.Against = r.Against.Target.String()
	}
	return f.Close()
}

// hold keeps the run's directory for this process until it is released: of two that bring home into one directory,
// from one store, each would undo what the other does.
func (r *run) hold() (release func(), err error) {
	dir, err := os.Open(r.record.Dir)
	if err != nil {
		return nil, err
	}
	if err := regular.Lock(dir); err != nil {
		return nil, errors.Join(fmt.Errorf("%s belongs to a run that still goes on, in another process; wait for its end", r.record.Dir), dir.Close())
	}
	return func() { _ = dir.Close() }, nil
}

// keep writes the record.
func (r *run) keep() error {
	return results.WriteJSON(filepath.Join(r.record.Dir, recordFile), r.record)
}

// coordinate is Run with a hub that is there.
func (r *run) coordinate(ctx context.Context, interrupt <-chan struct{}, mine hub.Join, ready func() error) (Result, error) {
	conn, err := connect(ctx, interrupt, mine, r.times.Arming)
	if err != nil {
		// Nothing has begun, and the directory is free for the next try.
		return Result{}, errors.Join(err, os.Remove(filepath.Join(r.record.Dir, recordFile)))
	}
	defer conn.Close()
	if err := r.offer(ctx, conn); err != nil {
		return Result{}, err
	}
	if err := conn.Answer(r.answer); err != nil {
		return Result{}, fmt.Errorf("the hub takes no questions: %w", err)
	}
	if err := ready(); err != nil {
		return Result{}, err
	}
	return r.conduct(ctx, interrupt, conn)
}

// conduct sees the run to its end, once workers are answered.
func (r *run) conduct(ctx context.Context, interrupt <-chan struct{}, conn *hub.Conn) (Result, error) {
	watch, tell, began := r.watch(), r.teller(), r.Trial.Began
	enough := r.Trial.Enough
	for over := false; !over; {
		select {
		case <-ctx.Done():
			over = true
			r.end(results.Interrupted, "the coordinator was told to give up")
		case <-interrupt:
			interrupt = nil
			r.end(results.Interrupted, "the coordinator was told to stop")
		case why := <-enough:
			enough = nil
			r.end(results.Enough, why)
		case <-time.After(r.times.Every / 5):
		}
		if r.missing != nil {
			if who := r.missing(); who != "" {
				r.end(results.Interrupted, who)
			}
		}
		if at := r.started(); began != nil && !at.IsZero() {
			began(at)
			began = nil
		}
		over = r.step(ctx, conn.Connected(), watch) || over
		tell(over)
	}
	r.bringing.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	if !r.state.start.IsZero() {
		r.check()
	}
	r.note()
	out, err := r.result(), r.keep()
	if r.state.start.IsZero() {
		why := "it was ended before all workers were armed"
		if r.state.stop != nil {
			why = r.state.stop.Detail
		}
		err = errors.Join(&NoStartError{why}, err)
	}
	return out, err
}

// started is when the first call was due; zero where that is not yet.
func (r *run) started() (at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if at = r.state.start; time.Now().Before(at) {
		at = time.Time{}
	}
	return at
}

// end has all stop.
func (r *run) end(reason, detail string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.state.end(results.End{Reason: reason, Detail: detail})
}

// offer puts the job into the run's bucket, and makes what it takes to answer workers.
func (r *run) offer(ctx context.Context, conn *hub.Conn) (err error) {
	r.state = newCoordination(r.record.Run, r.Trial.Andon, r.record.Plan, r.Workers, r.times, time.Now())
	if !r.epoch.IsZero() {
		r.state.epoch = r.epoch
	}
	r.figures = newFigures(r.Trial, r.Workers, r.Against)
	if r.bucket, err = conn.Make(ctx, r.record.Run); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "andon-job-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := jobOf(r.Trial, r.record.Run, r.Workers, r.Carried, r.Against).write(dir, r.Trial.Plan); err != nil {
		return err
	}
	l, err := list(dir)
	if err != nil {
		return err
	}
	return handIn(r.bucket, "job", dir, l, nil, 0, func(step func(context.Context) error) error { return try(ctx, r.times, step) })
}

// answer answers a worker; one of another run, whose coordinator is at the same hub, is left to that.
func (r *run) answer(asked []byte) []byte {
	q := parseQuestion(asked)
	if q.Run != "" && q.Run != r.record.Run {
		return nil
	}
	said, _ := json.Marshal(r.reply(q)) // an answer can always be written
	return said
}

// mostFaults is how many faults are named: a worker could go on for ever.
const mostFaults = 50

func (r *run) reply(q question) answer {
	r.mu.Lock()
	defer r.mu.Unlock()
	a, fresh := r.state.ask(time.Now(), q)
	if !fresh || r.closed {
		return a
	}
	var err error
	if q.More.Rows == nil {
		err = r.sum.add(q.Shard, q.More.Data)
	} else {
		var rows []results.Row
		if rows, err = r.sum.rows(q.Shard, q.More.Rows); err == nil {
			err = r.count(q.Shard, rows)
		}
		r.fresh = append(r.fresh, rows...)
	}
	if err != nil && len(r.faults) < mostFaults {
		r.faults = append(r.faults, fmt.Errorf("worker %s, shard %d: %w", text.Printable(q.Worker, 100), q.Shard, err))
	}
	return a
}

// step looks at what is to be done, and reports whether nothing is.
func (r *run) step(ctx context.Context, connected bool, watch watch) bool {
	done, said, far := r.look(ctx, connected, watch)
	// Whoever reads along may stand still. Workers are answered all the same.
	for _, s := range said {
		r.Say(s)
	}
	if far != nil {
		r.Progress(*far)
	}
	return done
}

// look is step but for telling: what is to be said, and how far the run is, if that is to be told.
func (r *run) look(ctx context.Context, connected bool, watch watch) (done bool, said []string, far *summary.Progress) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	r.state.tick(now, connected)
	if known, inFlight := r.state.known(); !r.state.start.IsZero() && now.After(r.state.start) {
		r.judge(time.Duration(known*float64(time.Second)), inFlight)
		far = watch(now.Sub(r.state.start), inFlight)
	}
	for shard := r.state.bring(); shard >= 0; shard = r.state.bring() {
		r.bringing.Go(func() {
			again, err := r.record.bring(r.bucket, shard, func(step func(context.Context) error) error { return try(ctx, r.times, step) })
			for _, side := range r.record.sides() {
				if err == nil && len(again) == 0 {
					// The report is of all shards: one that is something else would spoil it.
					_, err = r.record.home(side, shard)
				}
			}
			r.mu.Lock()
			defer r.mu.Unlock()
			r.state.brought(time.Now(), shard, again, err)
		})
	}
	return r.state.done(), r.state.told(), far
}

// shard is the directory of a shard, or of its first side.
func (r *run) shard(i int) string { return r.record.shard(r.record.sides()[0], i) }

// judge ends the run by what all workers have measured together. known is up to when they have told.
func (r *run) judge(known time.Duration, inFlight int) {
	if r.state.stop != nil {
		return
	}
	if end := r.broken(r.Trial.Plan, known, inFlight); end != nil {
		r.state.end(*end)
		r.state.say("%s: all stop", end.Detail)
	}
}

// teller gives what tells of single calls, and about once a second how far the workers are.
func (r *run) teller() func(over bool) {
	last := 0.0
	return func(over bool) {
		r.mu.Lock()
		rows := r.fresh
		r.fresh = nil
		known, inFlight := r.state.known()
		r.mu.Unlock()
		if r.Trial.Observe != nil {
			for _, row := range rows {
				r.Trial.Observe(row)
			}
		}
		if r.Trial.Tick == nil || known == 0 || known-last < 1 && !over {
			return
		}
		last = known
		elapsed := time.Duration(known * float64(time.Second))
		_, callers, asked := r.Trial.Plan.At(elapsed)
		r.Trial.Tick(elapsed, asked, callers, inFlight)
	}
}

// A watch gives how far the run is, if it is time to tell that.
type watch func(elapsed time.Duration, inFlight int) *summary.Progress

func (r *run) watch() watch {
	if r.Progress == nil {
		return func(time.Duration, int) *summary.Progress { return nil }
	}
	every := max(r.Every, time.Second)
	told := -every
	progress := trial.Progress(r.Trial.Plan, r.Trial.Target.String())
	return func(elapsed time.Duration, inFlight int) *summary.Progress {
		if elapsed-told < every {
			return nil
		}
		told = elapsed
		p := progress(elapsed, r.sum.whole, inFlight)
		return &p
	}
}

// check holds the shards that are home against what was told while they ran.
func (r *run) check() {
	for i := range r.state.members {
		m := &r.state.members[i]
		if !m.home {
			r.faults = append(r.faults, fmt.Errorf("shard %d is missing: worker %s %s%s", i, m.name(), cmp.Or(m.gone, "was not waited for"), m.spooled()))
			continue
		}
		for k, side := range r.record.sides() {
			shard, err := r.record.home(side, i)
			if err == nil {
				err = r.sums()[k].same(i, shard)
			}
			if err != nil {
				r.faults = append(r.faults, err)
			}
		}
	}
}

// note writes down what is known of the workers.
func (r *run) note() {
	if !r.state.start.IsZero() {
		start := r.state.clock(r.state.start).UTC()
		r.record.Start = &start
	}
	r.record.Stop = r.state.stop
	r.record.Workers = nil
	for i := range r.state.members {
		m := &r.state.members[i]
		w := workerRecord{Shard: i, Worker: m.Worker, Home: m.home, Lost: m.gone, Spool: m.Spool}
		if m.Clock != nil {
			w.OffsetSeconds, w.UncertainSeconds = m.Clock.Offset.Seconds(), m.Clock.Uncertain.Seconds()
		}
		if m.Began != 0 && r.record.Start != nil {
			w.LateSeconds = max(time.Unix(0, m.Began).Sub(*r.record.Start).Seconds(), 0)
		}
		r.record.Workers = append(r.record.Workers, w)
	}
}

func (r *run) result() Result {
	out := Result{Dir: r.record.Dir, Faults: r.faults}
	for i := range r.state.members {
		if r.state.members[i].home {
			out.Shards = append(out.Shards, r.shard(i))
			if r.other != nil {
				out.Against = append(out.Against, r.record.shard("b", i))
			}
		}
	}
	return out
}
