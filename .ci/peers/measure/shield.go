package main

import (
	"path/filepath"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

// A process that wakes on the generator's core for a few milliseconds each second holds up a hundredth of the calls,
// which is all that a p99 of the jitter then tells of, whichever tool sends them. So everything else is kept off that
// core while it is measured.

// allThreads are the directories of the machine's threads.
const allThreads = "/proc/[0-9]*/task/[0-9]*"

// shield moves the threads that may run anywhere off the generator's core, and says whether that was allowed. undo gives
// them all cores again, and whatever they have started.
func shield(patterns ...string) (undo func(), whole bool) {
	core, _ := strconv.Atoi(generatorCore)
	var everywhere, elsewhere unix.CPUSet
	for i := range runtime.NumCPU() {
		everywhere.Set(i)
		elsewhere.Set(i)
	}
	elsewhere.Clear(core)
	before := map[int]bool{}
	whole = true
	threads(patterns, func(id int, on unix.CPUSet) {
		switch on {
		case elsewhere:
			before[id] = true
		case everywhere:
			// The kernel keeps some of its own threads where they are, and says so by another error.
			if err := unix.SchedSetaffinity(id, &elsewhere); err == unix.EPERM {
				whole = false
			}
		default:
			whole = whole && !(on.IsSet(core) && on.Count() > 1) // somebody chose its cores
		}
	})
	return func() {
		threads(patterns, func(id int, on unix.CPUSet) {
			if on == elsewhere && !before[id] {
				_ = unix.SchedSetaffinity(id, &everywhere)
			}
		})
	}, whole
}

// threads calls do for each thread of such directories, with the cores that it may run on.
func threads(patterns []string, do func(id int, on unix.CPUSet)) {
	var paths []string
	for _, pattern := range patterns {
		found, _ := filepath.Glob(pattern)
		paths = append(paths, found...)
	}
	for _, path := range paths {
		id, err := strconv.Atoi(filepath.Base(path))
		var on unix.CPUSet
		// A thread may have ended.
		if err == nil && unix.SchedGetaffinity(id, &on) == nil {
			do(id, on)
		}
	}
}
