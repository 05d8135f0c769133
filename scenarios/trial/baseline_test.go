package trial

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/kaizenautomation/andon/reports/baseline"
	"github.com/kaizenautomation/andon/reports/compare"
	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/scenarios"
)

// Five runs of the everyday scenario are small enough to be kept beside it.
func TestBaselineIsSmall(t *testing.T) {
	source, there := scenarios.Open("mixed")
	if !there {
		t.Fatal("there is no mixed")
	}
	p := planned(t, string(source))
	path := filepath.Join(t.TempDir(), "mixed.baseline")
	for seed := range uint64(baseline.Enough) {
		q, err := p.Scenario.Plan(seed + 1)
		if err != nil {
			t.Fatal(err)
		}
		c := Config{Plan: q, Target: new(url.URL)}
		m := c.described(fmt.Sprint("run-", seed), time.Unix(int64(seed), 0), results.Generator{Transport: "HTTP/1.1"})
		m.Schema = "andon.run/2" // as it is in a directory
		r := compare.Measured{
			Manifest: m, End: results.End{Reason: results.Finished, Seconds: q.Seconds}, Validity: metrics.Valid,
			Whole: metrics.Of(m), Stretches: metrics.NewStretches(m.Labels),
		}
		rng := rand.New(rand.NewPCG(seed, 1))
		for n := range q.Calls {
			phase, _, _ := q.At(q.Due(n))
			row := results.Row{
				N: uint32(n), Phase: uint8(phase), Class: uint16(q.Class(n)), Status: 200, Due: q.Due(n), Lag: 1e-4,
				Service: float32(0.1 * math.Exp(0.4*rng.NormFloat64())), BytesIn: 120, BytesOut: 500,
			}
			if err := errors.Join(r.Whole.Add(row), r.Stretches.Add(row)); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := baseline.Add(path, []compare.Measured{r}); err != nil {
			t.Fatal(err)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Size() > 500_000 {
		t.Errorf("five runs of mixed take %d bytes, %v", info.Size(), err)
	}
	b, err := baseline.Open(path)
	if err != nil || b.Few() != "" || len(b.Runs) != baseline.Enough {
		t.Errorf("%v, %+v", err, b)
	}
	t.Logf("%d bytes", info.Size())
}
