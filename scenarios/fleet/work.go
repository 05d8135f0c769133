package fleet

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/kaizenautomation/andon/contracts/credentials"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/text"
	"github.com/kaizenautomation/andon/scenarios"
	"github.com/kaizenautomation/andon/scenarios/fleet/hub"
	"github.com/kaizenautomation/andon/scenarios/trial"
)

// Worker says who takes part, and what it may do.
type Worker struct {
	Join hub.Join
	// Name is the worker's, which no other has, and Andon its version.
	Name, Andon string
	// Shard is the one to take; -1 is any that is free.
	Shard int
	// Hosts are those that calls may go to, each with or without a port.
	Hosts []string
	// Spool is the folder in which what is measured is kept until it is home, and after that.
	Spool string
	// Prepare gives what the calls carry, which is asked for by reference, from this machine's own environment, and how
	// the run is told of. The error says why no call may be sent.
	Prepare func(credentials.Asked, *url.URL) (trial.Config, error)
	// Redact takes out of what is told of this machine what nobody else may see.
	Redact func(said string) string
	// Times are as the coordinator has them.
	Times Times
	// Say is told what happens.
	Say func(said string)

	// now is the machine's clock; nil is time.Now.
	now func() time.Time
}

// RefusedError says why a worker takes no part. No call was sent.
type RefusedError struct{ Err error }

// Error says why.
func (e *RefusedError) Error() string { return e.Err.Error() }

// Unwrap gives the reason.
func (e *RefusedError) Unwrap() error { return e.Err }

// SpoolError says that what was measured did not come home, and where it lies.
type SpoolError struct {
	Dir string
	Err error
}

// Error says what to do.
func (e *SpoolError) Error() string {
	return fmt.Sprintf("what was measured is in %s, and did not come home: %v; andon fleet collect takes it from there", e.Dir, e.Err)
}

// Unwrap gives the reason.
func (e *SpoolError) Unwrap() error { return e.Err }

// Work takes a shard of a run, sends its calls when all others do, and hands in what it measured; and where a [Crew]
// sends, of one run after the other, until that is dismissed. Closing interrupt stops the sending; when ctx ends, all
// is given up. It is done without an error when everything is home, whatever came of the run.
func Work(ctx context.Context, interrupt <-chan struct{}, w Worker) error {
	if w.now == nil {
		w.now = time.Now
	}
	times := w.Times.usual()
	stopping, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		select {
		case <-interrupt:
			stop()
		case <-stopping.Done():
		}
	}()
	joining, cancel := context.WithTimeout(stopping, times.Arming)
	defer cancel()
	conn, err := hub.Connect(joining, w.Join)
	if err != nil {
		return unlessInterrupted(interrupt, err)
	}
	defer conn.Close()
	for before := newHand(conn, question{}, times, w.now); ; {
		h := newHand(conn, question{Protocol: protocol, Worker: w.Name, Andon: w.Andon, Shard: -1, State: looking}, times, w.now)
		h.clock = before.clock
		bucket, err := h.meet(joining, interrupt, before.says.Run)
		if errors.Is(err, errInterrupted) {
			w.fail(ctx, h, err, "")
		}
		if err != nil || bucket == nil {
			return err
		}
		// Who has joined waits for as long as there is contact.
		joining = stopping
		err = w.turn(ctx, joining, interrupt, h, bucket)
		if stays := h.heard().Stays; err != nil && !(stays && errors.Is(err, errSpare)) || !stays {
			return err
		}
		before = h
	}
}

