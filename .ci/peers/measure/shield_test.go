package main

import (
	"fmt"
	"os/exec"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// What runs anywhere is kept off the generator's core for as long as is measured, and what was placed by somebody stays
// where it is.
func TestShield(t *testing.T) {
	if runtime.NumCPU() < 2 {
		t.Skip("it takes two cores")
	}
	free := exec.Command("sleep", "60")
	placed := exec.Command("taskset", "-c", targetCore, "sleep", "60")
	for _, c := range []*exec.Cmd{free, placed} {
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		defer func() { _, _ = c.Process.Kill(), c.Wait() }()
	}
	count := func(c *exec.Cmd) int {
		var on unix.CPUSet
		if err := unix.SchedGetaffinity(c.Process.Pid, &on); err != nil {
			t.Fatal(err)
		}
		if on.IsSet(0) != (on.Count() == runtime.NumCPU()) {
			t.Errorf("it runs on %d cores, and on the first: %v", on.Count(), on.IsSet(0))
		}
		return on.Count()
	}
	for count(placed) != 1 {
		runtime.Gosched() // until taskset has placed it
	}
	only := func(c *exec.Cmd) string { return fmt.Sprintf("/proc/%d/task/[0-9]*", c.Process.Pid) }
	undo, whole := shield(only(free), only(placed))
	if n := count(free); n != runtime.NumCPU()-1 || !whole {
		t.Errorf("it runs on %d of %d cores; whole: %v", n, runtime.NumCPU(), whole)
	}
	undo()
	if n := count(free); n != runtime.NumCPU() {
		t.Errorf("it is left on %d of %d cores", n, runtime.NumCPU())
	}
	if n := count(placed); n != 1 {
		t.Errorf("what was placed on a core is on %d", n)
	}
}
