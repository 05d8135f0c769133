package attack

import (
	"path"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/kaizenautomation/andon/reports/results"
)

// machine reads what the system lets this process have, and takes from it, in the files below /proc and /sys of a
// folder: that of the limits of control groups, of either version, and the time that the host of a virtual machine
// gives to others. It knows nothing where there are no such files.
type machine struct {
	root string
	// before is what the counters said when they were last read.
	before results.Machine
	// buffer is for what a file says.
	buffer []byte
}

// since gives how it is now, with what was counted since the last time.
func (m *machine) since() results.Machine {
	now := m.read()
	v := now
	v.Periods -= min(m.before.Periods, v.Periods)
	v.Throttled -= min(m.before.Throttled, v.Throttled)
	v.StolenSeconds = max(v.StolenSeconds-m.before.StolenSeconds, 0)
	v.MemoryFull -= min(m.before.MemoryFull, v.MemoryFull)
	m.before = now
	return v
}

func (m *machine) read() results.Machine {
	var now results.Machine
	all, _, _ := strings.Cut(m.text("proc/stat"), "\n")
	if fields := strings.Fields(all); len(fields) > 8 && fields[0] == "cpu" {
		// In ticks, of which every platform of Linux that Go knows has 100 a second: see proc(5).
		now.StolenSeconds = float64(number(fields[8])) / 100
	}
	for line := range strings.Lines(m.text("proc/self/cgroup")) {
		// Such as 4:memory:/a/b, and with version 2, where all controllers are one, 0::/a/b.
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) < 3 {
			continue
		}
		for _, controller := range strings.Split(parts[1], ",") {
			switch controller {
			case "":
				for _, below := range []string{"sys/fs/cgroup", "sys/fs/cgroup/unified"} {
					m.walk(below, parts[2], &now, m.processors2, m.memory2)
				}
			case "cpu":
				for _, below := range []string{"sys/fs/cgroup/cpu", "sys/fs/cgroup/cpu,cpuacct"} {
					m.walk(below, parts[2], &now, m.processors1)
				}
			case "memory":
				m.walk("sys/fs/cgroup/memory", parts[2], &now, m.memory1)
			}
		}
	}
	return now
}

// walk looks at a group and at those that it is in, up to the root. Within a container the path may be that outside of
// it, of which there is nothing but the root.
func (m *machine) walk(below, group string, now *results.Machine, looks ...func(dir string, now *results.Machine)) {
	for group = path.Clean("/" + group); ; group = path.Dir(group) {
		for _, look := range looks {
			look(path.Join(below, group), now)
		}
		if group == "/" {
			return
		}
	}
}

// processors2 and processors1 take note of the tightest quota.
func (m *machine) processors2(dir string, now *results.Machine) {
	if fields := strings.Fields(m.text(dir, "cpu.max")); len(fields) == 2 {
		m.quota(dir, number(fields[0]), number(fields[1]), now)
	}
}

func (m *machine) processors1(dir string, now *results.Machine) {
	m.quota(dir, number(m.text(dir, "cpu.cfs_quota_us")), number(m.text(dir, "cpu.cfs_period_us")), now)
}

func (m *machine) quota(dir string, quota, period uint64, now *results.Machine) {
	if quota == 0 || period == 0 {
		return // "max", or -1
	}
	if cores := float64(quota) / float64(period); now.Quota == 0 || cores < now.Quota {
		stat := m.text(dir, "cpu.stat")
		now.Quota, now.Periods, now.Throttled = cores, value(stat, "nr_periods"), value(stat, "nr_throttled")
	}
}

// memory2 and memory1 take note of the lowest limit.
func (m *machine) memory2(dir string, now *results.Machine) {
	if lowest(number(m.text(dir, "memory.max")), now) {
		now.Memory, now.MemoryFull = value(m.text(dir, "memory.stat"), "anon"), value(m.text(dir, "memory.events"), "max")
	}
}

func (m *machine) memory1(dir string, now *results.Machine) {
	if lowest(number(m.text(dir, "memory.limit_in_bytes")), now) {
		now.Memory, now.MemoryFull = value(m.text(dir, "memory.stat"), "total_rss"), number(m.text(dir, "memory.failcnt"))
	}
}

// lowest takes note of a limit if it is the lowest so far: only then is the rest worth reading, for which the system
// adds up the counters of all processors.
func lowest(limit uint64, now *results.Machine) bool {
	// Where there is no limit, version 1 names one that no machine has.
	is := limit > 0 && limit < 1<<60 && (now.MemoryLimit == 0 || limit < now.MemoryLimit)
	if is {
		now.MemoryLimit = limit
	}
	return is
}

// text is what a file says; nothing where it is not there. These files are in memory, and there are a dozen of them
// each second, so that what package os does for a file would be most of it.
func (m *machine) text(parts ...string) string {
	file, err := syscall.Open(path.Join(m.root, path.Join(parts...)), syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return ""
	}
	defer syscall.Close(file)
	text := m.buffer[:0]
	for {
		text = slices.Grow(text, 4<<10)
		n, err := syscall.Read(file, text[len(text):cap(text)])
		if err == syscall.EINTR {
			continue
		}
		if n <= 0 || err != nil {
			break
		}
		text = text[:len(text)+n]
	}
	m.buffer = text
	return string(text)
}

// value is the number behind a word that begins a line.
func value(text, word string) uint64 {
	for line := range strings.Lines(text) {
		if name, rest, found := strings.Cut(line, " "); found && name == word {
			return number(rest)
		}
	}
	return 0
}

// number is 0 for what is none.
func number(text string) uint64 {
	n, _ := strconv.ParseUint(strings.TrimSpace(text), 10, 64)
	return n
}
