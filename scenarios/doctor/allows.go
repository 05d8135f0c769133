package doctor

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kaizenautomation/andon/contracts/pact"
	"github.com/kaizenautomation/andon/reports/fitness"
	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/text"
	"github.com/kaizenautomation/andon/scenarios"
)

// host is where the system tells of itself: files below a folder, programs, and the environment.
type host struct {
	root string
	// look finds a program; empty is none.
	look func(name string) string
}

func lookPath(name string) string {
	path, err := exec.LookPath(name)
	if err != nil {
		return ""
	}
	return path
}

func (h host) text(name string) string {
	data, err := os.ReadFile(filepath.Join(h.root, filepath.FromSlash(name)))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(data))
}

// allowances are all that is told of a machine. how is what the last run said of the generator; its zero value is that
// there was none.
func allowances(h host, how metrics.Generator, timers []time.Duration) []fitness.Allowance {
	list := []fitness.Allowance{cores(how), quota(how), memory(how), files(how), h.ports(), timer(timers), h.clock(steps()), h.synchronized()}
	if how.Proxy != "" {
		list = append(list, fitness.Allowance{Name: "proxy", Status: fitness.Short, Found: "calls of this machine go through " + how.Proxy,
			Advice: "a proxy's time is in every figure, and its limits look like the target's; NO_PROXY names hosts that are reached without"})
	}
	return append(list, pactProgram(string(pact.Find())), h.browser())
}

func figure(x float64) *float64 { return &x }

func cores(how metrics.Generator) fitness.Allowance {
	n := runtime.NumCPU()
	a := fitness.Allowance{Name: "cores", Status: fitness.Fine, Value: figure(float64(n)), Found: text.Plural(uint64(n), "core")}
	if how.Cores > 0 && int(how.Cores) != n {
		a.Found += fmt.Sprintf(", of which andon uses %g at a time (GOMAXPROCS)", how.Cores)
	}
	if n < 2 {
		a.Status, a.Advice = fitness.Short, "what sends and what measures have one core between them; two or more make times truer"
	}
	return a
}

func quota(how metrics.Generator) fitness.Allowance {
	a := fitness.Allowance{Name: "quota", Status: fitness.Fine, Found: "no limit of processor time"}
	switch q := how.Machine.Quota; {
	case how.Cores == 0 || runtime.GOOS != "linux":
		a.Status, a.Found = fitness.Unknown, "this system does not tell"
	case q > 0:
		a.Value, a.Found = figure(q), fmt.Sprintf("%s of processor time, by the limit of the container", text.Plural(uint64(q), "core"))
		if q != float64(uint64(q)) {
			a.Found = fmt.Sprintf("%.3g cores of processor time, by the limit of the container", q)
		}
		if q < float64(runtime.NumCPU()) || q < 2 {
			a.Status, a.Advice = fitness.Short, "a process that has used up its share stands still until the next tenth of a second, with all calls under way; reports say when that was so"
		}
	}
	return a
}

func memory(how metrics.Generator) fitness.Allowance {
	a := fitness.Allowance{Name: "memory", Status: fitness.Fine, Found: "no limit of memory"}
	const enough = 256 << 20
	switch m := how.Machine; {
	case how.Cores == 0 || runtime.GOOS != "linux":
		a.Status, a.Found = fitness.Unknown, "this system does not tell"
	case m.MemoryLimit > 0:
		a.Value, a.Found = figure(float64(m.MemoryLimit)), text.Bytes(m.MemoryLimit)+" by the limit of the container"
		if m.MemoryLimit < enough {
			a.Status, a.Advice = fitness.Short, "a run of many calls in flight, or of large answers, may be ended by the system; limits.memory bounds the answers"
		}
	}
	return a
}

// besides is what a run has open apart from its connections, and somewhat more.
const besides = 32

func files(how metrics.Generator) fitness.Allowance {
	a := fitness.Allowance{Name: "descriptors", Status: fitness.Fine, Found: "any number of files and sockets"}
	if runtime.GOOS == "windows" {
		return a
	}
	if n := how.OpenFiles; n > 0 {
		a.Value, a.Found = figure(float64(n)), fmt.Sprintf("%s files and sockets, so that about %s calls can be in flight", text.Count(n), text.Count(n-min(n, besides)))
		if most := uint64(scenarios.DefaultLimits().InFlight); n < most+besides {
			a.Status, a.Advice = fitness.Short, fmt.Sprintf("a scenario may have %s calls in flight unless it says less (limits.inFlight); ulimit -n raises the limit", text.Count(most))
		}
	} else if how.Cores == 0 {
		a.Status, a.Found = fitness.Unknown, "no run told"
	}
	return a
}

// lingers is for how long Linux keeps the port of a connection that it has closed: see tcp(7), TIME_WAIT.
const lingers = 60

