package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/pflag"

	"github.com/kaizenautomation/andon/scenarios"
	"github.com/kaizenautomation/andon/scenarios/search"
)

// studyFlags ask for more than the capacity of the scenario.
type studyFlags struct {
	mix, ladder, replicas string
	isolation             bool
	reserve               part
	soak                  long
}

const studiesHelp = `Besides the capacity of the scenario itself, each in trials and time of its own:
--mix tier=0,25,50,75,100 finds the capacity at each share of a tier, and tells where it is not what
a pool takes that all calls share; tier.Lite=…, content.text=…, invalid=0,1,5 and the like vary
something else. --isolation finds the capacity of one tier and tells what 20, 50 and 80 % of it do to
the p99 of the other. --ladder 1,2,4,8,16,32 measures the throughput of so many callers, and fits the
Universal Scalability Law to six levels or more. --soak 2h holds 80 % of the capacity for so long, and
tells what drifts. --replicas measured=2 --need 900/s says how many replicas are needed, by the low
end of the capacity and with --reserve of it left free. Capacities that were measured before, as
1=95/s,2=180/s,4=350/s, answer that without a call, and from three on they say what each further one
is worth.`

func (f *studyFlags) add(flags *pflag.FlagSet) {
	f.reserve = search.DefaultReserve
	flags.StringVar(&f.mix, "mix", "", "`value=shares` in percent at which the capacity is found, such as tier=0,50,100")
	flags.BoolVar(&f.isolation, "isolation", false, "tell what the load of one tier does to the other")
	flags.StringVar(&f.ladder, "ladder", "", "`callers` whose throughput is measured, such as 1,2,4,8,16,32")
	flags.Var(&f.soak, "soak", "how `long` 80 % of the capacity is held")
	flags.StringVar(&f.replicas, "replicas", "", "`replicas` that were measured, as measured=2 or 1=95/s,2=180/s,4=350/s")
	flags.Var(&f.reserve, "reserve", "`share` of each replica's capacity that is to stay free")
}

// asked reports whether there is something to be found out for which the capacity has to be known.
func (f *studyFlags) asked() bool {
	replicas := false
	if f.replicas != "" {
		r, err := search.ParseReplicas(f.replicas)
		replicas = err != nil || !r.Known()
	}
	return f.mix != "" || f.isolation || f.ladder != "" || f.soak != 0 || replicas
}

// read reads what is asked for of a scenario, and says all that is wrong at once.
func (f *studyFlags) read(s *scenarios.Scenario, need float64) (x search.Studies, err error) {
	var wrong []error
	add := func(flag string, err error) {
		if err != nil {
			wrong = append(wrong, fmt.Errorf("--%s: %w", flag, err))
		}
	}
	if f.mix != "" {
		m, err := search.ParseMix(f.mix, s)
		x.Mix = &m
		add("mix", err)
	}
	if f.ladder != "" {
		x.Ladder, err = search.ParseLadder(f.ladder)
		add("ladder", err)
	}
	if f.replicas == "" && f.reserve != search.DefaultReserve {
		add("reserve", errors.New("it is kept free of what replicas take: add --replicas, such as --replicas measured=2, or leave it out"))
	}
	if f.reserve >= 1 {
		add("reserve", fmt.Errorf("expected from 0%% to less than 100%%, found %g%%", 100*f.reserve))
	}
	if f.replicas != "" {
		r, err := search.ParseReplicas(f.replicas)
		r.Need, r.Reserve = need, float64(f.reserve)
		x.Replicas = &r
		add("replicas", err)
		if need == 0 {
			add("replicas", errors.New("how many are needed depends on the rate: add --need, such as --need 900/s"))
		}
	}
	x.Isolation, x.Soak = f.isolation, time.Duration(f.soak)
	// What is wrong with the replicas has been said by the flags' names.
	if len(wrong) == 0 || x.Replicas == nil {
		wrong = append(wrong, x.Check(s))
	}
	return x, errors.Join(wrong...)
}
