package attack

import (
	"strconv"
	"testing"
)

func BenchmarkIDs(b *testing.B) {
	for _, n := range []int{100_000, 1_000_000, 3_000_000} {
		list := make([]string, n)
		for i := range list {
			list[i] = "e-" + strconv.Itoa(i)
		}
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			b.ReportAllocs()
			cpu := processTime()
			for b.Loop() {
				s := newIDs()
				for _, id := range list {
					s.add(id)
				}
			}
			b.ReportMetric(float64(processTime()-cpu)/float64(b.N)/float64(n), "ns/id")
		})
	}
}
