package targets

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

func capped(t testing.TB, runs uint64, cost float64) Target {
	t.Helper()
	u, err := url.Parse("https://staging.example.com")
	if err != nil {
		t.Fatal(err)
	}
	return Target{Name: "staging", URL: u, Caps: Caps{RunsPerDay: runs, CostPerDay: cost}, Cost: Cost{Unit: "EUR", Prices: map[string]float64{"Full": 2, "Lite": 0.5}}}
}

// What is reserved counts as spent until it is settled, and for good where it never is. Each day begins anew.
func TestLedger(t *testing.T) {
	l := Ledger{Dir: filepath.Join(t.TempDir(), "ledger")}
	target := capped(t, 100, 0)
	first, err := l.Reserve(target, noon, "a", Runs{"Full": 60, "Lite": 10})
	if err != nil {
		t.Fatal(err)
	}
	var spent *SpentError
	if _, err = l.Reserve(target, noon, "b", Runs{"Lite": 31}); !errors.As(err, &spent) || !strings.Contains(err.Error(), "70 are spent or reserved today") || !strings.Contains(err.Error(), "31 are planned") {
		t.Errorf("31 more: %v", err)
	}
	if err := first.Settle(noon, Runs{"Full": 20}); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Reserve(target, noon, "killed", Runs{"Full": 80}); err != nil {
		t.Errorf("what is settled gives back what was not started: %v", err)
	}
	if _, err = l.Reserve(target, noon, "c", Runs{"Lite": 1}); !errors.As(err, &spent) {
		t.Errorf("what was never settled is given back: %v", err)
	}
	if runs, cost, err := l.Spent(target, noon); err != nil || runs.Total() != 100 || cost != 200 {
		t.Errorf("%v, %v, %v", runs, cost, err)
	}
	if _, err := l.Reserve(target, noon.Add(12*time.Hour), "d", Runs{"Lite": 100}); err != nil {
		t.Errorf("the next day: %v", err)
	}
	// It is one ledger for whatever stands for one host.
	alias := target
	alias.Name, alias.Caps, alias.URL = "other", Caps{RunsPerDay: 101}, &url.URL{Scheme: "https", Host: "STAGING.example.com.:443"}
	if _, err = l.Reserve(alias, noon, "e", Runs{"Lite": 2}); !errors.As(err, &spent) {
		t.Errorf("by another name: %v", err)
	}
	// Nothing that was written is ever taken back.
	data, err := os.ReadFile(l.file(target, noon))
	if err != nil || strings.Count(string(data), "\n") != 3 {
		t.Errorf("%q, %v", data, err)
	}
}

func TestLedgerOfCost(t *testing.T) {
	l := Ledger{Dir: t.TempDir()}
	target := capped(t, 0, 10)
	if _, err := l.Reserve(target, noon, "a", Runs{"Full": 4, "": 1}); err != nil {
		t.Error(err)
	}
	if _, err := l.Reserve(target, noon, "b", Runs{"Lite": 1}); err == nil || !strings.Contains(err.Error(), "0.50 EUR are planned") {
		t.Error(err)
	}
}

// Many processes at once never have more than the cap together, and lose no entry of each other.
func TestLedgerOfManyProcesses(t *testing.T) {
	if dir := os.Getenv("ANDON_TEST_LEDGER"); dir != "" {
		taken := 0
		for range 5 {
			r, err := (Ledger{Dir: dir}).Reserve(capped(t, 100, 0), noon, "p", Runs{"Lite": 7})
			var spent *SpentError
			switch {
			case errors.As(err, &spent):
			case err != nil:
				t.Fatal(err)
			default:
				taken++
				if taken == 2 {
					err = r.Settle(noon, Runs{"Lite": 7})
				}
				if err != nil {
					t.Fatal(err)
				}
			}
		}
		fmt.Printf("taken %d\n", taken)
		return
	}
	dir := t.TempDir()
	var all sync.WaitGroup
	var mu sync.Mutex
	total := 0
	for range 6 {
		all.Go(func() {
			cmd := exec.Command(os.Args[0], "-test.run=^TestLedgerOfManyProcesses$")
			cmd.Env = append(os.Environ(), "ANDON_TEST_LEDGER="+dir)
			out, err := cmd.CombinedOutput()
			var taken int
			_, found, _ := strings.Cut(string(out), "taken ")
			if _, scanned := fmt.Sscan(found, &taken); err != nil || scanned != nil {
				t.Errorf("%v, %v: %s", err, scanned, out)
			}
			mu.Lock()
			defer mu.Unlock()
			total += taken
		})
	}
	all.Wait()
	// 14 times 7 is 98.
	if runs, _, err := (Ledger{Dir: dir}).Spent(capped(t, 0, 0), noon); err != nil || runs.Total() != 98 || total != 14 {
		t.Errorf("%d reservations were had, %v spent, %v", total, runs, err)
	}
}

