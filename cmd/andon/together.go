package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/pflag"

	"github.com/kaizenautomation/andon/scenarios"
	"github.com/kaizenautomation/andon/scenarios/trial"
)

// togetherFlags make a run one of several on many machines.
type togetherFlags struct{ shard, start string }

const togetherHelp = `Where one machine is not enough, several share a run: each is given the same scenario, seed and
--start-at, and a --shard of its own, and andon report makes one run of their directories. Shard 2/8
sends the calls whose numbers leave 2 when divided by 8: shards are numbered from 0, as the indices
of a CI matrix are. Which calls there are, when each is due and what it carries is the same as without
shards. The limits inFlight, calls, warm and the polls of follow, and the callers of a closed loop, are
divided, so that they add up to what the scenario says. --start-at is a moment such as
2026-11-26T16:30:00Z, or a time of day with its zone such as 16:30:00Z, which is the nearest one; it is
by each machine's clock, and one that is past is refused. Until then nothing is sent. A shard's own
verdict leaves thresholds on rates and on counts to the report on all shards.`

func (f *togetherFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.shard, "shard", "", "the part `I/K` of the run that is sent, from 0/K on; needs --start-at")
	flags.StringVar(&f.start, "start-at", "", "the `time` at which the first call is due, the same for all shards")
}

// read is what the flags say, all that is wrong with them at once.
func (f togetherFlags) read(paired pairedFlags) (shard scenarios.Shard, at time.Time, err error) {
	var wrong []error
	if f.shard != "" {
		if shard, err = scenarios.ParseShard(f.shard); err != nil {
			wrong = append(wrong, fmt.Errorf("--shard: %w", err))
		}
		if f.start == "" {
			wrong = append(wrong, errors.New("--shard needs --start-at, the same for all shards of a run: they are one load, and known by it"))
		}
	}
	if f.start != "" {
		if at, err = trial.ParseStart(f.start, time.Now()); err != nil {
			wrong = append(wrong, fmt.Errorf("--start-at: %w", err))
		}
	}
	if paired.asked() && (f.shard != "" || f.start != "") {
		wrong = append(wrong, errors.New("a run of two targets in turn is not divided: leave out --shard and --start-at"))
	}
	return shard, at, errors.Join(wrong...)
}
