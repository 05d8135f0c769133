package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/kaizenautomation/andon/contracts/credentials"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/scenarios"
	"github.com/kaizenautomation/andon/scenarios/fleet/hub"
	"github.com/kaizenautomation/andon/scenarios/trial"
)

// MostWorkers is how many a crew may have.
const MostWorkers = 1000

// A Crew is workers that stay, and make one trial after the other. Make it with [Gather].
type Crew struct {
	config Config
	times  Times
	dir    string
	hub    *hub.Hub
	conn   *hub.Conn

	mu     sync.Mutex
	roster *roster
	// run is what goes on now, nil between two, and before the one before it: a worker may not know yet that it is over.
	run, before *run
	dismissed   bool
	// looked is when it was last looked who is there, and back since when workers can be heard.
	looked, back time.Time
	// away says that not all that was measured is home.
	away bool
	// epoch is from when on the hub's clock goes evenly, from one run to the next: workers keep what they know of it.
	epoch time.Time
}

// Gather starts a hub and waits until all workers have joined. Of c.Trial, Andon counts, and Root: below that is the
// hub's directory, which goes when all is home. Closing interrupt ends the waiting.
func Gather(ctx context.Context, interrupt <-chan struct{}, c Config) (*Crew, error) {
	now := time.Now()
	crew := &Crew{config: c, times: c.Times.usual(), looked: now, back: now, epoch: now}
	crew.roster = newRoster(c.Trial.Andon, c.Workers, crew.times.Lost)
	var err error
	if _, crew.dir, err = results.NewDir(c.Trial.Root, "fleet", now); err != nil {
		return nil, err
	}
	if err := crew.gather(ctx, interrupt); err != nil {
		crew.Close()
		return nil, err
	}
	return crew, nil
}

func (c *Crew) gather(ctx context.Context, interrupt <-chan struct{}) (err error) {
	if c.hub, err = hub.Start(hub.Config{Identity: c.config.Identity, Listen: c.config.Listen, Dir: c.store()}); err != nil {
		return err
	}
	join, err := c.config.Identity.Worker(reachable(c.hub.Address()))
	if err != nil {
		return err
	}
	mine, err := c.config.Identity.Coordinator(c.hub.Address())
	if err != nil {
		return err
	}
	if c.conn, err = hub.Connect(ctx, mine); err != nil {
		return err
	}
	if err := c.conn.Answer(c.answer); err != nil {
		return fmt.Errorf("the hub takes no questions: %w", err)
	}
	if err := c.config.Joined(c.dir, join); err != nil {
		return err
	}
	late := time.After(c.times.Arming)
	for {
		c.missing()
		c.mu.Lock()
		full, n := c.roster.full, len(c.roster.heard)
		c.mu.Unlock()
		if full {
			return nil
		}
		why := ""
		select {
		case <-ctx.Done():
			why = "it was ended"
		case <-interrupt:
			why = "it was interrupted"
		case <-late:
			why = fmt.Sprintf("%s were over", c.times.Arming)
		case <-time.After(c.times.Every / 5):
			continue
		}
		return &NoStartError{fmt.Sprintf("%s when %d of %d workers had joined", why, n, c.config.Workers)}
	}
}

// store is where the hub keeps what passes through it.
func (c *Crew) store() string { return filepath.Join(c.dir, storeDir) }

// answer answers a worker.
func (c *Crew) answer(asked []byte) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	a := c.reply(parseQuestion(asked))
	a.Stays = true
	said, _ := json.Marshal(a) // an answer can always be written
	return said
}

func (c *Crew) reply(q question) answer {
	now := time.Now()
	a := answer{Protocol: protocol, Andon: c.config.Trial.Andon, Now: evenly(c.epoch, now).UnixNano(), Every: c.times.pace(c.config.Workers)}
	if a.Refused = c.roster.ask(now, q); a.Refused != "" {
		return a
	}
	for _, r := range []*run{c.run, c.before} {
		if r != nil && r.record.Run == q.Run {
			return r.reply(q)
		}
	}
	switch {
	case q.Run != "":
		a.Gone = "its run is over"
	case c.dismissed:
		a.Dismissed = true
	case c.run != nil:
		return c.run.reply(q)
	}
	return a
}

