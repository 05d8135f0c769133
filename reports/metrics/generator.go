package metrics

import (
	"fmt"
	"math"
	"strings"

	"github.com/kaizenautomation/andon/reports/results"
)

// Generator says how the generator itself did, over the whole run.
type Generator struct {
	// Cores is how many processors it could use, CPU how many it used on average, and CPUMax in its busiest second.
	Cores  float64 `json:"cores"`
	CPU    float64 `json:"cpu"`
	CPUMax float64 `json:"cpuMax"`
	// PauseSeconds is for how long garbage collections stopped it in all, PauseMax for how long at once.
	PauseSeconds float64 `json:"pauseSeconds"`
	PauseMax     float64 `json:"pauseMax"`
	// StallSeconds is for how long it stood still where it should have woken, StallMax for how long at once.
	StallSeconds float64 `json:"stallSeconds"`
	StallMax     float64 `json:"stallMax"`
	// Loop is what the callers of closed loops lost by the generator's own doing.
	Loop Loop `json:"loop,omitzero"`
	// Queue is the most records that waited to be counted and kept, and WriteMax is how long the longest write to the
	// run directory took. BlockedSeconds is for how long callers could not go on because of that.
	Queue          int     `json:"queue"`
	WriteMax       float64 `json:"writeMax,omitempty"`
	BlockedSeconds float64 `json:"blockedSeconds,omitempty"`
	// Machine is what the system let the generator have, and took from it.
	Machine results.Machine `json:"machine,omitzero"`
	// Connections is how many were set up; OpenFiles how many files and sockets the process could have open, 0 if
	// unknown.
	Connections uint64 `json:"connections"`
	// Unasked is on how many connections bytes came that nobody had asked for.
	Unasked uint64 `json:"unasked,omitempty"`
	// Repeated counts the answers with an executionId that another one had before: where bytes came unasked, they may be
	// copies that were taken for the answers of other calls.
	Repeated uint64 `json:"repeated,omitempty"`
	// Encoded counts the answers whose bodies were compressed, which no call asks for.
	Encoded   uint64 `json:"encoded,omitempty"`
	OpenFiles uint64 `json:"openFiles"`
	// Transport names what carried the calls.
	Transport string `json:"transport"`
	// Proxy is the address of the proxy in between; empty where there was none.
	Proxy string `json:"proxy,omitempty"`
	// Protocol is the protocol that was spoken, as the answers have it; empty where Transport says so.
	Protocol string `json:"protocol,omitempty"`
	// Little is nil where nobody knows how many calls were in flight: nobody looked, or what was seen was of others too.
	Little *Little `json:"little"`
}

// Loop is the time of the closed loops of measured phases: for how long their callers could not go on because the
// generator stood still, or took no records, of how long.
type Loop struct {
	Lost    float64 `json:"lost"`
	Seconds float64 `json:"seconds"`
}

// Little is a check of andon by Little's law (Little, "A Proof for the Queuing Formula: L = λW", 1961): the mean number
// of calls in flight is their rate times their mean time. Seen was counted by looking, Expected follows from the times
// that were measured: where they differ, the times are wrong. Both leave out the time for which the generator stood
// still.
type Little struct {
	Seen     float64 `json:"seen"`
	Expected float64 `json:"expected"`
	// Holds is false where the two differ by more than a twentieth and what looking now and then can miss.
	Holds bool `json:"holds"`
}

// Generator sums up how the generator did.
func (a *Aggregator) Generator(with results.Generator, vitals []results.Vitals) Generator {
	g := Generator{Cores: with.Cores, OpenFiles: with.OpenFiles, Transport: with.Transport, Proxy: with.Proxy}
	var seconds, cpu, seen, samples, waited float64
	for _, v := range vitals {
		seconds += v.Seconds
		cpu += v.CPUSeconds
		if v.Seconds > 0.5 { // the last one may be too short to tell
			g.CPUMax = max(g.CPUMax, v.CPUSeconds/v.Seconds)
		}
		g.PauseSeconds += v.PauseSeconds
		g.PauseMax = max(g.PauseMax, v.PauseMax)
		g.StallSeconds += v.StallSeconds
		g.StallMax = max(g.StallMax, v.StallMax)
		g.Queue, g.WriteMax = max(g.Queue, v.Queue), max(g.WriteMax, v.WriteMax)
		g.BlockedSeconds += v.BlockedSeconds
		waited += v.WaitedSeconds
		g.Loop.add(v, a.closed(v))
		addMachine(&g.Machine, v.Machine)
		g.Connections = max(g.Connections, v.Connections)
		g.Unasked, g.Repeated, g.Encoded = max(g.Unasked, v.Unasked), max(g.Repeated, v.Repeated), max(g.Encoded, v.Encoded)
		if v.Protocol != "" {
			g.Protocol = v.Protocol
		}
		seen += v.InFlight * float64(v.Samples)
		samples += float64(v.Samples)
	}
	if seconds > 0 {
		g.CPU = cpu / seconds
	}
	g.CPUMax = max(g.CPU, g.CPUMax)
	g.Loop.Lost = min(g.Loop.Lost, g.Loop.Seconds)
	// Who stands still for most of the time looks too seldom, and mostly as it wakes. In turn with another target, the
	// calls of both were seen.
	if a.paired != nil || g.StallSeconds > seconds/2 {
		samples = 0
	}
	g.Little = littlesLaw(seen, samples, max(a.busy.Float()/1e9-waited, 0), seconds-g.StallSeconds)
	return g
}

