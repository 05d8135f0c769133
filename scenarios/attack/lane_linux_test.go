package attack

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/scenarios/wire"
)

// cores has lanes for so many of them.
func cores(t *testing.T, n int) {
	before := runtime.GOMAXPROCS(n)
	t.Cleanup(func() { runtime.GOMAXPROCS(before) })
}

// A slot goes to the lane whose call was due first among those that wait, whoever gave it back; one that let another go
// first is told when it may.
func TestSlotsAmongLanes(t *testing.T) {
	r := &run{slots: newSlots(1)}
	var all lanes
	for i := range 2 {
		loop, err := wire.NewLoop()
		if err != nil {
			t.Skip(err)
		}
		defer loop.Close()
		all = append(all, &lane{run: r, loop: loop, place: i})
	}
	a, b := all[0], all[1]
	a.all, b.all = all, all
	takes := func(why string, l *lane, due time.Duration, want bool) (at slot) {
		t.Helper()
		at, got := l.slot(due)
		if got != want {
			t.Fatalf("%s: it gets a slot: %v, want %v", why, got, want)
		}
		return at
	}
	woken := func(l *lane) bool {
		begun := time.Now()
		l.loop.Wait(time.Minute, 0, false) // which is cut into short waits, of which a wake cuts the first
		return time.Since(begun) < 5*time.Millisecond
	}
	at := takes("one is free", a, 10, true)
	takes("none is free", b, 11, false)
	r.slots.give(at, 0)
	takes("b has waited for longer", a, 12, false)
	takes("b's turn", b, 11, true)
	if !woken(a) {
		t.Error("who let another go first is not told when it has gone")
	}
	takes("none is free", a, 12, false)
	r.slots.give(at, 0)
	takes("a has waited, for a call that is due later than b's", b, 11, true)
	r.slots.give(at, 0)
	takes("a's turn", a, 12, true)
	r.slots.give(at, 0)
	takes("nobody waits any more", b, 20, true)
}

// A lane knows for which calls it will sleep next, and knows none where those are so close that it will be awake still,
// or so far away that answers wake it.
func TestFollowing(t *testing.T) {
	const us = time.Microsecond
	for _, c := range []struct {
		load  string
		lanes int
		want  []time.Duration // after the first call, the second and so on
	}{
		{"load: [{rate: 1000/s, for: 3ms}]", 1, []time.Duration{1000 * us, 2000 * us, 0}},
		{"load: [{rate: 500/s, for: 4ms}]", 1, []time.Duration{2000 * us, 0}},
		{"load: [{rate: 400/s, for: 10ms}]", 1, []time.Duration{0, 0, 0, 0}},
		{"load: [{rate: 50000/s, for: 160us}]", 1, []time.Duration{40 * us, 60 * us, 80 * us, 100 * us, 120 * us, 140 * us, 0, 0}},
		{"load: [{rate: 50000/s, for: 160us}]", 2, []time.Duration{40 * us, 60 * us, 80 * us, 100 * us, 120 * us, 140 * us, 0, 0}},
		{"load: [{rate: 1000000/s, for: 100us}]", 1, []time.Duration{0}},
		{"load: [{rate: 4000/s, for: 2ms}]\npacing: 1ms", 1, []time.Duration{775 * us, 1550 * us, 1550 * us, 1550 * us, 2325 * us, 2325 * us, 2325 * us, 0}},
	} {
		r := &run{Config: Config{Plan: plan(t, c.load+"\nmix: {content: [{items: [text]}]}", 1)}}
		for n, want := range c.want {
			l := &lane{run: r, all: make(lanes, c.lanes), next: uint64(n), lead: longestWatch / 2}
			leaves := r.Plan.Leaves(r.Plan.Due(uint64(n)))
			for range 2 {
				if got := l.following(leaves); got != want {
					t.Errorf("%s, %d lanes: after call %d, at %s, comes %s, want %s", c.load, c.lanes, n, leaves, got, want)
				}
			}
		}
	}
}

