package schema

import "math/big"

// rational is a number, exact; nil where there is none, or it has more digits than are worth writing.
func rational(n *Node) *big.Rat {
	if _, is := n.Number(); !is {
		return nil
	}
	text := string(n.AppendJSON(nil))
	if len(text) > 400 {
		return nil
	}
	r, ok := new(big.Rat).SetString(text)
	if !ok || r.Denom().BitLen() > 1200 {
		return nil
	}
	return r
}

// exactly is a number as JSON; empty where no decimal number is it.
func exactly(r *big.Rat) string {
	if r.IsInt() {
		return r.Num().String()
	}
	if digits, exact := r.FloatPrec(); exact {
		return r.FloatString(digits)
	}
	return ""
}
