// Package heap has the garbage of a process that has just begun collected seldom. What begins with the process fills
// the heap to the 4 MB at which Go collects first, and nearly all of it is kept: the collection takes a fifteenth of
// all that a short run takes beside its calls, in vain. The package is ready before those that fill the heap: Go begins
// with those of which the path is first, once what they import is ready.
package heap

import (
	"os"
	"runtime/debug"
)

// seldom lets the heap grow to 16 MB whatever it holds (see [debug.SetGCPercent]), and then by four times as much.
const seldom = 400

var usual = begin()

func begin() int {
	if chosen() {
		return 0
	}
	return debug.SetGCPercent(seldom)
}

// Usual has garbage collected as often as Go does. Where GOGC is set, that has always been the word.
func Usual() {
	if !chosen() {
		debug.SetGCPercent(usual)
	}
}

func chosen() bool { return os.Getenv("GOGC") != "" }
