package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of /proc/stat.
const tick = 10 * time.Millisecond

// noise is how much of the two cores was taken by others, run by run, as a share of the run's time.
type noise struct{ generator, target []float64 }

// busy is the time for which the generator's and the target's cores had something to do.
func busy() (generator, target time.Duration, err error) {
	data, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, 0, err
	}
	if generator, err = parseBusy(string(data), generatorCore); err != nil {
		return 0, 0, err
	}
	target, err = parseBusy(string(data), targetCore)
	return generator, target, err
}

// parseBusy sums what /proc/stat says of a core, without its idle time and the wait for disks; guests are in the user
// time.
func parseBusy(stat, core string) (time.Duration, error) {
	for line := range strings.Lines(stat) {
		fields := strings.Fields(line)
		if len(fields) < 9 || fields[0] != "cpu"+core {
			continue
		}
		var sum int64
		for i, field := range fields[1:9] {
			n, err := strconv.ParseInt(field, 10, 64)
			if err != nil {
				return 0, err
			}
			if idle, wait := 3, 4; i != idle && i != wait {
				sum += n
			}
		}
		return time.Duration(sum) * tick, nil
	}
	return 0, fmt.Errorf("/proc/stat does not speak of core %s", core)
}

// add notes a run of the given length, in which the cores were busy for so long, with the generator and the target for
// so long of that.
func (n *noise) add(length, busyGenerator, generator, busyTarget, target time.Duration) {
	taken := func(busy, own time.Duration) float64 { return max(0, float64(busy-own)/float64(length)) }
	n.generator = append(n.generator, taken(busyGenerator, generator))
	n.target = append(n.target, taken(busyTarget, target))
}

// quiet is how much others may take before figures are doubted.
const quiet = 0.03

// loud reports whether others took so much that no figure is worth anything.
func (n *noise) loud() bool { return median(n.generator) > quiet || median(n.target) > quiet }

func (n *noise) String() string {
	if len(n.generator) == 0 {
		return ""
	}
	text := fmt.Sprintf("Other processes took %s of the generator's core in the median run and %s in the worst, and %s and %s of the target's, "+
		"as the kernel's ticks sample it: where a generator wakes together with them, it looks as if others were at work.",
		percent(median(n.generator)), percent(quantile(n.generator, 1)), percent(median(n.target)), percent(quantile(n.target, 1)))
	if n.loud() {
		text += " **That is too much for figures to be trusted.**"
	}
	return text
}
