// Package paired meets two targets in turn on one schedule, in small slices, so that both meet the same noise, and says
// whether the second one is worse than the first.
//
// Each call of a plan belongs to one slice by the moment at which it is due, and each slice to one target. Slices come
// in pairs, one of each target, and pairs in twos, the one in the order AB and the other BA, so that whatever drifts
// weighs on both alike. The comparison is looked at after every pair (package compare), and the sending ends when more
// pairs would not change the answer. What comes out is two run directories, as any other run's, and the comparison of
// the two.
package paired

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/kaizenautomation/andon/contracts/credentials"
	"github.com/kaizenautomation/andon/reports"
	"github.com/kaizenautomation/andon/reports/compare"
	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
	"github.com/kaizenautomation/andon/scenarios"
	"github.com/kaizenautomation/andon/scenarios/trial"
)

// Slice is how long a target is met at a time: long enough that the queues of one slice are little beside the next, and
// short enough that both targets meet the same noise.
const Slice = 2 * time.Second

// Config says what is compared with what.
type Config struct {
	// Config is how the first target is met, the base. Its Dir is that of the comparison, below which the two runs are.
	trial.Config
	// Against is the second target, with what is deployed there and what its calls carry. Control says that it is the
	// first again.
	Against            *url.URL
	AgainstRelease     string
	AgainstCredentials *credentials.Set
	Control            bool
	// Tolerances are by how much figures may become worse; NeedAnswer makes it a fail where that cannot be told.
	Tolerances compare.Tolerances
	NeedAnswer bool
	// Make makes the run of both; nil is [trial.RunPair]. Another one sends from other machines, which reach the targets
	// by themselves.
	Make trial.PairMaker
	// Looked, if not nil, is told what is known after each pair of slices.
	Looked func(pairs int, at time.Duration, rows []compare.Row)
}

// Check says why a plan cannot be met by two targets in turn, all that is wrong at once.
func Check(p *scenarios.Plan) error {
	var wrong []error
	if p.Closed() {
		wrong = append(wrong, errors.New("the load has closed phases, in which callers wait for a target's answers, so that two targets would get two loads; ask for rates"))
	}
	if p.Following != nil {
		wrong = append(wrong, errors.New("executions are not followed while two targets are met in turn; take follow out of the scenario"))
	}
	for _, t := range p.Thresholds {
		if t.Window() > 0 {
			wrong = append(wrong, fmt.Errorf("the threshold %s is on windows, in parts of which the other target is met; ask for the whole run", t.Expr()))
		}
	}
	least, most := 2*compareSeconds, mostSeconds
	measured := 0.0
	for _, phase := range p.Labels.Phases {
		if !phase.Warmup {
			measured += phase.Seconds
		}
	}
	if measured < least {
		wrong = append(wrong, fmt.Errorf("the load lasts for %s, warm-ups left out, and two targets in turn take at least %s", text.Duration(&measured), text.Duration(&least)))
	}
	if p.Seconds > most {
		wrong = append(wrong, fmt.Errorf("the load lasts for %s, and two targets in turn are compared for at most %s", text.Duration(&p.Seconds), text.Duration(&most)))
	}
	return errors.Join(wrong...)
}

const (
	// compareSeconds is how long each target is met at least.
	compareSeconds = 20.0
	// mostSeconds is for how long what came of the calls is kept by the second.
	mostSeconds = 3600.0
)

// Order says which target a call goes to that is due at a moment: it reports whether that is the second.
func Order(seed uint64) func(due time.Duration) bool {
	return func(due time.Duration) bool {
		slice := uint64(max(due, 0) / Slice)
		two := slice / 4
		// AB BA, or BA AB.
		second := slice%4 == 1 || slice%4 == 2
		if rand.New(rand.NewPCG(seed, two)).Uint64()&1 == 1 {
			second = !second
		}
		return second
	}
}

// pairsUntil are the pairs of slices that were over at a moment.
func pairsUntil(order func(time.Duration) bool, until time.Duration) (list []compare.Pair) {
	at := func(from time.Duration) [2]float64 { return [2]float64{from.Seconds(), (from + Slice).Seconds()} }
	for from := time.Duration(0); from+2*Slice <= until; from += 2 * Slice {
		p := compare.Pair{Base: at(from), New: at(from + Slice)}
		if order(from) {
			p.Base, p.New = p.New, p.Base
		}
		list = append(list, p)
	}
	return list
}