// What is not known to be spent is not spent again: a file that says nothing is refused.
func TestDamagedLedger(t *testing.T) {
	l := Ledger{Dir: t.TempDir()}
	target := capped(t, 100, 0)
	const one = `{"id":"a","at":"2026-11-26T12:00:00Z","runs":{"Full":3}}` + "\n"
	const settled = `{"id":"a","at":"2026-11-26T12:00:00Z","settled":true,"runs":{"Full":1}}` + "\n"
	for _, c := range []struct{ text, want string }{
		{one, ""}, {one + settled, ""}, {"", ""},
		{one + "x\n", ":2:1: the ledger is damaged"}, {one[:20], ":1:1: the ledger is damaged"}, {one + one, ":2:1: the ledger is damaged"}, {settled, ":1:1: the ledger is damaged"},
		{one + settled + settled, ":3:1: the ledger is damaged"}, {strings.TrimSuffix(one, "\n"), ":1:1: the ledger is damaged"}, {`{"id":"a","runs":null}` + "\n", ":1:1: "},
		{`{"id":"a","runs":{"Full":-3}}` + "\n", ":1:1: "}, {`{"id":"a","runs":{},"cost":-3}` + "\n", ":1:1: "},
	} {
		if err := os.WriteFile(l.file(target, noon), []byte(c.text), 0o666); err != nil {
			t.Fatal(err)
		}
		_, err := l.Reserve(target, noon, "b", Runs{"Lite": 1})
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v", c.text, err)
		}
	}
}

// However it is reserved and settled, what is spent is what was settled, and what was reserved and was not.
func TestLedgerAddsUp(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		l := Ledger{Dir: filepath.Join(dir, rapid.StringMatching(`[a-z]{12}`).Draw(t, "dir"))}
		target := Target{URL: &url.URL{Scheme: "http", Host: "x.example"}, Caps: Caps{RunsPerDay: 50}}
		var want uint64
		for range rapid.IntRange(1, 8).Draw(t, "gates") {
			n := rapid.Uint64Range(0, 30).Draw(t, "planned")
			r, err := l.Reserve(target, noon, "g", Runs{"Full": n})
			if fits := want+n <= 50; (err == nil) != fits {
				t.Fatalf("%d spent, %d more: %v", want, n, err)
			}
			if err != nil {
				continue
			}
			if rapid.Bool().Draw(t, "settled") {
				n = rapid.Uint64Range(0, n).Draw(t, "started")
				if err := r.Settle(noon, Runs{"Full": n}); err != nil {
					t.Fatal(err)
				}
			}
			want += n
		}
		if got, _, err := l.Spent(target, noon); err != nil || got.Total() != want {
			t.Fatalf("%v spent, want %d, %v", got, want, err)
		}
	})
}

func FuzzLedger(f *testing.F) {
	f.Add([]byte(`{"id":"a","at":"2026-11-26T12:00:00Z","runs":{"Full":3},"cost":6}` + "\n"))
	f.Add([]byte("{}\n\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if runs, cost, err := sum("ledger", data); err == nil && (runs == nil || !(cost >= 0)) {
			t.Fatalf("%v, %v", runs, cost)
		}
	})
}
