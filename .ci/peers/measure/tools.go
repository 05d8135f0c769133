package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

// job is what a tool is asked to do.
type job struct {
	// dir is the tool's working directory, with body.json in it.
	dir string
	url string
	// rate is in calls a second; 0 is a closed loop.
	rate   int
	length time.Duration
	// callers is how many connections there may be.
	callers int
	// cores is how many the generator has, of which 0 means one.
	cores int
	// secure asks for TLS, with a target whose certificate is in the file authority.
	secure bool
}

const authority = "authority.pem"

// ifSecure gives the arguments that a tool needs for TLS.
func (j job) ifSecure(args ...string) []string {
	if !j.secure {
		return nil
	}
	return args
}

// threads is for tools that do not find out how many cores they have.
func (j job) threads() string { return strconv.Itoa(max(1, j.cores)) }

// calls is how many a schedule has.
func (j job) calls() int { return int(float64(j.rate) * j.length.Seconds()) }

func (j job) closed() bool { return j.rate == 0 }

// base is the address without the path of the call.
func (j job) base() string { return j.url[:len(j.url)-len(path)] }

func (j job) seconds() string { return fmt.Sprintf("%gs", j.length.Seconds()) }

const path = "/agents/execute"

// command is a tool's command line; its standard input may be text.
type command struct {
	args  []string
	input string
}

// tool is one load tester in one setting.
type tool struct {
	// name is what tables call it, and program its binary.
	name, program string
	// closed and open tell which of the two loads it can drive, and plain that it speaks no TLS.
	closed, open, plain bool
	// warms tells that it sends one call from each connection before its schedule begins.
	warms bool
	// file gives the name and the text of the file that the command needs besides body.json; nil where it needs none.
	file    func(j job) (name, text string)
	command func(j job) command
	// report finds what the tool said of the run.
	report func(b *bench, j job, output []byte) (said, error)
	// kept are the files in which it keeps its results; none where it keeps no calls.
	kept string
}

// Tools that are named elsewhere.
const (
	vegetaDefaults = "vegeta, defaults"
	vegetaCapped   = "vegeta, workers capped"
	andonDefaults  = "andon"
	andonCoarse    = "andon, pacing: 1ms"
	bareFloor      = "floor"
)

// tools lists everything that is measured, in the order of the tables.
func tools() []tool {
	return []tool{
		andon(andonDefaults, ""),
		andon(andonCoarse, "pacing: 1ms\n"),
		andon("andon --no-unique-ids", "", "--no-unique-ids"),
		vegeta(vegetaDefaults, func(job) []string { return nil }),
		vegeta(vegetaCapped, func(j job) []string {
			n := strconv.Itoa(j.callers)
			return []string{"-workers", n, "-max-workers", n, "-max-connections", n}
		}),
		wrk(), bombardier(), hey(), fortio(), h2load(),
		floor(bareFloor), floor("floor, watching 60 µs", "-watch", "60us"), floor("floor, by the millisecond", "-grain", "1ms"),
	}
}

func fromFile(parse func([]byte) (said, error), name string) func(*bench, job, []byte) (said, error) {
	return func(_ *bench, j job, _ []byte) (said, error) {
		data, err := os.ReadFile(filepath.Join(j.dir, name))
		if err != nil {
			return said{}, err
		}
		return parse(data)
	}
}

func fromOutput(parse func([]byte) (said, error)) func(*bench, job, []byte) (said, error) {
	return func(_ *bench, _ job, data []byte) (said, error) { return parse(data) }
}

// andon takes more lines of the scenario, which matter to a schedule alone, or flags, which do not.
func andon(name, more string, flags ...string) tool {
	return tool{
		name: name, program: "andon", closed: more == "", open: len(flags) == 0, kept: "run",
		file: func(j job) (string, string) {
			load := fmt.Sprintf("{rate: %d/s, for: %s}", j.rate, j.seconds())
			if j.closed() {
				load = fmt.Sprintf("{callers: %d, for: %s}", j.callers, j.seconds())
			}
			return "scenario.yaml", fmt.Sprintf(`name: peers
load: [%s]
mix: {tier: {default: 1}, content: [{weight: 1, items: [text]}], agentId: 0%%}
data: {text: {length: %d}}
limits: {timeout: 30s, inFlight: %d, calls: 10000000}
%s`, load, textLength, j.callers, more)
		},
		command: func(j job) command {
			args := append([]string{"run", "scenario.yaml", "--target", j.base(), "--out", "run"}, flags...)
			return command{args: append(args, j.ifSecure("--cacert", authority)...)}
		},
		report: fromFile(parseAndon, "run/summary.json"),
	}
}

