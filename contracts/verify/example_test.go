package verify_test

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/kaizenautomation/andon"
	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/credentials"
	"github.com/kaizenautomation/andon/contracts/provider"
	"github.com/kaizenautomation/andon/contracts/verify"
)

// The reference provider is held against the description that it was made of. How many calls that takes, and how many
// runs they start, is known before the first one is sent.
func ExamplePrepare() {
	d, err := contracts.Load("openapi.yaml", andon.Spec)
	if err != nil {
		panic(err)
	}
	handler, err := provider.New(d, provider.Config{Token: "tok-example"})
	if err != nil {
		panic(err)
	}
	target, stop, err := provider.Start(handler)
	if err != nil {
		panic(err)
	}
	defer stop()

	plan, err := verify.Prepare(context.Background(), verify.Config{
		Description: d, Target: target, Credentials: credentials.Bearer("tok-example"), Timeout: 10 * time.Second, Engine: verify.ByDescription,
	})
	if err != nil {
		panic(err)
	}
	fmt.Println("more than 150 calls:", plan.Planned > 150)
	fmt.Println("some of them start a run:", 0 < plan.MustStart && plan.MustStart < plan.Planned)

	v := plan.Run(context.Background())
	fmt.Println("all calls judged:", len(v.Checks) == plan.Planned)
	fmt.Println(v.Verdict.Status, v.Verdict.ExitCode)
	// Output:
	// more than 150 calls: true
	// some of them start a run: true
	// all calls judged: true
	// pass 0
}

// A tier that goes away breaks those who ask for it.
func ExampleCompare() {
	newer, err := contracts.Load("openapi.yaml", andon.Spec)
	if err != nil {
		panic(err)
	}
	more := bytes.Replace(andon.Spec, []byte("enum: [Full, Lite]"), []byte("enum: [Full, Lite, Nano]"), 1)
	older, err := contracts.Load("yesterday.yaml", more)
	if err != nil {
		panic(err)
	}
	v, changes, err := verify.Compare(older, newer, "yesterday.yaml → openapi.yaml")
	if err != nil {
		panic(err)
	}
	fmt.Println(verify.Breaking(changes), "breaks callers:", changes[0].ID)
	fmt.Println("forbidden is now", changes[0].Value)
	fmt.Println(v.Verdict.Status, v.Verdict.ExitCode)
	// Output:
	// 1 breaks callers: request-property-enum-value-removed
	// forbidden is now {"kaizenVersion":"Nano"}
	// fail 1
}
