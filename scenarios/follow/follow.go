// Package follow finds out what becomes of the executions that accepted calls start.
//
// It asks the provider (polls), and is told by it (webhooks). Its polls have connections and a budget of their own, and
// are no part of the load. When an execution ends lies between two moments on the run's clock: the last poll that was
// sent and answered otherwise, and the first answer that said so. Nothing is read from a clock of the provider's.
//
//  1. Whatever is accepted goes into the journal of the run, so that a process that dies loses none.
//  2. The [tempo] of each tier, learned from the ends that were seen, says when an execution is asked about; a
//     [schedule] keeps the order, and the budget the pace.
//  3. What an answer tells is added to what is known ([learn]), contradictions included.
//  4. After the last call all are asked about that are not known to have ended, until they have, or the time is over.
//     What was not seen to its end is then known to have lasted that long, and is not lost: that is only what the
//     provider, which accepted it, does not know.
package follow

import "context"

// Follower follows executions. Make it with [Start].
type Follower struct {
	*inbox
	following *following
	close     func()
	over      chan struct{}
}

// Start begins to follow.
func Start(c Config) *Follower {
	// As many as the budget needs where an answer takes half a second.
	slots := int(min(max(c.Following.Polls/2, 2), 32))
	asker := newAsker(c, slots)
	g := newFollowing(c, slots, asker.ask)
	if c.Webhooks != nil {
		c.Webhooks.serve(g.hooked)
	}
	return start(g, asker.transport.CloseIdleConnections)
}

func start(g *following, closing func()) *Follower {
	f := &Follower{g.inbox, g, closing, make(chan struct{})}
	go func() {
		defer close(f.over)
		g.loop()
	}()
	return f
}

// Finish goes on with those that were accepted until their ends are known, or the time for it is over, and gives what
// is known then. Closing stop, which may be nil, ends it at once, and so does the end of ctx. No more are accepted
// after it was called.
func (f *Follower) Finish(ctx context.Context, stop <-chan struct{}) Outcome {
	stopped := make(chan struct{})
	go func() {
		select {
		case <-stop:
		case <-ctx.Done():
		case <-f.over:
			return
		}
		close(stopped)
	}()
	f.following.finish <- stopped
	<-f.over
	f.close()
	return f.following.outcome()
}