func vegeta(name string, limits func(job) []string) tool {
	return tool{
		// Without a cap of its workers it drives no closed loop.
		name: name, program: "vegeta", closed: name == vegetaCapped, open: true, kept: "results.gob",
		command: func(j job) command {
			args := append([]string{"attack", "-rate", strconv.Itoa(j.rate), "-duration", j.seconds()}, limits(j)...)
			args = append(args, j.ifSecure("-root-certs", authority)...)
			return command{
				args:  append(args, "-header", "Content-Type: application/json", "-body", "body.json", "-output", "results.gob"),
				input: "POST " + j.url + "\n",
			}
		},
		report: func(b *bench, j job, _ []byte) (said, error) {
			c := exec.Command(b.program("vegeta"), "report", "-type", "json", "results.gob")
			c.Dir = j.dir
			text, err := c.Output()
			if err != nil {
				return said{}, fmt.Errorf("vegeta report: %w", err)
			}
			return parseVegeta(text)
		},
	}
}

func wrk() tool {
	return tool{
		name: "wrk", program: "wrk", closed: true,
		file: func(job) (string, string) {
			return "post.lua", `wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = io.open("body.json"):read("*a")
`
		},
		command: func(j job) command {
			return command{args: []string{"-t", j.threads(), "-c", strconv.Itoa(j.callers), "-d", j.seconds(), "--timeout", "30s", "--latency", "-s", "post.lua", j.url}}
		},
		report: fromOutput(parseWrk),
	}
}

func bombardier() tool {
	return tool{
		name: "bombardier", program: "bombardier", closed: true, open: true,
		command: func(j job) command {
			args := []string{"-c", strconv.Itoa(j.callers), "-d", j.seconds()}
			if !j.closed() {
				args = append(args, "-r", strconv.Itoa(j.rate))
			}
			// It takes no authority but the system's.
			args = append(args, j.ifSecure("-k")...)
			return command{args: append(args, "-t", "30s", "-m", "POST", "-H", "Content-Type: application/json", "-f", "body.json", "-l", "-p", "r", "-o", "json", j.url)}
		},
		report: fromOutput(parseBombardier),
	}
}

func hey() tool {
	return tool{
		name: "hey", program: "hey", closed: true, open: true,
		command: func(j job) command {
			args := []string{"-c", strconv.Itoa(j.callers), "-z", j.seconds()}
			if !j.closed() {
				args = append(args, "-q", fmt.Sprint(float64(j.rate)/float64(j.callers)))
			}
			return command{args: append(args, "-t", "30", "-m", "POST", "-T", "application/json", "-D", "body.json", j.url)}
		},
		report: fromOutput(parseHey),
	}
}

func fortio() tool {
	return tool{
		name: "fortio", program: "fortio", closed: true, open: true, warms: true,
		command: func(j job) command {
			args := []string{"load", "-c", strconv.Itoa(j.callers), "-qps", strconv.Itoa(j.rate), "-t", j.seconds()}
			if !j.closed() {
				args = append(args, "-uniform")
			}
			args = append(args, j.ifSecure("-cacert", authority)...)
			return command{args: append(args, "-timeout", "30s", "-content-type", "application/json", "-payload-file", "body.json",
				"-p", "50,99", "-r", "0.0001", "-json", "result.json", "-loglevel", "Error", j.url)}
		},
		report: fromFile(parseFortio, "result.json"),
	}
}

func h2load() tool {
	return tool{
		name: "h2load", program: "h2load", closed: true, open: true,
		command: func(j job) command {
			args := []string{"--h1", "-t", j.threads(), "-c", strconv.Itoa(j.callers)}
			if j.closed() {
				args = append(args, "-D", fmt.Sprintf("%dms", j.length.Milliseconds()))
			} else {
				// It keeps the times of single calls only where their number is given, not their length.
				args = append(args, "-n", strconv.Itoa(j.calls()), "--rps", fmt.Sprint(float64(j.rate)/float64(j.callers)), "--log-file=calls.log")
			}
			return command{args: append(args, "-d", "body.json", "-H", "content-type: application/json", j.url)}
		},
		report: func(_ *bench, j job, output []byte) (said, error) {
			if j.closed() {
				return parseH2load(output, nil)
			}
			calls, err := os.ReadFile(filepath.Join(j.dir, "calls.log"))
			if err != nil {
				return said{}, err
			}
			return parseH2load(output, calls)
		},
	}
}

// floor is no load tester, but what none can be below.
func floor(name string, flags ...string) tool {
	return tool{
		name: name, program: "floor", closed: len(flags) == 0, open: true, plain: true,
		command: func(j job) command {
			args := append([]string{"-rate", strconv.Itoa(j.rate), "-for", j.seconds(), "-connections", strconv.Itoa(j.callers)}, flags...)
			return command{args: append(args, "-body", "body.json", j.url)}
		},
		report: fromOutput(parseFloor),
	}
}