// ports are those from which connections are made.
func (h host) ports() fitness.Allowance {
	a := fitness.Allowance{Name: "ports", Status: fitness.Unknown, Found: "this system does not tell"}
	between := strings.Fields(h.text("proc/sys/net/ipv4/ip_local_port_range"))
	if len(between) != 2 {
		return a
	}
	low, err := strconv.Atoi(between[0])
	high, worse := strconv.Atoi(between[1])
	if err != nil || worse != nil || high < low {
		return a
	}
	n := high - low + 1
	a.Status, a.Value = fitness.Fine, figure(float64(n))
	a.Found = fmt.Sprintf("%s for connections to one address (%d to %d)", text.Plural(uint64(n), "port"), low, high)
	const few = 5000
	if n < few {
		a.Status = fitness.Short
		a.Advice = fmt.Sprintf("to a target that ends each connection after its answer, no more than %s go on for long, since a port rests for a minute; "+
			"net.ipv4.ip_local_port_range widens it", text.Rate(float64(n)/lingers))
	}
	return a
}

// timer is how late this process wakes that wants to sleep for a millisecond.
func timer(late []time.Duration) fitness.Allowance {
	slices.Sort(late)
	half, worst := late[len(late)/2].Seconds(), late[len(late)-1].Seconds()
	a := fitness.Allowance{Name: "timer", Status: fitness.Fine, Value: &half,
		Found: fmt.Sprintf("a sleep of 1 ms ends %s late, and of %d the worst %s", text.Duration(&half), len(late), text.Duration(&worst))}
	const tolerated = 0.002
	if half > tolerated {
		a.Status, a.Advice = fitness.Short, "calls leave in bursts rather than when they are due; a kernel with a finer clock, or less else to do, helps"
	}
	return a
}

// overslept gives how late so many short sleeps ended.
func overslept() (late []time.Duration) {
	for range 100 {
		began := time.Now()
		time.Sleep(time.Millisecond)
		late = append(late, time.Since(began)-time.Millisecond)
	}
	return late
}

// steps gives the smallest step of the clock that times are taken from, and what it takes to read it.
func steps() (step, reading time.Duration) {
	const readings = 10_000
	began := time.Now()
	before := began
	for range readings {
		now := time.Now()
		if d := now.Sub(before); d > 0 && (step == 0 || d < step) {
			step = d
		}
		before = now
	}
	return step, before.Sub(began) / readings
}

// clock is the one that times are taken from.
func (h host) clock(step, reading time.Duration) fitness.Allowance {
	a := fitness.Allowance{Name: "clock", Status: fitness.Fine, Value: figure(step.Seconds()), Found: fmt.Sprintf("steps of %s, read in %s", step, reading)}
	if source := h.text("sys/devices/system/clocksource/clocksource0/current_clocksource"); source != "" {
		a.Found += ", from " + source
	}
	switch {
	case step > 100*time.Microsecond:
		a.Status, a.Advice = fitness.Short, "times below "+step.String()+" cannot be told from 0"
	case reading > time.Microsecond:
		a.Status, a.Advice = fitness.Short, "each call reads it several times, which takes processor time from sending"
	}
	return a
}

// synchronized is whether the time of day is kept, which matters where several machines begin together.
func (h host) synchronized() fitness.Allowance {
	a := fitness.Allowance{Name: "time of day", Status: fitness.Unknown, Found: "this system does not tell whether it is kept by another clock"}
	off, kept, known := timeOfDay()
	switch {
	case !known:
	case kept:
		a.Status, a.Value, a.Found = fitness.Fine, figure(off.Seconds()), fmt.Sprintf("kept by another clock (NTP), to %s at most", off)
	default:
		a.Status, a.Found = fitness.Absent, "not kept by another clock (NTP), as far as the kernel knows"
		a.Advice = "one machine needs none; several that begin a run at a time of day do"
	}
	return a
}

func pactProgram(path string) fitness.Allowance {
	if path == "" {
		return fitness.Allowance{Name: "Pact", Status: fitness.Absent, Found: "andon-pact is neither beside andon nor among the programs",
			Advice: "andon verify judges by the description all the same; make pact-build has Pact's verifier judge too"}
	}
	return fitness.Allowance{Name: "Pact", Status: fitness.Fine, Found: path}
}

// browser is what can show the pages.
func (h host) browser() fitness.Allowance {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "firefox"} {
		if path := h.look(name); path != "" {
			return fitness.Allowance{Name: "browser", Status: fitness.Fine, Found: path}
		}
	}
	return fitness.Allowance{Name: "browser", Status: fitness.Absent, Found: "none was found", Advice: "pages (report.html) load nothing, and open on any other machine"}
}