// turn is one run. joining ends when the worker is told to stop, and ctx when it is to give up.
func (w Worker) turn(ctx, joining context.Context, interrupt <-chan struct{}, h *hand, bucket *hub.Bucket) error {
	j, plan, to, err := w.accept(joining, h, bucket)
	if err != nil {
		w.fail(ctx, h, err, "")
		return unlessInterrupted(interrupt, &RefusedError{err})
	}
	h.set(func(q *question) { q.Plan = j.Digest })
	shard, err := w.take(joining, h, bucket, j.Shards)
	if errors.Is(err, errSpare) && h.heard().Stays {
		return err
	}
	if err != nil {
		return unlessInterrupted(interrupt, &RefusedError{err})
	}
	w.Say(fmt.Sprintf("shard %d of %d of %s, against %s", shard, j.Shards, h.heard().Run, to))
	h.set(func(q *question) { q.Shard, q.State = shard, taken })
	telling, silence := context.WithCancel(ctx)
	told := make(chan struct{})
	go func() { defer close(told); h.keep(telling) }()
	defer func() { silence(); <-told }()
	c, with, err := w.ready(ctx, h, j, plan, to, shard)
	if err != nil {
		silence()
		<-told
		w.fail(ctx, h, err, "")
		return &RefusedError{err}
	}
	began, err := w.await(ctx, interrupt, h)
	if err != nil {
		silence()
		<-told
		w.fail(ctx, h, err, "")
		return err
	}
	lost, err := w.fire(ctx, interrupt, h, c, with, began, j.Rows)
	if err != nil {
		silence()
		<-told
		w.fail(ctx, h, err, c.Dir)
		return err
	}
	if err := w.bringIn(ctx, h, bucket, shard, c.Dir, with != nil); err != nil {
		silence()
		<-told
		w.fail(ctx, h, err, c.Dir)
		return &SpoolError{c.Dir, errors.Join(lost, err)}
	}
	if lost != nil {
		return fmt.Errorf("what could be kept is home, and that is not all: %w", lost)
	}
	w.Say("everything that was measured is home")
	return nil
}

// errInterrupted is why a worker that was told to stop has sent nothing.
var errInterrupted = errors.New("interrupted before the start, and no call was sent")

// unlessInterrupted is the error, unless it only came of that.
func unlessInterrupted(interrupt <-chan struct{}, err error) error {
	select {
	case <-interrupt:
		return errInterrupted
	default:
		return err
	}
}

// meet asks until the coordinator answers with a run other than the one before, and opens its bucket: nil where no run
// comes any more.
func (h *hand) meet(ctx context.Context, interrupt <-chan struct{}, before string) (b *hub.Bucket, err error) {
	for {
		a, asked := h.ask(ctx, h.says)
		switch silent, long := h.alone(); {
		case asked != nil && before != "" && long:
			return nil, fmt.Errorf("%w: no contact for %s", errAlone, silent.Round(time.Second))
		case asked != nil:
		case a.Refused != "":
			return nil, &RefusedError{errors.New(a.Refused)}
		case a.Dismissed:
			h.set(func(q *question) { q.State = leaving })
			_, _ = h.ask(ctx, h.says) // the hub goes once it knows
			return nil, nil
		case a.Run != "" && a.Run != before:
			if b, asked = h.conn.Bucket(ctx, a.Run); asked == nil {
				h.set(func(q *question) { q.Run = a.Run })
				return b, nil
			}
		}
		select {
		case <-ctx.Done():
			err = fmt.Errorf("no coordinator answers at the hub: %w", errors.Join(asked, ctx.Err()))
		case <-interrupt:
		case <-time.After(h.pace() / 5):
			continue
		}
		return nil, unlessInterrupted(interrupt, err)
	}
}

// fail tells why the worker takes no part any more, as well as it can, and where what it measured lies. Whoever waits
// for nothing any more waits for this a moment.
func (w Worker) fail(ctx context.Context, h *hand, why error, spool string) {
	said := why.Error()
	if w.Redact != nil {
		said = w.Redact(said)
	}
	if _, err := os.Stat(spool); err != nil {
		spool = ""
	}
	var unreachable *trial.UnreachableError
	h.set(func(q *question) {
		q.State, q.Detail, q.Spool = failed, said, spool
		if q.Unreachable = errors.As(why, &unreachable); q.Unreachable {
			q.Target = unreachable.Target.String()
		}
	})
	if ctx.Err() != nil {
		soon, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second/2)
		defer cancel()
		ctx = soon
	}
	for range 3 {
		if _, err := h.ask(ctx, h.says); err == nil {
			return
		}
	}
}

// places are the targets of a job, which are one or two.
type places []*url.URL

// String names them.
func (p places) String() string {
	if len(p) > 1 {
		return p[0].String() + " and " + p[1].String() + " in turn"
	}
	return p[0].String()
}

