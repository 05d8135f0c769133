package trial_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/kaizenautomation/andon"
	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/scenarios"
	"github.com/kaizenautomation/andon/scenarios/trial"
)

// One trial against the reference provider, of a plan that was made in code.
func ExampleRun() {
	d, err := contracts.Load("openapi.yaml", andon.Spec)
	if err != nil {
		panic(err)
	}
	s, err := scenarios.New("try", d)
	if err != nil {
		panic(err)
	}
	s, err = s.WithLoad([]scenarios.Phase{{Shape: scenarios.Constant(100), For: 200 * time.Millisecond}}, scenarios.Even)
	if err != nil {
		panic(err)
	}
	plan, err := s.Plan(1)
	if err != nil {
		panic(err)
	}
	target, stop, err := trial.Embedded(plan, nil)
	if err != nil {
		panic(err)
	}
	defer stop()
	root, err := os.MkdirTemp("", "andon")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(root)

	result, err := trial.Run(context.Background(), nil, trial.Config{Plan: plan, Target: target, Embedded: true, Root: root})
	if err != nil {
		panic(err)
	}
	fmt.Println(result.Summary.Total.OK, "of", result.Summary.Total.Sent, "calls went well")
	// Output: 20 of 20 calls went well
}
