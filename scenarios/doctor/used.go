package doctor

import (
	"strconv"
	"strings"
	"time"
)

// used is how long the processors of the machine have worked, for whomever, and when that was so.
type used struct {
	seconds float64
	known   bool
	at      time.Time
}

// readUsed reads it where the system tells it.
func readUsed(root string) used {
	u := used{at: time.Now()}
	line, _, _ := strings.Cut(host{root: root}.text("proc/stat"), "\n")
	fields := strings.Fields(line)
	// user, nice, system, idle, iowait, irq, softirq: see proc(5). What guests take is in user.
	if len(fields) < 8 || fields[0] != "cpu" {
		return u
	}
	u.known = true
	for _, i := range []int{1, 2, 3, 6, 7} {
		ticks, err := strconv.ParseUint(fields[i], 10, 64)
		u.known = u.known && err == nil
		u.seconds += float64(ticks) / 100
	}
	return u
}

// others gives how many cores others than this process and its own took on average; nil where that is not known.
func (u used) others(now used, own time.Duration) *float64 {
	length := now.at.Sub(u.at).Seconds()
	if !u.known || !now.known || length <= 0 {
		return nil
	}
	cores := max((now.seconds-u.seconds-own.Seconds())/length, 0)
	return &cores
}