// accept reads the job and makes the plan.
func (w Worker) accept(ctx context.Context, h *hand, b *hub.Bucket) (j job, p *scenarios.Plan, to places, err error) {
	dir, err := os.MkdirTemp("", "andon-job-")
	if err != nil {
		return j, nil, nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	missing, err := bringHome(b, "job", dir, func(step func(context.Context) error) error { return h.try(ctx, step) })
	if err != nil {
		return j, nil, nil, fmt.Errorf("the job cannot be read: %w", err)
	}
	if len(missing) > 0 {
		return j, nil, nil, fmt.Errorf("the job at the hub is not whole: %s is missing or damaged", missing[0])
	}
	if j, p, err = readJob(dir, w.Andon); err != nil {
		return j, nil, nil, err
	}
	jobs := []job{j}
	if j.Against != nil {
		jobs = append(jobs, j.other())
	}
	for _, one := range jobs {
		target, wrong := one.permits(p, w.Hosts)
		to, err = append(to, target), errors.Join(err, wrong)
	}
	return j, p, to, err
}

// errSpare is why a worker has no part in a run.
var errSpare = errors.New("no call was sent")

// take takes a shard: of several that want the same, one has it.
func (w Worker) take(ctx context.Context, h *hand, b *hub.Bucket, shards int) (int, error) {
	first, last := 0, shards-1
	if w.Shard >= 0 {
		first, last = w.Shard, w.Shard
	}
	if w.Shard >= shards {
		return 0, fmt.Errorf("this worker is to take shard %d, and there are %d, from 0 to %d: %w", w.Shard, shards, shards-1, errSpare)
	}
	var owner string
	for shard := first; shard <= last; shard++ {
		at := "shard." + strconv.Itoa(shard)
		err := h.try(ctx, func(ctx context.Context) error { return b.Create(ctx, at, []byte(w.Name)) })
		switch {
		case err == nil:
			return shard, nil
		case !errors.Is(err, hub.ErrTaken):
			return 0, err
		}
		by, err := get(b, at, func(step func(context.Context) error) error { return h.try(ctx, step) })
		if err != nil {
			return 0, err
		}
		if owner = string(by); owner == w.Name {
			// The answer to an earlier try was lost.
			return shard, nil
		}
	}
	if w.Shard >= 0 {
		return 0, fmt.Errorf("shard %d is taken by worker %s, and no call was sent: a shard is sent once, and never again by another", w.Shard, owner)
	}
	return 0, fmt.Errorf("all %d shards are taken, and %w", shards, errSpare)
}

// ready makes all ready that has to be there before the first call. with is the second target, where there is one.
func (w Worker) ready(ctx context.Context, h *hand, j job, p *scenarios.Plan, to places, shard int) (c trial.Config, with *trial.Against, err error) {
	if c, err = w.Prepare(j.Carried.over(p.Carried), to[0]); err != nil {
		return c, nil, err
	}
	c.Plan, c.Target, c.Andon = p, to[0], w.Andon
	c.Release, c.Labels, c.Deviations = j.Release, j.Labels, j.Deviations
	c.HTTP2, c.Traceparent, c.RepeatedIDsAllowed = j.HTTP2, j.Traceparent, j.RepeatedIDsAllowed
	name := h.heard().Run + "-s" + strconv.Itoa(shard)
	if filepath.Base(name) != name {
		return c, nil, fmt.Errorf("the run is called %q, which would lead out of the spool", text.Printable(name, 200))
	}
	c.Dir = filepath.Join(w.Spool, name)
	c.Shard, c.Group = scenarios.Shard{Index: shard, Of: j.Shards}, j.Group
	if err := writable(w.Spool); err != nil {
		return c, nil, fmt.Errorf("what is measured could not be kept in %s, and no call was sent: %w; name another folder for it", w.Spool, err)
	}
	if _, err = c.Reach(ctx); err != nil || j.Against == nil {
		return c, nil, err
	}
	with, err = w.second(ctx, c, j, to[1])
	return c, with, err
}

// second makes the second target of a job ready, of whose first one c is.
func (w Worker) second(ctx context.Context, c trial.Config, j job, target *url.URL) (*trial.Against, error) {
	s := j.Against
	with := &trial.Against{Target: target, Release: s.Release, Credentials: c.Credentials, SliceSeconds: s.SliceSeconds, Takes: trial.Turns(s.Order, s.SliceSeconds)}
	if j.Carried != nil || s.Carried != nil {
		own, err := w.Prepare(s.Carried.over(c.Plan.Carried), target)
		if err != nil {
			return nil, err
		}
		with.Credentials = own.Credentials
	}
	c.Target, c.Credentials = target, with.Credentials
	_, err := c.Reach(ctx)
	return with, err
}

// writable says why nothing can be written into a folder, which is made if it is not there: once all have begun, it
// would be too late to say so.
func writable(dir string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".andon-")
	if err != nil {
		return err
	}
	_, err = f.Write(make([]byte, 4096))
	return errors.Join(err, f.Close(), os.Remove(f.Name()))
}

