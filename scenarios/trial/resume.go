package trial

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"strings"
	"time"

	"github.com/kaizenautomation/andon/contracts/credentials"
	"github.com/kaizenautomation/andon/reports/executions"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
	"github.com/kaizenautomation/andon/scenarios"
	"github.com/kaizenautomation/andon/scenarios/follow"
)

// Resumption says which run's executions are followed further, and how. None of its calls is sent again.
type Resumption struct {
	Dir string
	// Plan is what the run did, from the files in its directory; where its scenario follows no executions, the
	// description says how.
	Plan        *scenarios.Plan
	Credentials *credentials.Set
	// Progress, if not nil, is told about once a second how far it is.
	Progress func(summary.Progress)
}

// Resume goes on following the executions of a run, to their ends or until stop is closed, and keeps in the run's
// directory what is known then. A summary that is there knows nothing of it, and has to be made again.
//
// Its moments are by the machine's clock, where those of the run itself are not: what that was set by since is in them.
func Resume(ctx context.Context, stop <-chan struct{}, r Resumption) error {
	run, err := results.Open(r.Dir)
	if err != nil {
		return err
	}
	if run.Provider != nil {
		return errors.New("the run drove the embedded provider, which has ended with it: there is nobody to ask")
	}
	known, err := run.Executions()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("the executions of %s were not followed, so that it has no journal of them: `follow: true` in a scenario has them followed", r.Dir)
	case err != nil:
		return err
	}
	about, err := executions.ReadAbout(r.Dir)
	if err != nil {
		return err
	}
	if about.Began.After(time.Now()) {
		return fmt.Errorf("the clock of the run began at %s, as %s has it, and it is not that late yet", about.Began, results.FollowingFile)
	}
	target, err := url.Parse(run.Target)
	if err != nil {
		return fmt.Errorf("the target of the run cannot be read: %w", err)
	}
	journal, err := results.ResumeJournal(r.Dir)
	if err != nil {
		return err
	}
	// Where this is cut off, too, what is known goes up to then.
	if err := executions.KeepBegun(r.Dir, about); err != nil {
		return errors.Join(err, journal.Close())
	}
	how := scenarios.DefaultFollowing(r.Plan.Description().Following())
	if r.Plan.Following != nil {
		how = *r.Plan.Following
	}
	if run.Shard != nil {
		how.Polls /= float64(run.Shard.Of)
	}
	follower := follow.Start(follow.Config{
		Following: how, Target: target, Credentials: r.Credentials, Tenant: func(n uint32) int { return r.Plan.Tenant(uint64(n)) },
		Labels: run.Labels, Seed: run.Seed, Timeout: r.Plan.Limits.Timeout, Journal: journal, Known: known, Began: about.Began,
	})
	f := &followed{Config: Config{Plan: r.Plan, Progress: r.Progress}, Follower: follower, tracker: &tracker{follower: follower}}
	f.tracker.last = summary.Progress{Scenario: run.Scenario, Target: run.Target}
	outcome := f.await(ctx, stop, how.For)
	next := outcome.About
	damage := run.Damage
	next.Began, next.LoadSeconds = about.Began, about.LoadSeconds
	// Those of before count, too.
	next.Polls.Sent = 0
	for _, x := range outcome.Executions {
		next.Polls.Sent += uint64(x.Polls)
	}
	if all := next.Polls.Sent + uint64(len(known)); all > 0 {
		next.Polls.Share = float64(next.Polls.Sent) / float64(all)
	}
	if len(damage) > 0 {
		next.Detail = strings.TrimPrefix(next.Detail+fmt.Sprintf("; %s of what was known before is damaged", text.Plural(uint64(len(damage)), "part")), "; ")
	}
	if next.LoadSeconds == 0 {
		for _, x := range known {
			next.LoadSeconds = max(next.LoadSeconds, x.Accepted.Seconds())
		}
	}
	next.Seconds = time.Since(about.Began).Seconds() - next.LoadSeconds
	return executions.Keep(r.Dir, outcome.Executions, next)
}
