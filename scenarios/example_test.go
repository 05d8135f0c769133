package scenarios_test

import (
	"fmt"
	"os"
	"time"

	"github.com/kaizenautomation/andon"
	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/scenarios"
)

// A file's scenario, as a plan: when each call is due and what it carries are known before one is sent.
func ExampleParse() {
	d, err := contracts.Load("openapi.yaml", andon.Spec)
	if err != nil {
		panic(err)
	}
	s, err := scenarios.Parse("peak.yaml", []byte(`
load: [{ramp: {from: 10/s, to: 30/s}, for: 10s}]
mix: {tier: {Lite: 1}, content: [{items: [text]}]}
data: {text: {template: "Sum up note {{seq}}."}}
`), d, os.LookupEnv)
	if err != nil {
		panic(err)
	}
	p, err := s.Plan(7)
	if err != nil {
		panic(err)
	}
	body, class := p.AppendBody(nil, 199)
	fmt.Printf("%d calls; the last is due after %s: %s\n%s\n", p.Calls, p.Due(199).Round(time.Millisecond), p.Labels.Classes[class].Name, body)
	// Output:
	// 200 calls; the last is due after 9.967s: text.Lite
	// {"content":[{"type":"text","text":"Sum up note 199."}],"kaizenVersion":"Lite"}
}

// The mix of a scenario at another rate, with random arrivals, as a search for the highest rate asks for one after the
// other.
func ExampleScenario_WithLoad() {
	d, err := contracts.Load("openapi.yaml", andon.Spec)
	if err != nil {
		panic(err)
	}
	s, err := scenarios.New("search", d)
	if err != nil {
		panic(err)
	}
	for _, rate := range []float64{50, 100} {
		at, err := s.WithLoad([]scenarios.Phase{
			{Shape: scenarios.Constant(rate), For: 5 * time.Second, Warmup: true},
			{Shape: scenarios.Constant(rate), For: time.Minute},
		}, scenarios.Poisson)
		if err != nil {
			panic(err)
		}
		p, err := at.Plan(1)
		if err != nil {
			panic(err)
		}
		fmt.Println(p.Labels.Phases[1].Shape, p.Calls, "calls")
	}
	fmt.Printf("%s", s.Source)
	// Output:
	// 50/s 3223 calls
	// 100/s 6492 calls
	// name: "search"
}
