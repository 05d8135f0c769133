package text_test

import (
	"fmt"

	"github.com/kaizenautomation/andon/reports/text"
)

func Example() {
	p50, p99 := 0.0128, 1.2345
	fmt.Println(text.Duration(&p50), text.Duration(&p99), text.Duration(nil))
	fmt.Println(text.Plural(2500, "call"), "at", text.Rate(99.84))
	fmt.Println(text.Change(&p99, &p50), text.DurationRange(-1.24, -1.2))
	fmt.Println(text.Share(99_999, 100_000), text.Counted(25, 8000))
	fmt.Println(text.Printable("\x1b[31mred\n", 40))
	// Output:
	// 12.8 ms 1.23 s –
	// 2,500 calls at 99.8/s
	// −1.22 s (−99 %) −1.24 to −1.20 s
	// >99.99 % 25 (0.31 %)
	// \x1b[31mred\n
}

func ExampleNearest() {
	tiers := []string{"Full", "Lite"}
	fmt.Printf("%q %q\n", text.Nearest("Lit", tiers), text.Nearest("Gold", tiers))
	// Output: "Lite" ""
}

func ExampleSuggest() {
	tiers := []string{"Full", "Lite"}
	fmt.Println(text.Suggest("Lit", tiers, "the tiers are Full and Lite"))
	fmt.Println(text.Suggest("Gold", tiers, "the tiers are Full and Lite"))
	// Output:
	// did you mean "Lite"? the tiers are Full and Lite
	// the tiers are Full and Lite
}
