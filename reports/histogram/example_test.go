package histogram_test

import (
	"bytes"
	"fmt"

	"github.com/kaizenautomation/andon/reports/histogram"
)

// Times that were recorded on two machines are merged, as exactly as if one had recorded all of them.
func Example() {
	var here, there, both histogram.Recorder
	for ms := range int64(1000) {
		of := &here
		if ms%3 == 0 {
			of = &there
		}
		of.Record(ms * 1e6)
		both.Record(ms * 1e6)
	}
	var working []byte
	sent, err := there.Pack(&working).AppendBinary(nil)
	if err != nil {
		panic(err)
	}
	var received histogram.Packed
	if err := received.UnmarshalBinary(sent); err != nil {
		panic(err)
	}
	scratch := histogram.NewScratch()
	scratch.AddRecorder(&here)
	scratch.AddPacked(received)
	merged, _ := scratch.Pack(&working).AppendBinary(nil)
	whole, _ := both.Pack(&working).AppendBinary(nil)
	d := scratch.Distribution()
	fmt.Printf("%d samples, p50 %.3f s, p99 %.3f s, the same bytes: %v\n",
		d.Samples(), *d.Percentile(50), *d.Percentile(99), bytes.Equal(merged, whole))
	// Output: 1000 samples, p50 0.499 s, p99 0.989 s, the same bytes: true
}

// A difference of percentiles comes with its uncertainty.
func ExampleDifference() {
	scratch := histogram.NewScratch()
	measured := func(base, spread int64) histogram.Distribution {
		scratch.Reset()
		for i := range int64(500) {
			scratch.Record(base + i*spread)
		}
		return scratch.Distribution()
	}
	before, after := measured(80e6, 20e3), measured(90e6, 20e3)
	i := histogram.Difference(before, after, 50)
	fmt.Printf("p50 is %.1f ms higher, apart from 0: %v\n", 1e3*(*after.Percentile(50)-*before.Percentile(50)), i.Low > 0)
	// Output: p50 is 10.0 ms higher, apart from 0: true
}
