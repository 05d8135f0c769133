// Command floor sends calls at an even rate with as little as a program can do for it: one loop around epoll that sends
// each call when it is due and reads the answers in place. It judges nothing, keeps 16 bytes a call, and holds up
// whatever else would run in its process. What it takes on a machine is what no load tester of the same precision can
// be below.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"runtime/debug"
	"time"
)

func main() {
	var (
		c    config
		body = flag.String("body", "body.json", "`file` with the body")
	)
	flag.IntVar(&c.rate, "rate", 1000, "calls a second; 0 sends the next call of each connection when it is answered")
	flag.DurationVar(&c.length, "for", time.Second, "`time` in which calls fall due")
	flag.IntVar(&c.connections, "connections", 200, "the most connections; a call waits for a free one")
	flag.DurationVar(&c.watch, "watch", 0, "`time` before each call for which the clock is watched in place of sleeping")
	flag.DurationVar(&c.grain, "grain", 0, "wake only at multiples of this `time`, for all calls that fell due before")
	flag.Parse()
	if flag.NArg() != 1 || c.rate < 0 || c.length <= 0 || c.connections < 1 {
		fmt.Fprintln(os.Stderr, "usage: floor -rate N -for TIME [-connections N] [-watch TIME] [-grain TIME] -body FILE http://127.0.0.1:PORT/PATH")
		os.Exit(2)
	}
	if err := run(flag.Arg(0), *body, c); err != nil {
		fmt.Fprintln(os.Stderr, "floor:", err)
		os.Exit(1)
	}
}

func run(url, file string, c config) error {
	// Little is allocated, and a collection would need what the loop does not give back.
	debug.SetGCPercent(-1)
	body, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	address, path, err := parseURL(url)
	if err != nil {
		return err
	}
	g, err := newGenerator(address, request(path, body), c)
	if err != nil {
		return err
	}
	if err := g.drive(); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(g.report())
}