// behind is how late the start may be heard of: calls that came due meanwhile leave late, by this machine's fault.
const behind = time.Second / 2

// await says that the worker is armed, and waits until the start is fixed. It gives when that is by this machine.
func (w Worker) await(ctx context.Context, interrupt <-chan struct{}, h *hand) (time.Time, error) {
	h.set(func(q *question) { q.State = armed })
	for {
		select {
		case <-ctx.Done():
			return time.Time{}, ctx.Err()
		case <-interrupt:
			return time.Time{}, errInterrupted
		case e := <-h.ordered:
			return time.Time{}, fmt.Errorf("no call was sent: %s", e.Detail)
		case <-h.changed:
		}
		a := h.heard()
		if a.Refused != "" {
			return time.Time{}, &RefusedError{errors.New(a.Refused)}
		}
		if a.Start == 0 {
			continue
		}
		wait := h.until(a.Start)
		if wait < -behind {
			return time.Time{}, fmt.Errorf("the start was heard of %s too late, and no call was sent", -wait)
		}
		return time.Now().Add(wait), nil
	}
}

// bringIn hands in a run directory, or the two below it of two targets, and waits until all is home.
func (w Worker) bringIn(ctx context.Context, h *hand, b *hub.Bucket, shard int, dir string, two bool) error {
	if err := h.waitFor(ctx, h.drained); err != nil {
		return err
	}
	sides := []string{""}
	if two {
		sides = []string{"a", "b"}
	}
	var lists []listing
	for _, side := range sides {
		l, err := list(filepath.Join(dir, side))
		if err != nil {
			return err
		}
		lists = append(lists, l)
	}
	var in []string
	for attempt := 0; ; attempt++ {
		for i, side := range sides {
			err := handIn(b, upKey(shard, side), filepath.Join(dir, side), lists[i], in, attempt, func(step func(context.Context) error) error { return h.try(ctx, step) })
			if err != nil {
				return err
			}
		}
		h.set(func(q *question) { q.State = handed })
		for in = nil; in == nil; {
			if err := h.waitFor(ctx, h.changed); err != nil {
				return err
			}
			if h.heard().Confirmed {
				return nil
			}
			in = h.missing()
		}
		h.set(func(q *question) { q.State = firing })
	}
}

// waitFor waits for a channel, for as long as there is contact.
func (h *hand) waitFor(ctx context.Context, c <-chan struct{}) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-c:
			if a := h.heard(); a.Gone != "" {
				return errors.New("the coordinator has given this worker up: " + a.Gone)
			}
			if silent, long := h.alone(); long {
				return fmt.Errorf("%w: no contact for %s", errAlone, silent.Round(time.Second))
			}
			return nil
		case <-time.After(h.times.Every):
			if silent, long := h.alone(); long {
				return fmt.Errorf("%w: no contact for %s", errAlone, silent.Round(time.Second))
			}
			if a := h.heard(); a.Gone != "" {
				return errors.New("the coordinator has given this worker up: " + a.Gone)
			}
		}
	}
}

// fire sends the calls of the shard, to the second target in turn where there is one. began is when the first one is
// due, rows says that each is told of, and lost what could not be kept of it all.
func (w Worker) fire(ctx context.Context, interrupt <-chan struct{}, h *hand, c trial.Config, with *trial.Against, began time.Time, rows bool) (lost, err error) {
	var manifest results.Manifest
	c.StartAt, c.Ahead = began, began.Round(0).Sub(time.Unix(0, h.heard().Start))
	c.Started = func(m results.Manifest) { manifest = m }
	c.Began = after(c.Began, func(at time.Time) {
		h.meter.begin(manifest, at, rows)
		h.fires()
	})
	c.Observe = h.meter.observe
	c.Tick = func(_ time.Duration, _ float64, _, inFlight int) { h.meter.tick(inFlight) }
	over := make(chan struct{})
	defer close(over)
	c.Ordered, interrupt = h.orders(interrupt, over)
	var r trial.Result
	if with == nil {
		r, err = trial.Run(ctx, interrupt, c)
	} else {
		r, _, err = trial.RunPair(ctx, interrupt, c, *with)
	}
	if r.Aggregator == nil {
		return nil, err
	}
	if r.Run != nil {
		h.over(&r.Run.End)
	} else {
		h.over(&results.End{Reason: results.Unkept})
	}
	return err, nil
}
