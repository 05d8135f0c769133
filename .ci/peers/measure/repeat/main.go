// Command repeat writes a run directory of andon that holds the calls of another several times over, one after the
// other, to see how long a report of many calls takes.
package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/kaizenautomation/andon/reports/results"
)

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: repeat RUN_DIR TIMES NEW_DIR")
		os.Exit(2)
	}
	times, err := strconv.Atoi(os.Args[2])
	if err == nil {
		err = repeat(os.Args[1], times, os.Args[3])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "repeat:", err)
		os.Exit(1)
	}
}

func repeat(from string, times int, to string) error {
	run, err := results.Open(from)
	if err != nil {
		return err
	}
	length := time.Duration(run.End.Seconds * float64(time.Second))
	m := run.Manifest
	for i := range m.Labels.Phases {
		m.Labels.Phases[i].Seconds *= float64(times)
	}
	for _, classes := range m.Planned {
		for i := range classes {
			classes[i] *= uint64(times)
		}
	}
	w, err := results.Create(to, m, nil)
	if err != nil {
		return err
	}
	n := uint32(0)
	for turn := range times {
		_, err := run.Rows(func(r results.Row) error {
			r.N = n
			r.Due += time.Duration(turn) * length
			n++
			return w.Add(r)
		})
		if err != nil {
			return errors.Join(err, w.Close(run.End))
		}
	}
	end := run.End
	end.Seconds *= float64(times)
	return w.Close(end)
}
