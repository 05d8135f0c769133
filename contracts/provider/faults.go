package provider

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/kaizenautomation/andon/reports/splitmix"
)

// Faults says how often the provider misbehaves, and how. Each share is a part of the valid calls, from 0 to 1; a call
// meets at most one fault, so the shares sum to at most 1. A fault strikes when the answer is due, after the service
// time. Refusals are never faulty. The zero value has no faults.
type Faults struct {
	// HTTP500 and HTTP503 answer with that status and a JSON body.
	HTTP500, HTTP503 float64
	// Reset resets the connection (TCP RST) before any byte of the answer.
	Reset float64
	// Truncated answers 200 with a JSON body that ends in the middle. The HTTP message itself is whole.
	Truncated float64
	// MissingField answers 200 without one of the response's fields.
	MissingField float64
	// WrongType answers 200 with a number, null or an object in place of one of the strings.
	WrongType float64
	// HTML answers 200 with a page, as a proxy does.
	HTML float64
	// ContentType answers with the right body under text/plain.
	ContentType float64
	// RepeatedID answers with an executionId that was given before. The first of all has none to repeat and is a
	// good one.
	RepeatedID float64
	// SlowBody sends the head of the answer at once and lets the body trickle.
	SlowBody SlowBody
	// Above has the shares strike only while more calls come than so many a second: valid calls, those that are then
	// refused for want of room too, counted over the 10 seconds up to the call that is struck. 0: they always strike.
	Above float64
	// Stall freezes the provider once. It is no share and may fall together with any other fault.
	Stall Stall
}

// SlowBody is a body that takes its time.
type SlowBody struct {
	Share float64
	// For is how long the body takes from its first byte's wait to its last byte.
	For time.Duration
}

// Stall is a freeze of the whole provider: from At to At+For after the first call's arrival nothing is answered and
// service stands still, so that a call in service at the time ends For later than it would have. The calls that came in
// the meantime are taken up in their order, within a thirty-second of For. A stall with For 0 does not happen.
type Stall struct {
	At, For time.Duration
}

// thaw is the part of a stall's length over which the calls that came during it are taken up again, in the order of
// their coming: a process that was frozen finds them in its queue and takes one after the other, as fast as it can.
// Were they all due at one instant, their order would be the scheduler's.
const thaw = 1.0 / 32

// stretch gives how long d of the provider's own time takes when it starts at the moment at.
func (s Stall) stretch(at, d time.Duration) time.Duration {
	switch end := s.At + s.For; {
	case at >= end || at+d < s.At:
		return d
	case at >= s.At:
		return end - at + time.Duration(thaw*float64(at-s.At)) + d
	}
	return d + s.For
}

// fault is what becomes of one call.
type fault uint8

const (
	noFault fault = iota
	http500
	http503
	reset
	truncated
	missingField
	wrongType
	html
	contentType
	repeatedID
	slowBody
	faults
)

var faultNames = [faults]string{
	"", "http500", "http503", "reset", "truncated", "missingField", "wrongType", "html", "contentType", "repeatedId", "slowBody",
}

// ShareNames lists the faults that are a plain share, as scenarios and flags name them: all but slowBody and stall,
// which have a length as well.
func ShareNames() []string { return append([]string(nil), faultNames[http500:slowBody]...) }

// Share gives the place of the share with one of the [ShareNames], nil for any other name.
func (f *Faults) Share(name string) *float64 {
	for kind := http500; kind < slowBody; kind++ {
		if faultNames[kind] == name {
			return f.share(kind)
		}
	}
	return nil
}

func (f *Faults) share(kind fault) *float64 {
	return [faults]*float64{
		http500: &f.HTTP500, http503: &f.HTTP503, reset: &f.Reset, truncated: &f.Truncated, missingField: &f.MissingField,
		wrongType: &f.WrongType, html: &f.HTML, contentType: &f.ContentType, repeatedID: &f.RepeatedID, slowBody: &f.SlowBody.Share,
	}[kind]
}

// longestFault bounds the lengths in Faults, far above any run and far below where times overflow.
const longestFault = 24 * time.Hour

// highestAbove bounds Above, by what is remembered of the calls.
const highestAbove = 100_000

// Validate reports everything that is wrong with f, joined: shares outside 0 to 1, shares that sum to more than 1,
// lengths outside 0 to 24 hours, a slow body without a length, a rate that nothing depends on.
func (f Faults) Validate() error {
	var errs []error
	sum := 0.0
	var named []string
	for kind := http500; kind < faults; kind++ {
		v := *f.share(kind)
		if !(v >= 0 && v <= 1) {
			errs = append(errs, fmt.Errorf("fault %s: expected a share from 0 to 1 (0%% to 100%%), found %v", faultNames[kind], v))
			continue
		}
		sum += v
		if v > 0 {
			named = append(named, faultNames[kind])
		}
	}
	// Shares that are written as percentages and sum to 100 % may sum to a little more than 1 in binary.
	if sum > 1+1e-9 {
		errs = append(errs, fmt.Errorf("faults: a call meets at most one fault, so the shares must sum to at most 1 (100%%); %s sum to %.6g",
			strings.Join(named, " + "), sum))
	}
	for _, length := range []struct {
		name string
		d    time.Duration
	}{{"slowBody: for", f.SlowBody.For}, {"stall: at", f.Stall.At}, {"stall: for", f.Stall.For}} {
		if length.d < 0 || length.d > longestFault {
			errs = append(errs, fmt.Errorf("fault %s: expected a duration from 0s to %s, found %s", length.name, longestFault, length.d))
		}
	}
	switch {
	case !(f.Above >= 0 && f.Above <= highestAbove):
		errs = append(errs, fmt.Errorf("faults: above: expected a rate from 0/s to %d/s, found %v/s", highestAbove, f.Above))
	case f.Above > 0 && sum == 0:
		errs = append(errs, errors.New("faults: above: it says from which rate on faults strike, and none has a share; set one, such as http500"))
	}
	if f.SlowBody.Share > 0 && f.SlowBody.For == 0 {
		errs = append(errs, errors.New("fault slowBody: expected a length (for) above 0s, found 0s"))
	}
	return errors.Join(errs...)
}

// lottery cuts the unit interval into one piece per fault; what is left is the piece of the calls that go well.
type lottery [faults]float64

func (f *Faults) lottery() (l lottery) {
	sum := 0.0
	for kind := http500; kind < faults; kind++ {
		sum += *f.share(kind)
		l[kind] = sum
	}
	return l
}

func (l *lottery) draw(u float64) fault {
	if u >= l[faults-1] {
		return noFault
	}
	for kind := http500; kind < faults; kind++ {
		if u < l[kind] {
			return kind
		}
	}
	return noFault
}

// draws are the independent random numbers of one call: each is a pure function of the seed, the call's number, and
// what it is drawn for, so no lock and no state is shared between calls.
type draws struct{ seed, n uint64 }

// purpose tells one draw of a call from the others.
type purpose uint64

const (
	forLatency purpose = iota
	forFault
	forField
	forTime
	forFate
	forLoss
	forWebhook
)

func (d draws) bits(p purpose) uint64 {
	return splitmix.Mix(splitmix.Mix(d.seed+d.n*splitmix.Golden) + (uint64(p)+1)*splitmix.Golden)
}

// unit is uniform, strictly between 0 and 1: 52 bits leave room for the half that keeps it off both ends.
func (d draws) unit(p purpose) float64 {
	return (float64(d.bits(p)>>12) + 0.5) / (1 << 52)
}
