package scenarios

import (
	"regexp"
	"slices"
	"strings"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/document"
	"github.com/kaizenautomation/andon/contracts/provider"
)

var providerKeys = []string{"workers", "pools", "queue", "latency", "faults", "executions", "webhooks"}

// readProvider reads how the embedded provider behaves, and where the secret of its webhooks comes from.
func readProvider(doc *document.Document, v document.Value, d *contracts.Description) (c provider.Config, secret string) {
	c = provider.Config{Latency: provider.DefaultLatency(d.Tiers())}
	keys, _ := v.Object("the provider", providerKeys...)
	c.Workers, c.Queue = readWorkers(keys)
	if v, given := keys["pools"]; given {
		c.Pools = readPools(v, d)
	}
	if v, given := keys["latency"]; given {
		c.Latency = readLatency(v, d)
	}
	if v, given := keys["faults"]; given {
		readFaults(v, &c.Faults)
	}
	if v, given := keys["executions"]; given {
		c.Executions = readExecutions(v, d)
	}
	if v, given := keys["webhooks"]; given {
		c.Webhooks, secret = readWebhooks(v)
	}
	if doc.Problems() == 0 {
		trial := c
		if c.Webhooks != nil {
			w := *c.Webhooks
			w.Secret = secret // what it leads to is looked up later
			trial.Webhooks = &w
		}
		if _, err := provider.New(d, trial); err != nil {
			v.Fail("the provider cannot be made: %s", strings.ReplaceAll(err.Error(), "\n", "; "))
		}
	}
	return c, secret
}

// readWorkers reads how many workers there are, and how much waits for them.
func readWorkers(keys map[string]document.Value) (workers, queue int) {
	if v, given := keys["workers"]; given {
		n, _ := v.Integer("the number of workers", 0, 1_000_000)
		workers = int(n)
	}
	if v, given := keys["queue"]; given {
		n, _ := v.Integer("the queue's length", 0, 1_000_000)
		queue = int(n)
	}
	return workers, queue
}

// readPools reads how many workers each tier has.
func readPools(v document.Value, d *contracts.Description) map[string]int {
	pools := map[string]int{}
	members, ok := v.Members("the workers by tier")
	for _, m := range membersByTier(members, d) {
		n, _ := m.Value.Integer("the number of workers for "+m.Name, 1, 1_000_000)
		pools[m.Name] = int(n)
	}
	if ok && len(members) == 0 {
		v.Fail("no tier has workers; expected some, such as {Full: 8, Lite: 8}")
	}
	return pools
}

// membersByTier are the members that are called like a tier, or like the calls without one; it tells of the others.
func membersByTier(members []document.Member, d *contracts.Description) (known []document.Member) {
	tiers := append(slices.Clone(d.Tiers()), contracts.NoTier(d.Tiers()))
	for _, m := range members {
		if !slices.Contains(tiers, m.Name) {
			m.Key.Fail("the description has no tier %q; %s", document.Clip(m.Name), document.ExpectedOne(m.Name, tiers))
			continue
		}
		known = append(known, m)
	}
	return known
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
	for _, m := range membersByTier(members, d) {
		if l, ok := read(m.Value); ok {
			out[m.Name] = l
		}
	}
	return out
}

func readFaults(v document.Value, f *provider.Faults) {
	keys, _ := v.Object("the faults", append(provider.ShareNames(), "slowBody", "stall", "above")...)
	for _, name := range provider.ShareNames() {
		if v, given := keys[name]; given {
			*f.Share(name), _ = v.Share(name)
		}
	}
	if v, given := keys["above"]; given {
		f.Above, _ = v.Rate("the rate from which on faults strike")
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

// byOrder is the order in which executions begin as they came.
const byOrder = "fifo"

// readExecutions reads how the embedded provider runs what it accepts.
func readExecutions(v document.Value, d *contracts.Description) *provider.Executions {
	e := &provider.Executions{}
	keys, _ := v.Object("the executions", append([]string{"workers", "queue", "time", "order"}, provider.FateNames()...)...)
	e.Workers, e.Queue = readWorkers(keys)
	if v, given := keys["time"]; given {
		e.Time = readLatency(v, d)
	}
	for _, name := range provider.FateNames() {
		if v, given := keys[name]; given {
			*e.Share(name), _ = v.Share(name)
		}
	}
	if v, given := keys["order"]; given {
		e.Order = readOrder(v, d)
	}
	return e
}

// readOrder reads the tiers' shares of what begins, or that there are none.
func readOrder(v document.Value, d *contracts.Description) map[string]float64 {
	if v.Scalar() {
		if text, ok := v.Text("an order"); ok && text != byOrder {
			v.Fail("expected %s or the tiers' shares, such as {Full: 1, Lite: 3}, found %s", byOrder, v.Found())
		}
		return nil
	}
	order := map[string]float64{}
	members, ok := v.Members("the tiers' shares")
	for _, m := range membersByTier(members, d) {
		order[m.Name], _ = m.Value.Weight("the share of " + m.Name)
	}
	if ok && len(members) == 0 {
		v.Fail("no tier has a share; expected %s or some, such as {Full: 1, Lite: 3}", byOrder)
	}
	return order
}

// bySecret is how a webhook's secret is given: a command or a column would be one for calls.
var bySecret = regexp.MustCompile(`^\{(env|file):[^{}]+\}$`)

// readWebhooks reads how the embedded provider tells of executions that have ended, and where its secret comes from.
func readWebhooks(v document.Value) (w *provider.Webhooks, secret string) {
	w = &provider.Webhooks{}
	keys, _ := v.Object("the webhooks", append([]string{"url", "secret", "late"}, provider.WebhookFaultNames()...)...)
	for _, name := range []string{"url", "secret"} {
		if v, given := keys[name]; given {
			v.Hide() // a key may stand in the URL, and the secret itself by mistake
		}
	}
	if v, given := keys["url"]; given {
		w.URL, _ = v.Text("the URL that webhooks go to")
		if _, given := keys["secret"]; !given {
			v.Fail("webhooks need a secret to be signed with: add secret: {env:NAME} or {file:PATH}, as a text")
		}
	}
	if v, given := keys["secret"]; given {
		text, ok := v.Text("a secret")
		if ok && !bySecret.MatchString(text) {
			v.Fail("a secret does not stand in a scenario; give it by reference, as a text: '{env:NAME}' or '{file:PATH}'")
		}
		secret = text
	}
	if v, given := keys["late"]; given {
		r := memberReader{v: v, what: "late", ok: true}
		r.open("share", "for")
		if share, given := r.keys["share"]; given {
			w.Late.Share, _ = share.Share("the share of late webhooks")
		}
		w.Late.For = r.duration("for")
	}
	for _, name := range provider.WebhookFaultNames() {
		if v, given := keys[name]; given {
			*w.Share(name), _ = v.Share(name)
		}
	}
	return w, secret
}
