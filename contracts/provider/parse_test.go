package provider

import (
	"maps"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestParseLatencies(t *testing.T) {
	parse := func(s string) Latency {
		l, err := ParseLatency(s)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	otherwise := map[string]Latency{"Full": parse("9ms"), "Lite": parse("8ms"), "default": parse("7ms")}
	for _, c := range []struct {
		texts []string
		want  map[string]Latency
	}{
		{nil, otherwise},
		{[]string{"1ms"}, map[string]Latency{"Full": parse("1ms"), "Lite": parse("1ms"), "default": parse("1ms")}},
		{[]string{"Lite=2ms"}, map[string]Latency{"Full": parse("9ms"), "Lite": parse("2ms"), "default": parse("7ms")}},
		// What names a tier counts for more, in whatever order.
		{[]string{"Lite= uniform(1ms, 2ms)", "1ms", "default=3ms"}, map[string]Latency{"Full": parse("1ms"), "Lite": parse("uniform(1ms, 2ms)"), "default": parse("3ms")}},
	} {
		got, err := ParseLatencies(c.texts, otherwise, []string{"Full", "Lite"})
		if err != nil || !maps.Equal(got, c.want) {
			t.Errorf("%q: %v, %v; want %v", c.texts, got, err, c.want)
		}
	}
	for _, c := range []struct {
		why   string
		texts []string
		want  Latency
	}{
		{"as one of the first tier, as it was", []string{"Full=5ms", "Lite=2ms"}, parse("5ms")},
		{"the first tier is not named", []string{"Lite=2ms"}, DefaultLatency([]string{"Full", "Lite"})["Full"]},
		{"it is named", []string{"Full=5ms", "default=3ms"}, parse("3ms")},
		{"it is among all", []string{"1ms", "Full=5ms"}, parse("1ms")},
	} {
		tiers := []string{"Full", "Lite"}
		got, err := ParseLatencies(c.texts, DefaultLatency(tiers), tiers)
		if err != nil {
			t.Fatal(err)
		}
		if all, err := byTier(tiers, got); err != nil || all["default"] != c.want {
			t.Errorf("%s: with %q a call without a tier takes %v, %v; want %v", c.why, c.texts, all["default"], err, c.want)
		}
	}
	if otherwise["Lite"] != parse("8ms") {
		t.Error("what was given is changed")
	}
	for text, want := range map[string]string{"Ful=1ms": `did you mean "Full"?`, "x=1ms": "the tiers are Full, Lite, default", "Full=1": "expected a duration", "1": "expected a duration"} {
		if _, err := ParseLatencies([]string{text}, otherwise, []string{"Full", "Lite"}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestParseFaults(t *testing.T) {
	var f Faults
	for _, text := range []string{"http500=1%", "reset = 2%", "html=0.25"} {
		if err := f.Set(strings.ReplaceAll(text, " =", "=")); err != nil {
			t.Error(err)
		}
	}
	var err error
	if f.SlowBody, err = ParseSlowBody("5%, 2s"); err != nil {
		t.Error(err)
	}
	if f.Stall, err = ParseStall("5s,2s"); err != nil {
		t.Error(err)
	}
	if err := f.Set("above=56.5/s"); err != nil {
		t.Error(err)
	}
	if want := (Faults{Above: 56.5, HTTP500: 0.01, Reset: 0.02, HTML: 0.25, SlowBody: SlowBody{0.05, 2 * time.Second}, Stall: Stall{5 * time.Second, 2 * time.Second}}); f != want {
		t.Errorf("%+v, want %+v", f, want)
	}
	for text, want := range map[string]string{
		"http501=1%": `did you mean "http500"?`, "http500": "expected NAME=SHARE", "http500=101%": "http500: expected a share", "http500=-1": "expected a share", "http500=NaN": "expected a share",
		"slowBody=1%": "expected NAME=SHARE", "above": "expected NAME=SHARE", "above=56": "above: expected a rate above 0/s and up to 100000/s, such as 56/s, found", "above=0/s": "expected a rate",
		"above=1e9/s": "expected a rate", "above=NaN/s": "expected a rate",
	} {
		if err := f.Set(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	for _, text := range []string{"", "5%", "5%,", "2s,5%", "200%,2s"} {
		if s, err := ParseSlowBody(text); err == nil {
			t.Errorf("a slow body of %q is %+v", text, s)
		}
	}
	for _, text := range []string{"", "5s", "5s,", "5,2", "5%,2s"} {
		if s, err := ParseStall(text); err == nil {
			t.Errorf("a stall of %q is %+v", text, s)
		}
	}
}

func TestParsePools(t *testing.T) {
	was := map[string]int{"Lite": 2}
	got, err := ParsePools([]string{"Full=8", "Lite= 3"}, was)
	if err != nil || got["Full"] != 8 || got["Lite"] != 3 || was["Lite"] != 2 || len(got) != 2 {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := ParsePools([]string{"Full=8"}, nil); err != nil || got["Full"] != 8 {
		t.Errorf("%v, %v", got, err)
	}
	for _, text := range []string{"", "Full", "8", "Full=", "Full=0", "Full=-1", "Full=1000001", "Full=1.5", "Full=99999999999999999999"} {
		if got, err := ParsePools([]string{text}, nil); err == nil || !strings.Contains(err.Error(), "expected TIER=WORKERS, as in Full=8, with 1 to 1000000 workers, found") {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
}

// Whatever is written for faults, it is refused with what was expected, or it is what can be carried out.
func FuzzParseFaults(f *testing.F) {
	for _, s := range []string{"5%,2s", "0.01,1ms", "1e-9%,0s", "NaN%,1s", "5s,2s", "-5s,2s", "9223372036854775807ns,1ns", "100%,-1s", ",", "%"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if s, err := ParseSlowBody(text); err == nil && !(s.Share >= 0 && s.Share <= 1) || err != nil && !strings.Contains(err.Error(), "expected SHARE,TIME") {
			t.Fatalf("%q: %+v, %v", text, s, err)
		}
		if s, err := ParseStall(text); err != nil && !strings.Contains(err.Error(), "expected AT,FOR") {
			t.Fatalf("%q: %+v, %v", text, s, err)
		}
		if n, err := ParsePools([]string{text}, nil); err == nil && len(n) != 1 {
			t.Fatalf("%q: %v", text, n)
		}
		var f Faults
		if err := f.Set(text); err == nil && f.Validate() != nil && f.Above == 0 {
			t.Fatalf("%q: %v", text, f.Validate())
		}
		latencies, err := ParseLatencies([]string{text}, map[string]Latency{}, []string{"Full", "Lite"})
		if err != nil && (len(err.Error()) > 2000 || !utf8.ValidString(err.Error())) {
			t.Fatalf("%q: %q, %v", text, err, latencies)
		}
	})
}
