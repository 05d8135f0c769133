package scenarios

import (
	"fmt"
	"os"
	"testing"

	"github.com/kaizenautomation/andon"
	"github.com/kaizenautomation/andon/contracts"
)

func description(t testing.TB) *contracts.Description {
	t.Helper()
	d, err := contracts.Load("openapi.yaml", andon.Spec)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func noEnv(string) (string, bool) { return "", false }

func TestScratch(t *testing.T) {
	d := description(t)
	for _, f := range []string{"testdata/example.yaml", "smoke.yaml", "mixed.yaml", "tiers.yaml", "content-types.yaml", "ramp.yaml", "spike.yaml", "soak.yaml", "testdata/broken.yaml"} {
		data, _ := os.ReadFile(f)
		s, err := Parse(f, data, d, noEnv)
		if err != nil {
			fmt.Println(err)
			continue
		}
		p, err := s.Plan(7)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(s.Name, p.Hits, p.Seconds, p.PeakRate(), p.Due(p.Hits-1), p.Bytes(100))
		for _, ph := range s.Labels.Phases {
			fmt.Println("  ", ph)
		}
		b, c := p.AppendBody(nil, 5)
		fmt.Println(s.Labels.Classes[c].Name, string(b))
	}
}
