package main

import (
	"slices"
	"testing"
)

func TestLadder(t *testing.T) {
	rates := ladder(1000, 150_000)
	if rates[0] != 1000 || !slices.IsSorted(rates) || rates[len(rates)-1] < 140_000 || rates[len(rates)-1] > 150_000 {
		t.Error(rates)
	}
	for i, rate := range rates[1:] {
		if step := float64(rate) / float64(rates[i]); step < 1.02 || step > 1.08 || rate%10 != 0 {
			t.Errorf("%d after %d", rate, rates[i])
		}
	}
}

func TestClimb(t *testing.T) {
	rates := ladder(1000, 150_000)
	for _, c := range []struct {
		name string
		// holds tells whether the rung holds in the given try of all.
		holds func(rung, try int) bool
		want  int
		runs  int
	}{
		{"every rung holds", func(int, int) bool { return true }, len(rates) - 1, 12},
		{"none does", func(int, int) bool { return false }, -1, 14},
		{"up to one", func(rung, _ int) bool { return rung <= 40 }, 40, 20},
		{"the first alone", func(rung, _ int) bool { return rung == 0 }, 0, 20},
		{"now and then one fails", func(rung, try int) bool { return rung <= 40 && try%7 != 3 }, 40, 22},
		{"unsure above", func(rung, try int) bool { return rung <= 30 || rung <= 40 && try%2 == 0 }, 29, mostRuns},
		{"by luck alone", func(_, try int) bool { return try%2 == 0 }, -1, mostRuns},
	} {
		climb := newClimb(rates)
		try, found, done := 0, 0, false
		for found, done = climb.done(); !done; found, done = climb.done() {
			climb.told(c.holds(slices.Index(rates, climb.next()), try))
			try++
		}
		want := 0
		if c.want >= 0 {
			want = rates[c.want]
		}
		if found != want || try > c.runs {
			t.Errorf("%s: expected %d, found %d after %d runs", c.name, want, found, try)
		}
	}
}
