package wire

import (
	"math"
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// alarms are two timers of the kernel's, one of which is set for the wait after the next while the other is waited for.
// The interrupt that ends a wait finds what is to come next then, and arms the hardware for it. Where only one timer is
// set, the hardware is armed twice for each wait, by the interrupt for whatever else is to come and by the thread for
// its next wait: in a virtual machine that is a quarter of what a call takes that is sent on a wake of its own.
type alarms struct {
	began time.Time
	// zero is when they began by the clock that they are set by, in nanoseconds.
	zero int64
	two  [2]alarm
}

// alarm is one of them, and since when began it is set for; 0 if it is not.
type alarm struct {
	fd int
	at time.Duration
	// every is how long after that it goes off again, and so on; 0 if it does not.
	every time.Duration
}

// near is how far from the wanted moment an alarm may be that is set already: who wakes early watches the clock.
const near = 5 * time.Microsecond

func newAlarms() (a alarms, err error) {
	for i := range a.two {
		if a.two[i].fd, err = unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_CLOEXEC); err != nil {
			for _, other := range a.two[:i] {
				_ = unix.Close(other.fd)
			}
			return alarms{}, os.NewSyscallError("timerfd_create", err)
		}
	}
	closest := time.Duration(math.MaxInt64)
	for range 5 { // others may have the processor between the two clocks
		var ts unix.Timespec
		began := time.Now()
		if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
			a.close()
			return alarms{}, os.NewSyscallError("clock_gettime", err)
		}
		if took := time.Since(began); took < closest {
			a.began, a.zero, closest = began, ts.Nano()-int64(took/2), took
		}
	}
	// What keeps calls from containers may know one of the two calls alone.
	if err := a.set(&a.two[0], time.Since(a.began), 0); err != nil {
		a.close()
		return alarms{}, err
	}
	return a, nil
}

// next is the alarm to wait for until so long after now, which counts since they began; then is how long after now the
// one after it will be wanted, 0 if that is not known.
func (a *alarms) next(now, d, then time.Duration) (*alarm, error) {
	use, other := &a.two[0], &a.two[1]
	if other.is(now+d) || use.is(now+then) && !use.is(now+d) {
		use, other = other, use
	}
	if !use.is(now + d) {
		if err := a.set(use, now+d, 2*max(then-d, 0)); err != nil {
			return nil, err
		}
	}
	if then > d && !other.is(now+then) {
		if err := a.set(other, now+then, 2*(then-d)); err != nil {
			return nil, err
		}
	}
	return use, nil
}

// is reports whether the alarm is set for about that moment.
func (a *alarm) is(at time.Duration) bool { return a.at != 0 && (a.at-at).Abs() <= near }

func (a *alarms) set(which *alarm, at, every time.Duration) error {
	which.at = 0
	spec := unix.ItimerSpec{Value: unix.NsecToTimespec(a.zero + int64(at)), Interval: unix.NsecToTimespec(int64(every))}
	_, _, errno := unix.RawSyscall6(unix.SYS_TIMERFD_SETTIME, uintptr(which.fd), unix.TFD_TIMER_ABSTIME, uintptr(unsafe.Pointer(&spec)), 0, 0, 0)
	if errno != 0 {
		return os.NewSyscallError("timerfd_settime", errno)
	}
	which.at, which.every = at, every
	return nil
}

// wait waits until an alarm goes off that was given by next. Signals do not end it.
func (a *alarm) wait() {
	// How often it has gone off, since it goes on only when it is read.
	var times uint64
	n, _, _ := unix.RawSyscall(unix.SYS_READ, uintptr(a.fd), uintptr(unsafe.Pointer(&times)), unsafe.Sizeof(times))
	if n == unsafe.Sizeof(times) && a.every > 0 {
		a.at += time.Duration(times) * a.every
	} else {
		a.at = 0
	}
}

func (a *alarms) close() {
	for _, one := range a.two {
		_ = unix.Close(one.fd)
	}
}
