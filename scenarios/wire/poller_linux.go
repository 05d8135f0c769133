package wire

import (
	"os"
	"runtime"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// poller waits for descriptors.
type poller struct {
	epoll, event int
	events       [128]unix.EpollEvent
	// exact says that the thread is woken when it is to: see aim.
	exact  bool
	alarms alarms

	// waking is held by who uses event, which another descriptor's number may be once it is closed.
	waking sync.Mutex
	closed bool
}

func newPoller() (p *poller, err error) {
	p = &poller{}
	if p.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	if p.event, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		_ = unix.Close(p.epoll)
		return nil, os.NewSyscallError("eventfd", err)
	}
	if p.alarms, err = newAlarms(); err != nil {
		_ = unix.Close(p.event)
		_ = unix.Close(p.epoll)
		return nil, err
	}
	if err := p.look(p.event, -1); err != nil {
		p.close()
		return nil, err
	}
	// Linux has it from 5.11 on, and what keeps calls from containers may not know it: some of those say EPERM.
	if _, errno := p.sleep(0); errno != 0 && errno != unix.EINTR {
		p.close()
		return nil, os.NewSyscallError("epoll_pwait2", errno)
	}
	return p, nil
}

// look has a descriptor looked at, under a number that events are given with.
func (p *poller) look(fd, number int) error {
	e := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLOUT | unix.EPOLLRDHUP | unix.EPOLLET, Fd: int32(number)}
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(p.epoll, unix.EPOLL_CTL_ADD, fd, &e))
}

func (p *poller) forget(fd int) { _ = unix.EpollCtl(p.epoll, unix.EPOLL_CTL_DEL, fd, nil) }

// wake ends a wait, or the next one.
func (p *poller) wake() {
	p.waking.Lock()
	defer p.waking.Unlock()
	if !p.closed {
		_, _ = unix.Write(p.event, []byte{1, 0, 0, 0, 0, 0, 0, 0})
	}
}

// longest is for how long is waited at most, so that what Go's runtime wants of the goroutine is not held up where its
// signals are switched off.
const longest = 10 * time.Millisecond

// wait waits for events, or until so long has gone by.
func (p *poller) wait(d time.Duration) []unix.EpollEvent {
	n, _ := p.sleep(min(max(d, 0), longest))
	return p.events[:n]
}

// nap waits until so long has gone by, whatever happens on the descriptors; nor does wake end it, or what Go's runtime
// wants of the goroutine, which waits as well. Who knows until when the wait after it will be says so: then, from now
// on, or 0.
func (p *poller) nap(d, then time.Duration) {
	alarm, err := p.alarms.next(time.Since(p.alarms.began), min(d, longest), then)
	if err != nil {
		return // at once: whoever waits looks at the clock
	}
	alarm.wait()
	p.exact = false
}

// aim has the system wake the thread when it is to after so long: where it may be 50 µs late, as it usually may, it is.
// The goroutine has another thread at most after it was interrupted, or has yielded.
func (p *poller) aim(d time.Duration) {
	if !p.exact && d > 0 && d < longest { // else there is another wait after it
		_, _, _ = unix.RawSyscall(unix.SYS_PRCTL, unix.PR_SET_TIMERSLACK, 1, 0)
		p.exact = true
	}
}

// sleep waits in a system call of which the scheduler does not know: the processor that it lends to the goroutine stays
// with it, and nobody has to be woken to take it over and to give it back. A collection, and whoever else wants the
// goroutine to stop, sends it a signal, which ends the wait.
func (p *poller) sleep(d time.Duration) (int, syscall.Errno) {
	p.aim(d)
	ts := unix.NsecToTimespec(int64(d))
	n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT2, uintptr(p.epoll), uintptr(unsafe.Pointer(&p.events)), uintptr(len(p.events)),
		uintptr(unsafe.Pointer(&ts)), 0, 0)
	runtime.KeepAlive(p)
	p.exact = p.exact && errno != unix.EINTR
	if errno != 0 {
		return 0, errno
	}
	return int(n), 0
}

func (p *poller) close() {
	p.waking.Lock()
	defer p.waking.Unlock()
	p.closed = true
	p.alarms.close()
	_ = unix.Close(p.event)
	_ = unix.Close(p.epoll)
}
