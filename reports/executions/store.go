package executions

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strconv"
	"time"

	"github.com/kaizenautomation/andon/reports/regular"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/text"
)

// Keep writes into a run directory what is known of its executions: all of them, how they were followed, and a list of
// those that did not complete.
func Keep(dir string, list []results.Execution, about About) error {
	if err := results.WriteExecutions(dir, list); err != nil {
		return err
	}
	if err := results.WriteJSON(filepath.Join(dir, results.FollowingFile), about); err != nil {
		return err
	}
	return regular.Write(filepath.Join(dir, results.UnfinishedFile), Of(list, about).WriteUnfinished)
}

// KeepBegun writes into a run directory how its executions are followed, which has begun just now. It stands there
// until [Keep] says how that ended.
func KeepBegun(dir string, about About) error {
	about.End, about.Detail = EndCut, cutDetail
	return results.WriteJSON(filepath.Join(dir, results.FollowingFile), about)
}

// cutDetail explains [EndCut].
const cutDetail = "what is known of executions goes up to the last second that was written"

// WriteUnfinished lists the executions that did not complete, so that they can be looked for at the provider's.
func (a *Account) WriteUnfinished(to io.Writer) error {
	w := csv.NewWriter(to)
	_ = w.Write([]string{"id", "state", "tier", "class", "phase", "call", "accepted_s", "last_known_s"}) // Error tells
	at := func(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', 3, 64) }
	for _, list := range a.Group(func(_, _ int) bool { return true }).parts {
		for _, x := range list {
			if x.State == results.StateCompleted {
				continue
			}
			class, phase := a.about.Labels.Classes[x.Class], a.about.Labels.Phases[x.Phase]
			_ = w.Write([]string{
				text.Printable(kept(x.ID), results.MaxID), x.State.String(), class.Tier, class.Name, phase.Name, strconv.FormatUint(uint64(x.N), 10),
				at(x.Accepted), at(max(x.Alive, x.Ended)),
			})
		}
	}
	w.Flush()
	return w.Error()
}

// ReadAbout reads how the executions of a run were followed, as far as it is kept.
func ReadAbout(dir string) (about About, err error) {
	path := filepath.Join(dir, results.FollowingFile)
	if err = results.ReadJSON(path, &about); err == nil && about.Began.IsZero() {
		err = fmt.Errorf("%s does not say when the run's clock began", path)
	}
	return about, err
}

// Read reads what is known of the executions of a run; nil where they were not followed. Where the following was cut
// off, it is what the journal has.
func Read(run *results.Run) (*Account, error) {
	list, err := run.Executions()
	if errors.Is(err, fs.ErrNotExist) {
		if run.Following == nil {
			return nil, nil
		}
		if run.End.Reason != results.Cut {
			run.Damage = append(run.Damage, fmt.Sprintf("%s: what became of the executions is missing, which were followed", run.Dir))
			return nil, nil
		}
	} else if err != nil {
		return nil, err
	}
	var about About
	err = results.ReadJSON(filepath.Join(run.Dir, results.FollowingFile), &about)
	if err != nil {
		about = About{End: EndCut, Detail: cutDetail}
		if !errors.Is(err, fs.ErrNotExist) {
			about.Detail = fmt.Sprintf("how the executions were followed is not known any more: %v", err)
		}
		if run.Following != nil {
			about.Operation, about.Sample = run.Following.Operation, run.Following.Sample
		}
	}
	if about.End == EndCut {
		for _, x := range list {
			about.LoadSeconds = max(about.LoadSeconds, x.Accepted.Seconds())
		}
	}
	about.Labels = run.Labels
	return Of(list, about), nil
}
