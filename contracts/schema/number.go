package schema

import "math/big"

// multipleAt is the multiple of what a schema asks for that is next to a number, at or above the least one; empty where
// it asks for none.
func multipleAt(s *Node, near float64, least *big.Rat) string {
	of, n := rational(s.At("multipleOf")), new(big.Rat).SetFloat64(near)
	if of == nil || of.Sign() <= 0 || n == nil {
		return ""
	}
	// floor is the multiple of the greatest whole number that is not above a number of times.
	floor := func(times *big.Rat) *big.Rat {
		whole := new(big.Int).Div(times.Num(), times.Denom())
		return new(big.Rat).Mul(new(big.Rat).SetInt(whole), of)
	}
	at := floor(new(big.Rat).Quo(n, of))
	if least != nil && at.Cmp(least) < 0 {
		up := floor(new(big.Rat).Quo(new(big.Rat).Neg(least), of))
		at = up.Neg(up)
	}
	return exactly(at)
}

// leastOf is the least number that a schema admits, as exactly as it says it; lo is about that.
func leastOf(s *Node, lo float64) *big.Rat {
	if least := rational(s.At("minimum")); least != nil && s.At("exclusiveMinimum") == nil {
		return least
	}
	return new(big.Rat).SetFloat64(lo)
}
