package main

import "os"

// signalOf is the signal that a script names. There are no others that a process could be sent here.
func signalOf(name string) os.Signal {
	return map[string]os.Signal{"KILL": os.Kill, "INT": os.Interrupt}[name]
}