// A lane writes the messages of its own next calls, in their order and no more than there are; and one at a time once
// one was long.
func TestWrittenAhead(t *testing.T) {
	for _, length := range []int{10, 2 * short} {
		p := plan(t, fmt.Sprintf("load: [{rate: 100/s, for: 210ms}]\nmix: {content: [{items: [text]}]}\ndata: {text: {length: %d}}", length), 1)
		r := &run{Config: Config{Plan: p}, sides: []*side{{}}}
		r.sides[0].heads.Store(&[]head{{}})
		ahead, until := 1, mostReady
		if length > short {
			until = 1
		}
		l := &lane{run: r, all: make(lanes, 2), next: 1, ahead: mostReady}
		for l.next < p.Calls {
			if n := l.write(1); n != 1-min(ahead-1, 1) {
				t.Errorf("at call %d it writes %d where one is to be ready", l.next, n)
			}
			l.write(l.ahead)
			ahead = len(l.ready)
			if left := int(p.Calls-l.next+1) / 2; ahead != min(until, left) {
				t.Errorf("at call %d there are %d messages of %d bytes", l.next, ahead, length)
			}
			for i, f := range l.ready {
				if want := l.next + 2*uint64(i); uint64(f.row.N) != want {
					t.Errorf("message %d after call %d is that of call %d", i, l.next, f.row.N)
				}
			}
			l.ready = l.ready[1:]
			l.next += 2
		}
	}
}

// However close calls are to each other and to those after a while, each leaves once.
func TestCloseCalls(t *testing.T) {
	for _, n := range []int{1, 2} {
		cores(t, n)
		var load []string
		for _, rate := range []int{1_000_000, 333_333, 166_667, 90_909} {
			load = append(load, fmt.Sprintf("{rate: %d/s, for: 100us}, {rate: 700/s, for: 10ms}", rate))
		}
		for _, arrivals := range []string{"constant", "poisson"} {
			p := plan(t, fmt.Sprintf("load: [%s]\narrivals: %s\nmix: {content: [{items: [text]}]}\nlimits: {inFlight: 500}", strings.Join(load, ", "), arrivals), 1)
			o := fire(t, p, serve(t, &recorder{})) // which looks for gaps
			if len(o.rows) != int(p.Calls) || o.total.OK != p.Calls {
				t.Errorf("%d lanes, %s: of %d calls there are %d rows, and %d are OK", n, arrivals, p.Calls, len(o.rows), o.total.OK)
			}
		}
	}
}

// With few slots for a rate that takes two lanes, the calls of both are late alike.
func TestLanesAreLateAlike(t *testing.T) {
	cores(t, 2)
	p := plan(t, "load: [{rate: 25000/s, for: 300ms}]\nmix: {content: [{items: [text]}]}\nlimits: {inFlight: 4, timeout: 5s, calls: 10000}", 1)
	o := fire(t, p, serve(t, &recorder{takes: 4 * time.Millisecond}), func(c *Config) {
		enough := make(chan string, 1)
		c.Enough = enough
		c.Began = func(at time.Time) { time.AfterFunc(time.Until(at.Add(time.Second)), func() { enough <- "as is" }) }
	})
	sent := [2]int{}
	for _, row := range o.rows {
		if row.Error != results.Unsent {
			sent[row.N%2]++
		}
	}
	if all := sent[0] + sent[1]; all < 20 || min(sent[0], sent[1]) < all/3 {
		t.Errorf("the lanes sent %v calls", sent)
	}
}

// Lanes share the limit of calls of a closed loop to the call, and its callers.
func TestCallersOfLanes(t *testing.T) {
	for _, n := range []int{1, 2, 4} {
		for _, callers := range []int{1, 3, 200} {
			t.Run(fmt.Sprint(n, " cores, ", callers, " callers"), func(t *testing.T) {
				cores(t, n)
				r := &recorder{takes: time.Millisecond}
				p := plan(t, fmt.Sprintf("load: [{callers: %d, for: 1m}]\nmix: {content: [{items: [text]}]}\nlimits: {calls: 501, inFlight: 1000}", callers), 1)
				o := fire(t, p, serve(t, r))
				if len(r.arrived()) != 501 || o.total.OK != 501 || len(o.rows) != 501 || r.most.Load() > int64(callers) {
					t.Errorf("%d calls arrived, of which %d at once, %d are OK of %d", len(r.arrived()), r.most.Load(), o.total.OK, len(o.rows))
				}
			})
		}
	}
}

