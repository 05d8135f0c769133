package trial

import (
	"context"
	"errors"
	"time"

	"github.com/kaizenautomation/andon/reports/executions"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/scenarios/attack"
	"github.com/kaizenautomation/andon/scenarios/follow"
)

// followed is the executions of a trial, while they are followed.
type followed struct {
	Config
	*follow.Follower
	tracker *tracker
	// about is how they are followed, as it was written when that began, unless begun gives an error.
	about executions.About
	begun chan error
}

// follow begins to follow what an attack is to start, where the scenario says so.
func (c Config) follow(dir string, a *attack.Config, t *tracker) (*followed, error) {
	f := c.part.Following
	if f == nil {
		return nil, nil
	}
	journal, err := results.CreateJournal(dir)
	if err != nil {
		return nil, &results.PlaceError{Err: err}
	}
	follower := follow.Start(follow.Config{
		Following: *f, Target: c.Target, Credentials: c.Credentials, Tenant: func(n uint32) int { return c.Plan.Tenant(uint64(n)) },
		Labels: c.Plan.Labels, Seed: c.Plan.Seed, Timeout: c.Plan.Limits.Timeout, Journal: journal, Webhooks: c.Webhooks,
	})
	x := &followed{Config: c, Follower: follower, tracker: t}
	a.Accepted, t.follower, t.ended = follower.Accepted, follower, []ends{{time.Now(), 0}}
	began := a.Began
	a.Began = func(at time.Time) {
		if began != nil {
			began(at)
		}
		follower.Begin(at)
		x.about = executions.About{Operation: f.Operation.String(), Sample: f.Sample, Began: at}
		// The first call does not wait for the disk.
		x.begun = make(chan error, 1)
		go func() { x.begun <- executions.KeepBegun(dir, x.about) }()
	}
	return x, nil
}

// finish follows them to their ends, once the load is over, and keeps what is known. Closing interrupt ends that,
// unless it has ended the load.
func (f *followed) finish(ctx context.Context, interrupt <-chan struct{}, dir string, out attack.Outcome) error {
	if out.End.Reason == results.Interrupted {
		interrupt = nil
	}
	outcome := f.await(ctx, interrupt, f.Plan.Following.For)
	if calls := out.Aggregator.Running().Sent + outcome.About.Polls.Sent; calls > 0 {
		outcome.About.Polls.Share = float64(outcome.About.Polls.Sent) / float64(calls)
	}
	outcome.About.Began = f.about.Began
	out.Aggregator.Follow(executions.Of(outcome.Executions, outcome.About))
	return errors.Join(<-f.begun, executions.Keep(dir, outcome.Executions, outcome.About))
}

// await waits for the end of the following, which takes so long at most, and tells the progress.
func (f *followed) await(ctx context.Context, stop <-chan struct{}, most time.Duration) follow.Outcome {
	over, told := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(told)
		f.tell(over, time.Now().Add(most))
	}()
	outcome := f.Finish(ctx, stop)
	close(over)
	<-told
	return outcome
}

// tell tells the progress every so often, as long as executions are followed and the load is over.
func (f *followed) tell(over <-chan struct{}, deadline time.Time) {
	if f.Config.Progress == nil {
		return
	}
	every := time.NewTicker(max(f.Every, time.Second))
	defer every.Stop()
	began := time.Now()
	for {
		p := f.tracker.last
		p.Elapsed += time.Since(began)
		p.InFlight, p.Achieved, p.Asked = 0, 0, 0
		p.Executions = f.tracker.executions()
		p.Executions.After, p.Executions.Left = true, max(time.Until(deadline), 0)
		f.Config.Progress(p)
		select {
		case <-over:
			return
		case <-every.C:
		}
	}
}
