package main

import (
	"os"
	"testing"
	"testing/synctest"
	"time"
)

// What holds the process up after the second signal has a while, and no longer; less of it after a third signal.
func TestSecondSignal(t *testing.T) {
	never := time.Hour
	for _, test := range []struct {
		name                      string
		third, fourth, end, taken time.Duration
		ends                      bool
	}{
		{"it ends by itself", never, never, 3 * time.Second, 3 * time.Second, true},
		{"it does not", never, never, never, patience, false},
		{"it does not, and a third comes", time.Second, never, never, time.Second + grace, false},
		{"it ends soon after a third", time.Second, never, time.Second + grace/2, time.Second + grace/2, true},
		{"a fourth gives no time", time.Second, time.Second + grace/2, never, time.Second + grace, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &stopper{arrived: make(chan os.Signal, 2), released: make(chan struct{})}
				for _, at := range []time.Duration{test.third, test.fourth} {
					defer time.AfterFunc(at, s.press).Stop()
				}
				defer time.AfterFunc(test.end, func() { close(s.released) }).Stop()
				began := time.Now()
				if ends := s.ends(); ends != test.ends || time.Since(began) != test.taken {
					t.Errorf("expected %v after %v, found %v after %v", test.ends, test.taken, ends, time.Since(began))
				}
			})
		})
	}
}
