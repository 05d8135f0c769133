package targets

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/kaizenautomation/andon"
	"github.com/kaizenautomation/andon/contracts"
)

func described(t testing.TB) *contracts.Description {
	t.Helper()
	d, err := contracts.Load("openapi.yaml", andon.Spec)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

const some = `targets:
  staging:
    url: https://staging.example.com
    token: '{env:STAGING_TOKEN}'
    headers: {X-Org-Id: '{env:ORG}', X-Team: core}
    fixtures: staging.yaml
    caps: {rate: 50/s, inFlight: 100, runsPerGate: 5_000, runsPerDay: 20000, costPerGate: 12.5, costPerDay: 50}
    cost: {unit: EUR, tiers: {Full: 0.02, Lite: 0.004}}
  prod:
    url: https://api.example.com/v2
    production: true
  canary:
    url: https://api.example.com:8443
`

func TestParse(t *testing.T) {
	f, err := Parse("ops/targets.yaml", []byte(some), described(t))
	if err != nil {
		t.Fatal(err)
	}
	staging, err := f.Find("staging", described(t).Operation())
	if err != nil {
		t.Fatal(err)
	}
	want := Caps{Rate: 50, InFlight: 100, RunsPerGate: 5000, RunsPerDay: 20000, CostPerGate: 12.5, CostPerDay: 50}
	if staging.Caps != want || staging.Fixtures != "ops/staging.yaml" || staging.Asked.Bearer != "{env:STAGING_TOKEN}" || len(staging.Asked.Headers) != 2 || staging.Production {
		t.Errorf("staging is read as %+v", staging)
	}
	for tier, price := range map[string]float64{"Full": 0.02, "Lite": 0.004, "default": 0.02, "": 0.02} {
		if got := staging.Cost.Price(tier); got != price {
			t.Errorf("a run of %q costs %v, want %v", tier, got, price)
		}
	}
	if got := staging.Cost.Of(Runs{"Full": 10, "Lite": 100, "": 1}); got < 0.619 || got > 0.621 {
		t.Errorf("the runs cost %v", got)
	}
	if got := (Cost{}).Of(Runs{"Full": 10}); got != 0 {
		t.Errorf("without prices they cost %v", got)
	}
}

// All that is wrong is said at once, at its place, and what might be a secret is shown nowhere.
func TestWrongTargets(t *testing.T) {
	_, err := Parse("t.yaml", []byte(`targets:
  "a/b": {url: https://a.example}
  b: {}
  c: {url: 'https://u:hunter2@x'}
  d: {url: https://d.example, token: hunter2}
  e: {url: https://e.example, headers: {Authorization: Bearer hunter2}, caps: {rate: 5, runsPerDay: 0, costPerDay: 3}}
  f: {url: https://f.example, cost: {unit: '', tiers: {Ful: 1, Lite: -1}}}
  g: {url: https://g.example, prod: true}
`), described(t))
	if err == nil {
		t.Fatal("it is read")
	}
	for _, want := range []string{
		"t.yaml:2:3: expected a name of letters", "t.yaml:3:6: expected url", "t.yaml:4:12: ", "t.yaml:5:", "its secret is given by reference|by reference", "t.yaml:6:", "expected the highest rate with its unit",
		"the most runs of a day", "expected cost beside caps", "expected a unit", `unknown tier "Ful"`, "a number from 0", `unknown key "prod" in a target`,
	} {
		found := false
		for one := range strings.SplitSeq(want, "|") {
			found = found || strings.Contains(err.Error(), one)
		}
		if !found {
			t.Errorf("%q is not said in\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("a secret is shown:\n%v", err)
	}
	for _, text := range []string{"", "targets:\n", "targets: {}\n", "target: {}\n", "- a\n"} {
		if _, err := Parse("t.yaml", []byte(text), described(t)); err == nil {
			t.Errorf("%q is read", text)
		}
	}
}

// A production target is called by its name, typed out, and by nothing else: none of these single slips reaches one.
func TestNoSlipReachesProduction(t *testing.T) {
	d := described(t)
	f, err := Parse("targets.yaml", []byte(some), d)
	if err != nil {
		t.Fatal(err)
	}
	const real = "https://api.kaizenautomation.com"
	for _, c := range []struct{ why, target, typed string }{
		{"a name without it being typed out", "prod", ""},
		{"a name in other letters", "prod", "Prod"},
		{"a name with a blank", "prod", "prod "},
		{"the name of another", "prod", "staging"},
		{"the host in the place of the name", "prod", "api.example.com"},
		{"a target that shares its host, on another port", "canary", ""},
		{"its URL", "https://api.example.com/v2", ""},
		{"its URL with another path", "https://api.example.com", ""},
		{"its URL with another port", "https://api.example.com:444", ""},
		{"its URL without TLS", "http://api.example.com", ""},
		{"the host that is one in any case", real, ""},
		{"the word production", real, "production"},
		{"another host typed out", real, "kaizenautomation.com"},
		{"in capitals", "https://API.KaizenAutomation.COM", ""},
		{"in capitals, typed so", "https://API.KaizenAutomation.COM", "API.KaizenAutomation.COM"},
		{"the scheme in capitals", "HTTPS://api.kaizenautomation.com", ""},
		{"with a dot at the end", "https://api.kaizenautomation.com.", ""},
		{"with two dots at the end", "https://api.kaizenautomation.com..", ""},
		{"with its own port", "https://api.kaizenautomation.com:443", ""},
		{"with another port", "https://api.kaizenautomation.com:8443", ""},
		{"with a port that begins with 0", "https://api.kaizenautomation.com:0443", ""},
		{"with a path", "https://api.kaizenautomation.com/v1", ""},
		{"with a name before it", "https://staging@api.kaizenautomation.com", ""},
		{"with a host as the name before it", "https://staging.example.com:443@api.kaizenautomation.com", ""},
		{"with a backslash", `https://staging.example.com\@api.kaizenautomation.com`, ""},
		{"percent-encoded", "https://api%2ekaizenautomation%2ecom", ""},
		{"with one letter percent-encoded", "https://%61pi.kaizenautomation.com", ""},
		{"in wide letters", "https://ａｐｉ.kaizenautomation.com", ""},
		{"with another full stop", "https://api。kaizenautomation。com", ""},
		{"with a soft hyphen", "https://api.kaizen\u00adautomation.com", ""},
		{"with a name that has no width", "https://api.kaizen\u200bautomation.com", ""},
		{"with a Kelvin sign", "https://api.\u212aaizenautomation.com", ""},
		{"a host below it", "https://eu.api.kaizenautomation.com", ""},
		{"a name that is near to one", "prdo", ""},
		{"a name in other letters, of the file", "PROD", ""},
		{"typed out where another is called", "staging", "prod"},
		{"typed out where a URL is called", "https://staging.example.com", "prod"},
		{"typed out for this machine", "http://127.0.0.1:8080", "prod"},
	} {
		target, err := f.Find(c.target, d.Operation())
		if err == nil {
			err = target.Permit(c.typed)
		}
		if err == nil && host(target.URL) != "staging.example.com" {
			t.Errorf("%s: %q reaches %s", c.why, c.target, target)
		} else if err == nil {
			t.Errorf("%s: %q is permitted with %q typed out", c.why, c.target, c.typed)
		}
	}
	for _, c := range []struct{ target, typed string }{
		{"prod", "prod"}, {"canary", "canary"}, {"https://api.example.com", "prod"}, {real, "api.kaizenautomation.com"}, {"https://API.kaizenautomation.com.:8443", "api.kaizenautomation.com"},
		{"staging", ""}, {"https://kaizenautomation.com", ""}, {"https://notapi.kaizenautomation.com", ""}, {"http://127.0.0.1:8080", ""},
	} {
		target, err := f.Find(c.target, d.Operation())
		if err == nil {
			err = target.Permit(c.typed)
		}
		if err != nil {
			t.Errorf("%s, %q typed out: %v", c.target, c.typed, err)
		}
	}
	// A file cannot take from the host that it is a production target.
	f, err = Parse("other.yaml", []byte("targets: {staging: {url: '"+real+"', production: false}}\n"), d)
	if err != nil {
		t.Fatal(err)
	}
	target, err := f.Find("staging", d.Operation())
	if err = errors.Join(err, target.Permit("")); err == nil || !strings.Contains(err.Error(), "staging, has to be typed out") {
		t.Errorf("another file leads there: %v", err)
	}
}

// A host that is in no file wants the exact number of calls; one on this machine does not, unless its name is led away.
func TestConfirm(t *testing.T) {
	d := described(t)
	f, err := Parse("targets.yaml", []byte(some), d)
	if err != nil {
		t.Fatal(err)
	}
	away := map[string][]netip.Addr{"localhost:80": {netip.MustParseAddr("203.0.113.7")}, "127.0.0.1:80": {netip.MustParseAddr("127.0.0.1")}}
	for _, c := range []struct {
		target    string
		confirmed uint64
		ok        bool
	}{
		{"https://other.example.com", 0, false}, {"https://other.example.com", 99, false}, {"https://other.example.com", 101, false}, {"https://other.example.com", 100, true},
		{"https://staging.example.com:444", 0, false}, {"https://staging.example.com", 0, true}, {"https://Staging.example.com.:0443/v3", 0, true}, {"staging", 0, true}, {"prod", 0, true},
		{"http://127.0.0.1:80", 0, true}, {"http://[::1]", 0, true}, {"http://localhost:8080", 0, true}, {"http://LOCALHOST", 0, false}, {"http://localhost", 0, false},
		{"http://10.0.0.1", 0, false}, {"http://127.0.0.1.example.com", 0, false}, {"http://localhost.example.com", 0, false},
	} {
		target, err := f.Find(c.target, d.Operation())
		if err != nil {
			t.Fatal(err)
		}
		if err := Confirm(c.confirmed, away, Planned{target, 100}); (err == nil) != c.ok {
			t.Errorf("%s with %d confirmed: %v", c.target, c.confirmed, err)
		}
		// Of two targets, the calls to those that have no caps are confirmed.
		other, err := f.Find("https://other.example.com", d.Operation())
		if err != nil {
			t.Fatal(err)
		}
		all := uint64(7)
		if !c.ok || c.confirmed > 0 {
			all += 100
		}
		for _, confirmed := range []uint64{0, 7, 100, 107} {
			if err := Confirm(confirmed, away, Planned{target, 100}, Planned{other, 7}); (err == nil) != (confirmed == all) {
				t.Errorf("%s and %s with %d confirmed: %v", target, other, confirmed, err)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(some))
	f.Add([]byte("targets: {a: {url: 'https://x', token: x}}"))
	f.Add([]byte("targets: {a: &a {url: 'https://x'}, b: *a}"))
	d := described(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := Parse("t.yaml", data, d)
		if err != nil {
			return
		}
		for _, name := range file.Names() {
			target, err := file.Find(name, d.Operation())
			if err != nil || target.URL == nil || target.Production && target.Permit("") == nil {
				t.Fatalf("%q: %+v, %v", name, target, err)
			}
		}
	})
}