// pairs are those that were over at a moment, without those in which calls of a warm-up were due: these count nowhere.
func (w *watch) pairs(until time.Duration) []compare.Pair {
	return slices.DeleteFunc(pairsUntil(w.order, until), func(p compare.Pair) bool {
		return slices.ContainsFunc(w.Plan.Labels.Phases, func(of results.Phase) bool {
			from, until := min(p.Base[0], p.New[0]), max(p.Base[1], p.New[1])
			return of.Warmup && of.StartSeconds < until && of.StartSeconds+of.Seconds > from
		})
	})
}

// Run compares two targets. Closing interrupt ends the sending, and when ctx ends the calls in flight are given up as
// well; what is known then is in the report. The errors are those of package trial.
func Run(ctx context.Context, interrupt <-chan struct{}, c Config) (report compare.Report, dir string, err error) {
	if err := Check(c.Plan); err != nil {
		return report, "", err
	}
	run := c.Make
	if run == nil {
		run = trial.RunPair
		if err := c.reach(ctx); err != nil {
			return report, "", err
		}
	}
	if dir, err = c.open(); err != nil {
		return report, "", err
	}
	c.Dir = dir
	w := newWatch(c)
	c.Observe, c.Tick, c.Enough = w.observe, w.tick, w.enough
	a, b, lost := run(ctx, interrupt, c.Config, trial.Against{Target: c.Against, Release: c.AgainstRelease, Credentials: c.AgainstCredentials, SliceSeconds: Slice.Seconds(), Takes: w.order})
	if a.Aggregator == nil || b.Aggregator == nil {
		return report, "", lost
	}
	report = w.conclude(a, b)
	var short *trial.ShortError
	if errors.As(lost, &short) {
		none(&report, "not all have sent their parts: %v", short)
	}
	if err := reports.KeepComparison(dir, report); err != nil {
		lost = errors.Join(lost, &trial.IncompleteError{Err: err})
	}
	return report, dir, lost
}

// reach tries whether there is a way to both targets.
func (c Config) reach(ctx context.Context) error {
	other := c.Config
	other.Target, other.Credentials = c.Against, c.AgainstCredentials
	for _, to := range []trial.Config{c.Config, other} {
		if _, err := to.Reach(ctx); err != nil {
			return err
		}
	}
	return nil
}

// open makes the directory of the comparison.
func (c Config) open() (dir string, err error) {
	if dir = c.Dir; dir == "" {
		_, dir, err = results.NewDir(c.Root, "paired-"+c.Plan.Name, time.Now())
		return dir, err
	}
	f, err := results.Claim(dir, compare.File)
	if err != nil {
		return "", err
	}
	// The name is taken until the comparison is written.
	return dir, errors.Join(f.Close(), os.Remove(filepath.Join(dir, compare.File)))
}

// watch looks at what is known while the calls go out. Its methods are called by one goroutine.
type watch struct {
	Config
	order  func(time.Duration) bool
	sides  [2]*metrics.Stretches
	enough chan string
	looked int
	over   bool
	// ended says why the sending was ended before the plan was over; empty where it was not.
	ended string
}

func newWatch(c Config) *watch {
	return &watch{
		Config: c, order: Order(c.Plan.Seed), enough: make(chan string, 1),
		sides: [2]*metrics.Stretches{metrics.NewStretches(c.Plan.Labels), metrics.NewStretches(c.Plan.Labels)},
	}
}

func (w *watch) observe(r results.Row) {
	side := 0
	if w.order(r.Due) {
		side = 1
	}
	// The labels are the plan's, so that a row cannot be foreign to them.
	_ = w.sides[side].Add(r)
	if w.Config.Observe != nil {
		w.Config.Observe(r)
	}
}

// tick looks at the pairs of which all calls should be known by now.
func (w *watch) tick(elapsed time.Duration, _ float64, _, inFlight int) {
	pairs := w.pairs(elapsed - w.settled())
	if w.over || len(pairs) <= w.looked {
		return
	}
	w.looked = len(pairs)
	rows, clear := compare.PairedRows(w.sides[0], w.sides[1], pairs, w.Tolerances)
	if w.Looked != nil {
		w.Looked(len(pairs), elapsed, rows)
	}
	if clear && !w.Control {
		w.over, w.ended = true, fmt.Sprintf("it was clear after %s of slices", text.Plural(uint64(len(pairs)), "pair"))
		w.enough <- w.ended
	}
}

// settled is how long after a slice its calls are waited for.
func (w *watch) settled() time.Duration { return min(w.Plan.Limits.Timeout, Slice) }

