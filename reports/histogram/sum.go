package histogram

import (
	"math"
	"math/bits"
)

// Sum is a sum that does not wrap: 2^64 nanoseconds are no more than 2^32 calls of 4 seconds. The zero value is 0.
type Sum struct{ High, Low uint64 }

// Add adds v.
func (s *Sum) Add(v uint64) {
	var carry uint64
	s.Low, carry = bits.Add64(s.Low, v, 0)
	s.High += carry
}

// Merge adds another sum.
func (s *Sum) Merge(o Sum) {
	var carry uint64
	s.Low, carry = bits.Add64(s.Low, o.Low, 0)
	s.High += o.High + carry
}

// Float is the sum as the nearest number of that kind, or one of the two nearest.
func (s Sum) Float() float64 { return math.Ldexp(float64(s.High), 64) + float64(s.Low) }
