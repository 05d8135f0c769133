package cases_test

import (
	"fmt"

	"github.com/kaizenautomation/andon"
	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/cases"
)

func ExampleDerive() {
	d, err := contracts.Load("openapi.yaml", andon.Spec)
	if err != nil {
		fmt.Println(err)
		return
	}
	all, _ := cases.Derive(d)
	chosen, err := cases.Filter{Patterns: []string{"file.*"}, Tags: []string{"refused"}}.Choose(all)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range chosen[:3] {
		fmt.Printf("%s must be %s: %s\n", c.ID, c.Expect, c.Proves)
	}
	fmt.Printf("%s\n", chosen[0].Body)
	// Output:
	// file.missing-type.negative must be refused: without the required property type
	// file.type.null.negative must be refused: null instead of a string
	// file.type.boolean.negative must be refused: a boolean instead of a string
	// {"content":[{"id":"file_2c94e0"}]}
}
