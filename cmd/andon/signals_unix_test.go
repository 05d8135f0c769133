//go:build unix

package main

import (
	"os"
	"syscall"
)

// signalOf is the signal that a script names.
func signalOf(name string) os.Signal {
	return map[string]os.Signal{"KILL": os.Kill, "INT": os.Interrupt, "TERM": syscall.SIGTERM, "STOP": syscall.SIGSTOP, "CONT": syscall.SIGCONT}[name]
}
