package scenarios

import (
	"slices"
	"strings"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/document"
	"github.com/kaizenautomation/andon/contracts/provider"
)

var providerKeys = []string{"workers", "queue", "latency", "faults"}

// readProvider reads how the embedded provider behaves.
func readProvider(doc *document.Document, v document.Value, d *contracts.Description) provider.Config {
	c := provider.Config{Latency: provider.DefaultLatency(d.Tiers())}
	keys, _ := v.Object("the provider", providerKeys...)
	if v, given := keys["workers"]; given {
		n, _ := v.Integer("the number of workers", 0, 1_000_000)
		c.Workers = int(n)
	}
	if v, given := keys["queue"]; given {
		n, _ := v.Integer("the queue's length", 0, 1_000_000)
		c.Queue = int(n)
	}
	if v, given := keys["latency"]; given {
		c.Latency = readLatency(v, d)
	}
	if v, given := keys["faults"]; given {
		readFaults(v, &c.Faults)
	}
	if doc.Problems() == 0 {
		if _, err := provider.New(d, c); err != nil {
			v.Fail("the provider cannot be made: %s", strings.ReplaceAll(err.Error(), "\n", "; "))
		}
	}
	return c
}

// readLatency reads one distribution for every tier, or one for each.
func readLatency(v document.Value, d *contracts.Description) map[string]provider.Latency {
	tiers := append(slices.Clone(d.Tiers()), contracts.NoTier(d.Tiers()))
	read := func(v document.Value) (provider.Latency, bool) {
		text, ok := v.Text("a latency")
		if !ok {
			return provider.Latency{}, false
		}
		l, err := provider.ParseLatency(text)
		if err != nil {
			v.Fail("not a latency: %v", err)
			return l, false
		}
		return l, true
	}
	out := map[string]provider.Latency{}
	if v.Scalar() {
		if l, ok := read(v); ok {
			for _, t := range tiers {
				out[t] = l
			}
		}
		return out
	}
	members, _ := v.Members("the latencies by tier")
	for _, m := range members {
		if !slices.Contains(tiers, m.Name) {
			m.Key.Fail("the description has no tier %q; %s", document.Clip(m.Name), document.ExpectedOne(m.Name, tiers))
			continue
		}
		if l, ok := read(m.Value); ok {
			out[m.Name] = l
		}
	}
	return out
}

func readFaults(v document.Value, f *provider.Faults) {
	keys, _ := v.Object("the faults", append(provider.ShareNames(), "slowBody", "stall")...)
	for _, name := range provider.ShareNames() {
		if v, given := keys[name]; given {
			*f.Share(name), _ = v.Share(name)
		}
	}
	if v, given := keys["slowBody"]; given {
		r := memberReader{v: v, what: "slowBody", ok: true}
		r.open("share", "for")
		if share, given := r.keys["share"]; given {
			f.SlowBody.Share, _ = share.Share("the share of slow bodies")
		}
		f.SlowBody.For = r.duration("for")
	}
	if v, given := keys["stall"]; given {
		r := memberReader{v: v, what: "stall", ok: true}
		r.open("at", "for")
		f.Stall.At = r.duration("at")
		f.Stall.For = r.duration("for")
	}
}
