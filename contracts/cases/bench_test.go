package cases

import "testing"

func BenchmarkDerive(b *testing.B) {
	d := loaded(b)
	for b.Loop() {
		if list, _ := Derive(d); len(list) == 0 {
			b.Fatal("there are no cases")
		}
	}
}
