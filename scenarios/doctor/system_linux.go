package doctor

import (
	"time"

	"golang.org/x/sys/unix"
)

// timeOfDay gives how far off the time of day is at most, and whether another clock keeps it, as the kernel knows.
func timeOfDay() (off time.Duration, kept, known bool) {
	var t unix.Timex
	state, err := unix.Adjtimex(&t)
	if err != nil {
		return 0, false, false
	}
	return time.Duration(t.Maxerror) * time.Microsecond, state != unix.TIME_ERROR && t.Status&unix.STA_UNSYNC == 0, true
}
