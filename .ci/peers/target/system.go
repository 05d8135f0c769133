package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
	"unsafe"

	"github.com/kaizenautomation/andon/ci/peers/kernel"
)

// listen opens a socket on 127.0.0.1. It is none of package net's, whose own epoll would wake up with this one.
func listen(port int) (fd, actual int, err error) {
	fd, err = syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, 0, err
	}
	const backlog = 4096
	address := &syscall.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}}
	if err = errors.Join(
		syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1),
		kernel.Stamp(fd),
		syscall.Bind(fd, address),
		syscall.Listen(fd, backlog),
	); err != nil {
		return 0, 0, errors.Join(err, syscall.Close(fd))
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		return 0, 0, errors.Join(err, syscall.Close(fd))
	}
	return fd, name.(*syscall.SockaddrInet4).Port, nil
}

// bringUpLoopback does what "ip link set lo up" does.
func bringUpLoopback() error {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	request := struct {
		name  [syscall.IFNAMSIZ]byte
		flags uint16
		_     [22]byte
	}{name: [syscall.IFNAMSIZ]byte{'l', 'o'}, flags: syscall.IFF_UP | syscall.IFF_RUNNING}
	if _, _, code := syscall.RawSyscall(syscall.SYS_IOCTL, uintptr(fd), syscall.SIOCSIFFLAGS, uintptr(unsafe.Pointer(&request))); code != 0 {
		err = fmt.Errorf("the loopback cannot be brought up: %w", code)
	}
	return errors.Join(err, syscall.Close(fd))
}

func accept(fd int) (int, syscall.Errno) {
	n, _, err := syscall.RawSyscall6(syscall.SYS_ACCEPT4, uintptr(fd), 0, 0, syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC, 0, 0)
	return int(n), err
}

func monotonic() (int64, error) {
	const clockMonotonic = 1
	var t syscall.Timespec
	if _, _, err := syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, clockMonotonic, uintptr(unsafe.Pointer(&t)), 0); err != 0 {
		return 0, err
	}
	return t.Nano(), nil
}

// processTime is the processor time that this process has taken.
func processTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// writeLog writes arrival and answer of each call as little-endian int64.
func writeLog(path string, log [][2]int64) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	var row [16]byte
	for _, l := range log {
		binary.LittleEndian.PutUint64(row[:8], uint64(l[0]))
		binary.LittleEndian.PutUint64(row[8:], uint64(l[1]))
		if _, err := w.Write(row[:]); err != nil {
			return errors.Join(err, f.Close())
		}
	}
	return errors.Join(w.Flush(), f.Close())
}