// missing says who is there no more, and tells what happened to the crew.
func (c *Crew) missing() string {
	who, said := c.look(c.conn.Connected())
	// Whoever reads along may stand still. Workers are answered all the same.
	for _, s := range said {
		c.config.Say(s)
	}
	return who
}

// look is missing but for telling.
func (c *Crew) look(connected bool) (who string, said []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if !connected || now.Sub(c.looked) >= c.times.Lost/2 {
		// Who cannot be heard, or could not while this machine stood still or did something else, is not lost.
		c.back = now
	}
	c.looked = now
	who = c.roster.missing(now, c.back)
	said, c.roster.said = c.roster.said, nil
	return who, said
}

// Run makes one trial by the workers of the crew, as [trial.Run] does by itself: each keeps and hands in its shard, and
// the report is of all together. What the calls carry, and the ways to the target, are the workers' own; Warn, Webhooks
// and Baseline are not used. Observe is told of a call once its worker has told of it, so that workers tell of each one
// where Observe is there; see encodeRows for what that costs. Tick's time is up to when all workers have told.
//
// Where a plan has too little for all workers, fewer send. Once a worker is lost, the trial is over, which a
// [trial.ShortError] says, and no other can be made.
func (c *Crew) Run(ctx context.Context, interrupt <-chan struct{}, t trial.Config) (trial.Result, error) {
	made, err := c.make(ctx, interrupt, t, c.config.Carried, nil)
	if made == nil {
		return trial.Result{}, err
	}
	return made[0], err
}

// RunPair makes one trial of two targets, as [trial.RunPair] does by itself: each worker has its part of each slice.
// Calls to the first carry what carried says by reference. All else is as in Run.
func (c *Crew) RunPair(ctx context.Context, interrupt <-chan struct{}, t trial.Config, carried credentials.Asked, with Against) (a, b trial.Result, err error) {
	made, err := c.make(ctx, interrupt, t, carried, &with)
	if made == nil {
		return a, b, err
	}
	return made[0], made[1], err
}

// make makes one trial; nothing where there is none of it.
func (c *Crew) make(ctx context.Context, interrupt <-chan struct{}, t trial.Config, carried credentials.Asked, with *Against) ([]trial.Result, error) {
	if who := c.missing(); who != "" {
		return nil, &trial.ShortError{Err: errors.New(who)}
	}
	r := &run{
		Config: Config{Trial: t, Workers: c.senders(t.Plan), Carried: carried, Against: with, Say: c.config.Say, Progress: t.Progress, Every: t.Every},
		times:  c.times, began: time.Now(), epoch: c.epoch, missing: c.missing,
	}
	if err := r.open(); err != nil {
		return nil, err
	}
	r.record.Store = c.store()
	if err := r.keep(); err != nil {
		return nil, &results.PlaceError{Err: err}
	}
	if err := r.offer(ctx, c.conn); err != nil {
		return nil, err
	}
	if t.Started != nil {
		t.Started(r.manifest(r.sum))
	}
	c.turn(r)
	out, err := r.conduct(ctx, interrupt, c.conn)
	c.turn(nil)
	if t.Ended != nil {
		t.Ended()
	}
	made, err := r.conclude(ctx, interrupt, out, err)
	c.away = c.away || err != nil
	return made, err
}

// turn says what goes on from now on.
func (c *Crew) turn(r *run) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.run != nil {
		c.before = c.run
	}
	c.run = r
}

// senders is how many workers can share a plan.
func (c *Crew) senders(p *scenarios.Plan) int {
	n := c.config.Workers
	for ; n > 1; n-- {
		if _, err := p.Shard(scenarios.Shard{Of: n}); err == nil {
			break
		}
	}
	return n
}

// Close tells the workers that no trial follows, and ends the hub.
func (c *Crew) Close() {
	if c.conn != nil {
		c.dismiss()
		c.conn.Close()
	}
	if c.hub != nil {
		c.hub.Stop()
	}
	if !c.away {
		_ = os.RemoveAll(c.dir)
	}
}

// dismiss waits until all who are there know that they may go.
func (c *Crew) dismiss() {
	for late := time.After(c.times.Lost); ; {
		c.mu.Lock()
		c.dismissed = true
		over := c.roster.dismissed()
		c.mu.Unlock()
		if over {
			return
		}
		select {
		case <-late:
			return
		case <-time.After(c.times.Every / 5):
		}
	}
}