// When the sending of several lanes ends, each call that was due is accounted for once, whichever lane it was to leave
// by.
func TestUnsentOfLanes(t *testing.T) {
	cores(t, 2)
	p := plan(t, "load: [{rate: 30000/s, for: 3s}]\nmix: {content: [{items: [text]}]}\nlimits: {inFlight: 3}", 1)
	interrupt := make(chan struct{})
	// which looks for gaps
	o := fireUntil(t.Context(), t, interrupt, p, serve(t, &recorder{takes: 50 * time.Millisecond}), func(c *Config) {
		c.Began = func(at time.Time) {
			time.AfterFunc(time.Until(at.Add(300*time.Millisecond)), func() { close(interrupt) })
		}
	})
	kinds := o.kinds()
	if due := int(p.DueBefore(time.Duration(o.end.StoppedSeconds * 1e9))); kinds[results.Unsent] < 1000 || len(o.rows) < due-1 || len(o.rows) > due+2 {
		t.Errorf("%d calls were due, and the rows are %v", due, kinds)
	}
}

// With pacing, calls leave when the plan has several leave together, and are late by their own due times.
func TestPacedCallsLeaveTogether(t *testing.T) {
	t.Parallel()
	p := plan(t, "load: [{rate: 400/s, for: 500ms}]\npacing: 5ms\nmix: {content: [{items: [text]}]}", 1)
	o := fire(t, p, serve(t, &recorder{}))
	for _, row := range o.rows {
		leaves := p.Leaves(row.Due)
		if left := row.Due + time.Duration(float64(row.Lag)*1e9); left < leaves-time.Microsecond {
			t.Errorf("call %d is due at %s, may leave at %s, and left at %s", row.N, row.Due, leaves, left)
		}
		if row.OwnLag < row.Lag-1e-6 {
			t.Errorf("call %d is late by %v s, of which %v s are said to be andon's", row.N, row.Lag, row.OwnLag)
		}
	}
}

// withoutLanes names what is refused in the process that TestOldKernel starts.
const withoutLanes = "ANDON_TEST_REFUSED"

// Where a system call that lanes wait with does not exist, or is not allowed, as in containers that do not know it,
// calls are sent without lanes.
func TestOldKernel(t *testing.T) {
	type refusal struct {
		call uint32
		with syscall.Errno
	}
	refusals := map[string]refusal{
		"no epoll_pwait2":             {unix.SYS_EPOLL_PWAIT2, unix.ENOSYS},
		"epoll_pwait2 is not allowed": {unix.SYS_EPOLL_PWAIT2, unix.EPERM},
		"no timer may be set":         {unix.SYS_TIMERFD_SETTIME, unix.EPERM},
	}
	if x, is := refusals[os.Getenv(withoutLanes)]; is {
		refuse(t, x.call, x.with)
		if _, err := wire.NewLoop(); !errors.Is(err, x.with) {
			t.Fatalf("a loop can be made: %v", err)
		}
		p := plan(t, "load: [{rate: 200/s, for: 200ms}]\nmix: {content: [{items: [text]}]}", 1)
		if o := fire(t, p, embedded(t, p)); o.total.OK != p.Calls {
			t.Errorf("of %d calls, %d succeeded", p.Calls, o.total.OK)
		}
		return
	}
	t.Parallel()
	for name := range refusals {
		c := exec.Command(os.Args[0], "-test.run=^TestOldKernel$", "-test.v", "-test.timeout=1m")
		c.Env = append(os.Environ(), withoutLanes+"="+name)
		if out, err := c.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		} else if strings.Contains(string(out), "--- SKIP") {
			t.Skipf("%s", out)
		}
	}
}

// refuse has the kernel answer a system call with an error in this process from now on.
func refuse(t *testing.T, call uint32, with syscall.Errno) {
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS}, // the number of the call
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: call, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(with)},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	runtime.LockOSThread() // the first of the two is the thread's
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		t.Skip(err)
	}
	if _, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&program))); errno != 0 {
		t.Skip(errno)
	}
}

// A closed loop that is killed sends nothing more, and keeps no row of calls that it did not send.
func TestKilledCallers(t *testing.T) {
	t.Parallel()
	var once sync.Once
	ctx, kill := context.WithCancel(t.Context())
	r := &recorder{takes: 20 * time.Millisecond, respond: func(w http.ResponseWriter, n int) { once.Do(kill) }}
	o := fireUntil(ctx, t, make(chan struct{}), plan(t, "load: [{callers: 4, for: 1m}]\nmix: {content: [{items: [text]}]}", 1), serve(t, r))
	if len(o.rows) > 8 || o.kinds()[results.Unsent] > 4 || o.end.Reason != results.Interrupted {
		t.Errorf("%s with %v", o.end.Reason, o.kinds())
	}
}
