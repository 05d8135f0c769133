package schema

import (
	"encoding/json"
	"fmt"
	"math/big"

	"github.com/kaizenautomation/andon/contracts/jsontext"
)

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

// numberOf is a number as it is compared.
func numberOf(n json.Number) (any, error) {
	exact, bad := jsontext.Decode([]byte(n))
	if bad != nil {
		return nil, bad
	}
	if f, err := n.Float64(); err == nil && f == 0 && exact != f {
		return nil, fmt.Errorf("%.40s is a number too close to 0 for most that read it; in quotes it is a text", n)
	}
	return exact, nil
}