// conclude is what the comparison came to.
func (w *watch) conclude(a, b trial.Result) compare.Report {
	ended := w.ended
	end := cutShort(a, b)
	if ended == "" {
		if ended = "the plan was over"; end.Reason != results.Finished {
			ended = cmp.Or(end.Detail, end.Reason)
		}
	}
	until := time.Duration(w.Plan.Seconds * float64(time.Second))
	if a.Run != nil && a.Run.End.StoppedSeconds > 0 {
		until = time.Duration(a.Run.End.StoppedSeconds * float64(time.Second))
	}
	pairs := w.pairs(until)
	how := compare.Paired{SliceSeconds: Slice.Seconds(), Ended: ended, Control: w.Control}
	r := compare.ComparePaired(w.measured(a, 0), w.measured(b, 1), pairs, how, compare.Options{Andon: w.Andon, Tolerances: w.Tolerances, NeedAnswer: w.NeedAnswer})
	w.judge(&r, a, b)
	return r
}

// cutShort is the end of the one of the two that ended otherwise than it should; that of the first where neither did.
func cutShort(a, b trial.Result) summary.End {
	if of := b.Summary.Run.End; of.Reason != results.Finished && of.Reason != results.Enough {
		return of
	}
	return a.Summary.Run.End
}

func (w *watch) measured(r trial.Result, side int) compare.Measured {
	m := compare.Measured{Validity: r.Summary.Validity.Status, Reasons: r.Summary.Validity.Reasons, Whole: r.Aggregator, Stretches: w.sides[side], Completion: compare.CompletionOf(r.Aggregator)}
	if r.Run != nil {
		m.Manifest, m.End = r.Run.Manifest, r.Run.End
	}
	return m
}

// none takes a verdict back, and says why.
func none(r *compare.Report, format string, args ...any) {
	r.Verdict = summary.Verdict{Status: summary.NoVerdict, ExitCode: 3, Causes: append([]string{text.Sentence(fmt.Sprintf(format, args...))}, r.Verdict.Causes...)}
}

// byGenerator reports whether a cause of a verdict tells of what the generator did or spoiled.
func byGenerator(s summary.Summary, cause string) bool {
	return slices.ContainsFunc(s.Validity.Reasons, func(why string) bool { return text.Sentence(why) == cause }) ||
		slices.ContainsFunc(s.Thresholds, func(t summary.Threshold) bool { return t.Spoiled && text.Sentence(t.Expr+": "+t.Found()) == cause })
}

// judge makes of what the runs came to the verdict on the comparison: what keeps the figures from being trusted, what
// the second target broke by itself, and, of a control, that nothing should have been found. What the base breaks is
// told, and is no fault of the second one.
func (w *watch) judge(r *compare.Report, a, b trial.Result) {
	if of := a.Summary.Verdict; of.Status == summary.Fail {
		for _, cause := range of.Causes {
			r.Notes = append(r.Notes, text.Sentence("the base by itself: "+cause))
		}
	}
	if of := b.Summary.Verdict; of.Status == summary.Fail {
		for _, cause := range of.Causes {
			if byGenerator(b.Summary, cause) {
				continue
			}
			r.Paired.Broke = append(r.Paired.Broke, text.Sentence("the new side by itself: "+cause))
		}
	}
	end := cutShort(a, b)
	switch {
	case w.Control && r.Count(compare.Regression, compare.Improvement) > 0:
		none(r, "a change was found between a target and itself: a false alarm, after which nothing that is found here can be trusted")
	case r.Broke():
		causes := slices.Clone(r.Paired.Broke)
		if r.Verdict.Status == summary.Fail {
			causes = append(causes, r.Verdict.Causes...)
		}
		r.Verdict = summary.Verdict{Status: summary.Fail, ExitCode: 1, Causes: causes}
	case end.Reason != results.Finished && end.Reason != results.Enough:
		none(r, "the comparison was cut short: %s", r.Paired.Ended)
	case (a.Summary.Validity.Status == metrics.GeneratorLimited || b.Summary.Validity.Status == metrics.GeneratorLimited) && r.Count(compare.Regression) == 0:
		none(r, "calls were held up where they were sent from, so that the figures speak of that and not of the targets")
	case a.Summary.Validity.Status == metrics.NoData || b.Summary.Validity.Status == metrics.NoData:
		none(r, "one of the targets gave no answer")
	case w.Control:
		r.Verdict = summary.Verdict{Status: summary.Pass, Causes: []string{}}
	}
}
