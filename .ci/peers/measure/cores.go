package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
)

// twoCores measures how a closed loop grows with a second core.
func (b *bench) twoCores() *table {
	_, core, shared := placed(2, runtime.NumCPU())
	t := &table{
		name: "cores", title: "Two cores",
		text: fmt.Sprintf("The closed loop, in each turn on one core and then on cores 0 and 1, where Go programs have GOMAXPROCS=2; wrk and h2load have as many threads. "+
			"The target is on core %s.", core),
		reference: vegetaCapped,
		columns: []column{
			{name: "rate on one", show: perSecond, ratio: true},
			{name: "rate on two", show: perSecond, ratio: true},
			{name: "CPU a request on one", show: duration, ratio: true},
			{name: "CPU a request on two", show: duration, ratio: true},
			{name: "cores used", show: significant},
			{name: scalesByRate, show: times},
			{name: scalesByTime, show: times},
		},
	}
	t.text += " By rate, a tool scales by the rate on two to that on one; by time, by twice the time of a call on one to that on two, as if nothing else could limit it."
	if shared {
		t.text += " **This machine has two cores, so that the target shares the second, and the rate on two is what both together do on two cores:** what is wanted is held against the processor time here."
	}
	once := func(tool tool, cores int) (rate, each, used float64, err error) {
		o, err := b.measure(tool, job{length: b.closed, callers: callers, cores: cores})
		if err == nil && o.calls == 0 {
			err = errors.New("the target saw no call")
		}
		if err != nil {
			return 0, 0, 0, err
		}
		n := float64(o.calls)
		return n / b.closed.Seconds(), ns(o.CPU) / n, ns(o.CPU) / ns(o.Wall), os.RemoveAll(o.dir)
	}
	b.turns(t, b.fewTurns, func(t tool) bool { return t.closed }, "no closed loop", func(tool tool, r *row) error {
		rate, each, _, err := once(tool, 1)
		if err != nil {
			return err
		}
		rateOnTwo, eachOnTwo, used, err := once(tool, 2)
		if err != nil {
			return err
		}
		r.add(rate, rateOnTwo, each, eachOnTwo, used, rateOnTwo/rate, 2*each/eachOnTwo)
		return nil
	})
	return t
}

func times(v float64) string { return significant(v) + "×" }