// closed is how much of a second belongs to closed phases that are measured.
func (a *Aggregator) closed(v results.Vitals) (seconds float64) {
	for _, p := range a.labels.Phases {
		if p.Closed && !p.Warmup {
			seconds += max(0, min(v.AtSeconds, p.StartSeconds+p.Seconds)-max(v.AtSeconds-v.Seconds, p.StartSeconds))
		}
	}
	return seconds
}

// add counts so much of a second.
func (l *Loop) add(v results.Vitals, seconds float64) {
	if seconds > 0 {
		l.Seconds += seconds
		// A standstill may be noted in the second after it.
		l.Lost += (v.StallSeconds + v.BlockedSeconds) * seconds / v.Seconds
	}
}

// Doubtful reports whether the check by Little's law was made and fails.
func (g Generator) Doubtful() bool { return g.Little != nil && !g.Little.Holds }

// addMachine adds what was seen in a second: counters add up, and of the rest the tightest stands.
func addMachine(m *results.Machine, v results.Machine) {
	if v.Quota > 0 && (m.Quota == 0 || v.Quota < m.Quota) {
		m.Quota = v.Quota
	}
	if v.MemoryLimit > 0 && (m.MemoryLimit == 0 || v.MemoryLimit < m.MemoryLimit) {
		m.MemoryLimit = v.MemoryLimit
	}
	m.Memory = max(m.Memory, v.Memory)
	m.Periods += v.Periods
	m.Throttled += v.Throttled
	m.StolenSeconds += v.StolenSeconds
	m.MemoryFull += v.MemoryFull
}

// lostShare is how much of their time the callers of a closed loop may lose by the generator's own doing. The rate
// falls by as much. Two runs against one target differ by a few percent anyway: a twentieth is beyond that, and not
// more than what a comparison of two releases is to find.
const lostShare = 0.05

// littlesLaw compares. Each look finds a number of calls that varies by its own root, as a Poisson process does; four
// such deviations of the mean are taken for chance.
func littlesLaw(seen, samples, busy, seconds float64) *Little {
	if samples == 0 || !(seconds > 0) {
		return nil
	}
	l := Little{Seen: seen / samples, Expected: busy / seconds}
	chance := 4 * math.Sqrt(max(l.Seen, l.Expected)/samples)
	l.Holds = math.Abs(l.Seen-l.Expected) <= 0.05*l.Expected+chance
	return &l
}

// causes names what may have held the generator up, and how to mend that.
func (g Generator) causes() string {
	var found []string
	add := func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) }
	if g.Queue > longQueue || g.BlockedSeconds > Tolerance.Seconds() {
		add("up to %d records waited to be written, and a write took %s: the disk did not keep up; have the run directory on a faster one",
			g.Queue, spell(g.WriteMax, 3))
	}
	if g.Cores > 0 && g.CPUMax > 0.9*g.Cores {
		add("its processors were busy (%s of %s cores in the busiest second)", plain(round(g.CPUMax, 2)), plain(round(g.Cores, 2)))
	}
	machine := g.takenAway()
	switch {
	case g.StallMax > Tolerance.Seconds():
		if len(machine) == 0 {
			machine = []string{"the process was paused, or others had the processors"}
		}
		add("it stood still for %s in all, and for %s at once: %s", spell(g.StallSeconds, 3), spell(g.StallMax, 3), strings.Join(machine, ", and "))
	case len(machine) > 0:
		add("%s", strings.Join(machine, ", and "))
	}
	if g.PauseMax > Tolerance.Seconds() {
		add("a garbage collection stopped it for %s", spell(g.PauseMax, 3))
	}
	if g.OpenFiles > 0 && g.Connections+fewFiles > g.OpenFiles {
		add("it had %d connections and may have only %d files open (ulimit -n)", g.Connections, g.OpenFiles)
	}
	return strings.Join(found, "; ")
}

// takenAway says what the container and the host kept from the generator that it would have used.
func (g Generator) takenAway() (found []string) {
	m := g.Machine
	if m.Throttled > 0 {
		found = append(found, fmt.Sprintf("its container may use %s processors (cpu.max), and was held back in %d of %d periods; raise its CPU limit",
			plain(round(m.Quota, 2)), m.Throttled, m.Periods))
	}
	if m.StolenSeconds > 0.5*g.StallSeconds && m.StolenSeconds > Tolerance.Seconds() {
		found = append(found, fmt.Sprintf("the host of this virtual machine gave its processors to others for %s (steal); use a machine that has them for itself",
			spell(m.StolenSeconds, 3)))
	}
	const mebi = 1 << 20
	if m.MemoryFull > 0 || m.MemoryLimit > 0 && float64(m.Memory) > 0.9*float64(m.MemoryLimit) {
		found = append(found, fmt.Sprintf("its container may have %d MiB of memory (memory.max), of which it used %d, and was short of it %d times; raise its memory limit",
			m.MemoryLimit/mebi, m.Memory/mebi, m.MemoryFull))
	}
	return found
}

const (
	// longQueue is more records than wait where the disk keeps up: what a busy second brings.
	longQueue = 20_000
	// fewFiles is how many files a run has open besides its connections.
	fewFiles = 20
)
