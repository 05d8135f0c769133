// Package targets says where calls may go, and how much there may be of them.
//
// A file of targets ([Open]) gives each a name, with what its calls carry, what they cost and what they may come to. A
// target is named by that, or by its URL ([File.Find]). What a mistake must not hit is asked for twice, in two ways
// that no single slip meets: a production target wants its name typed out ([Target.Permit]), and one that is in no file
// the number of calls ([Confirm]). What was started in a day is in a [Ledger], which several processes keep
// together.
package targets

import (
	"fmt"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/kaizenautomation/andon/contracts/credentials"
	"github.com/kaizenautomation/andon/contracts/document"
	"github.com/kaizenautomation/andon/reports/text"
)

// production is the one host that is a production target whatever a file says, or where there is none.
const production = "api.kaizenautomation.com"

// Target is where calls go.
type Target struct {
	// Name is that in the file; empty where the target is in none.
	Name string
	URL  *url.URL
	// Asked is what its calls carry. The secrets themselves are in no file.
	Asked credentials.Asked
	// Fixtures is a file of values that exist there; empty where there is none.
	Fixtures string
	Caps     Caps
	Cost     Cost
	// Production says that it serves people.
	Production bool

	// places is where the file names it, by the key, and under no key where the target begins.
	places document.Places
}

// Blame has an error about what a key of the target names, or about the target where the key is empty, say where the
// file has it, if it does.
func (t Target) Blame(key string, err error) error { return t.places.Blame(key, err) }

// Caps are the most that calls may come to; 0 is no limit. Each accepted call starts a run.
type Caps struct {
	Rate                    float64
	InFlight                int
	RunsPerGate, RunsPerDay uint64
	// CostPerGate and CostPerDay are in the unit of [Cost].
	CostPerGate, CostPerDay float64
}

// Cost is what a run costs by its tier, in a unit of the user's own.
type Cost struct {
	Unit   string
	Prices map[string]float64
}

// Runs are numbers of runs, by tier.
type Runs map[string]uint64

// Total is how many they are.
func (r Runs) Total() (n uint64) {
	for _, of := range r {
		n += of
	}
	return n
}

// Add adds others.
func (r Runs) Add(more Runs) {
	for tier, n := range more {
		r[tier] += n
	}
}

// Price is that of a run. A tier without one costs as much as the dearest, as does a run whose tier is not known.
func (c Cost) Price(tier string) float64 {
	price, given := c.Prices[tier]
	if given || len(c.Prices) == 0 {
		return price
	}
	return slices.Max(slices.Collect(maps.Values(c.Prices)))
}

// Of is what runs cost.
func (c Cost) Of(r Runs) (sum float64) {
	for _, tier := range slices.Sorted(maps.Keys(r)) {
		sum += float64(r[tier]) * c.Price(tier)
	}
	return sum
}

// Spell is a cost in words.
func (c Cost) Spell(cost float64) string {
	return strings.TrimSpace(text.Digits(cost) + " " + c.Unit)
}

// host is the name of a URL's host, as all ways of writing it have it: in lower case, and without the dot that closes
// it. Where it was in other letters than ASCII, it has been turned into those when the URL was read.
func host(u *url.URL) string { return strings.TrimRight(strings.ToLower(u.Hostname()), ".") }

// port is the port of a URL, also where it is the scheme's own.
func port(u *url.URL) string {
	if p := strings.TrimLeft(u.Port(), "0"); p != "" {
		return p
	}
	return map[string]string{"http": "80", "https": "443"}[u.Scheme]
}

// isProduction reports whether a host, or one below it, is a production target.
func isProduction(name string) bool {
	return name == production || strings.HasSuffix(name, "."+production)
}

// Outside is a target that is in no file.
func Outside(u *url.URL) Target { return Target{URL: u, Production: isProduction(host(u))} }

// Called is what a person calls the target: its name, or its host.
func (t Target) Called() string {
	if t.Name != "" {
		return t.Name
	}
	return host(t.URL)
}

// String names it with its URL.
func (t Target) String() string {
	if t.Name != "" {
		return t.Name + " (" + t.URL.String() + ")"
	}
	return t.URL.String()
}

// Local reports whether the target is on this machine, also where its name is led to an address elsewhere.
func (t Target) Local(resolved map[string][]netip.Addr) bool {
	name := host(t.URL)
	ip := net.ParseIP(name)
	if name != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return false
	}
	return !slices.ContainsFunc(resolved[net.JoinHostPort(strings.ToLower(t.URL.Hostname()), port(t.URL))], func(a netip.Addr) bool { return !a.IsLoopback() })
}

// ProductionError says that a production target was not typed out, or that another was.
type ProductionError struct {
	Target Target
	// Typed is what was typed out; empty where nothing was.
	Typed string
}

// Error says what is wanted.
func (e *ProductionError) Error() string {
	typed := text.Printable(e.Typed, 100)
	switch {
	case !e.Target.Production:
		return fmt.Sprintf("%s is no production target, and %q was typed out as one: leave that out, so that it is typed where it is meant", e.Target, typed)
	case e.Typed == "":
		return fmt.Sprintf("%s is a production target, and nothing was sent: its name, %s, has to be typed out", e.Target, e.Target.Called())
	}
	return fmt.Sprintf("%s is a production target, and nothing was sent: its name is %s, and %q was typed out", e.Target, e.Target.Called(), typed)
}

// Permit reports as a [ProductionError] that the target must not be called: a production target wants its name typed
// out, letter by letter. To type one out where none is called is refused as well: else it would stand in every command
// line, and one slip in the target would do.
func (t Target) Permit(typed string) error {
	if t.Production && typed != t.Called() || !t.Production && typed != "" {
		return &ProductionError{t, typed}
	}
	return nil
}

// UnconfirmedError says that the number of calls to targets that are in no file was not confirmed.
type UnconfirmedError struct {
	Targets []Target
	// Calls is the number, and Confirmed the one that was given; 0 where none was.
	Calls, Confirmed uint64
}

// Error says what is wanted.
func (e *UnconfirmedError) Error() string {
	names, is, it := e.Targets[0].String(), "is", "it"
	for _, t := range e.Targets[1:] {
		names, is, it = names+" and "+t.String(), "are", "they"
	}
	said := fmt.Sprintf("%s %s in no file of targets, and nothing was sent: %s would be sent up to %s", names, is, it, text.Plural(e.Calls, "call"))
	if e.Confirmed > 0 {
		said += fmt.Sprintf(", and %s confirmed", text.Count(e.Confirmed))
	}
	return said
}

// Planned is how many calls a target would be sent.
type Planned struct {
	Target
	Calls uint64
}

// Confirm reports as an [UnconfirmedError] that calls must not be sent: targets that are in no file, and not on this
// machine, have no caps, so that the exact number of all calls to them is asked for.
func Confirm(confirmed uint64, resolved map[string][]netip.Addr, planned ...Planned) error {
	e := &UnconfirmedError{Confirmed: confirmed}
	for _, p := range planned {
		if p.Name == "" && !p.Local(resolved) {
			e.Targets, e.Calls = append(e.Targets, p.Target), e.Calls+p.Calls
		}
	}
	if len(e.Targets) == 0 || e.Calls == confirmed {
		return nil
	}
	return e
}
