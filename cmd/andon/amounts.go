package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"
)

// whole is a flag for a whole number between two others.
type whole struct {
	n           *int
	least, most int
}

// addWhole adds a flag for a whole number between two others, with what it is where it is not given.
func addWhole(flags *pflag.FlagSet, n *int, name string, otherwise, least, most int, usage string) {
	*n = otherwise
	flags.Var(whole{n, least, most}, name, usage)
}

func (w whole) Set(s string) error {
	n, err := strconv.ParseInt(s, 0, strconv.IntSize)
	if err != nil || int(n) < w.least || int(n) > w.most {
		return fmt.Errorf("want a whole number from %d to %d", w.least, w.most)
	}
	*w.n = int(n)
	return nil
}

func (w whole) Type() string { return "int" }

func (w whole) String() string {
	if w.n == nil {
		return "0"
	}
	return strconv.Itoa(*w.n)
}

// perSecond is a flag for a rate; it is 0 until it is set.
type perSecond float64

func (r *perSecond) Set(s string) error {
	number, unit, slash := strings.Cut(s, "/")
	per, known := map[string]float64{"s": 1, "m": 60, "h": 3600}[unit]
	n, err := strconv.ParseFloat(number, 64)
	if !slash || !known || err != nil || !(n/per >= 0.01 && n/per <= 1e6) {
		return errors.New("want a rate from 0.01/s to 1000000/s, such as 120/s or 90/m")
	}
	*r = perSecond(n / per)
	return nil
}

func (r *perSecond) Type() string { return "rate" }

func (r *perSecond) String() string {
	if *r == 0 {
		return ""
	}
	return strconv.FormatFloat(float64(*r), 'g', -1, 64)
}

// part is a flag for a share, in percent.
type part float64

func (p *part) Set(s string) error {
	number, percent := strings.CutSuffix(s, "%")
	n, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if !percent || err != nil || !(n >= 0 && n <= 1e6) {
		return errors.New("want a share in percent, such as 20%")
	}
	*p = part(n / 100)
	return nil
}

func (p *part) Type() string { return "share" }

func (p *part) String() string {
	if *p == 0 {
		return ""
	}
	return strconv.FormatFloat(100*float64(*p), 'g', 6, 64) + "%"
}

// long is a flag for how long something is held; it is 0 until it is set.
type long time.Duration

func (l *long) Set(s string) error {
	const least, most = 10 * time.Second, 7 * 24 * time.Hour
	d, err := time.ParseDuration(s)
	if err != nil || d < least || d > most {
		return errors.New("want a time from 10s to 168h, such as 2h")
	}
	*l = long(d)
	return nil
}

func (l *long) Type() string { return "long" }

func (l *long) String() string {
	if *l == 0 {
		return ""
	}
	return time.Duration(*l).String()
}
