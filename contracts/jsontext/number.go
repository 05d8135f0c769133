package jsontext

import (
	"cmp"
	"encoding/json"
	"math"
	"math/big"
	"strconv"
	"strings"
)

// exact is the number that a text writes: a float64 or a json.Number.
func exact(text string, whole bool) any {
	f, err := strconv.ParseFloat(text, 64)
	mantissa := text[:cmp.Or(max(strings.IndexAny(text, "eE"), 0), len(text))]
	switch {
	case err != nil:
		return math.Copysign(math.MaxFloat64, f)
	case f == 0 && strings.Trim(mantissa, "-0.") != "":
		return math.Copysign(math.SmallestNonzeroFloat64, f)
	case whole && math.Abs(f) >= 1<<53:
		if strings.TrimPrefix(text, "-") == "9007199254740992" {
			return f
		}
		return json.Number(text)
	case len(mantissa) <= sureDigits && math.Abs(f) >= smallestNormal, f == 0:
		return f
	}
	digits, power := significant(text)
	if short, at := significant(strconv.FormatFloat(f, 'e', -1, 64)); digits == short && power == at {
		return f
	}
	if len(digits) > manyDigits {
		// More digits than any bound has: that there are more decides, and not which.
		power += len(digits) - manyDigits - 1
		text = digits[:manyDigits] + "1e" + strconv.Itoa(power)
		if f < 0 {
			text = "-" + text
		}
	}
	return json.Number(text)
}

const (
	// sureDigits are as many as every float64 keeps, but for the smallest ones.
	sureDigits     = 15
	smallestNormal = 0x1p-1022
	manyDigits     = 800
)

// significant gives the digits of a number other than 0, from the first to the last one that is not 0, and the power
// of ten by which they count.
func significant(text string) (digits string, power int) {
	text = strings.TrimPrefix(text, "-")
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		// A float64 holds the number, so that its exponent is no longer than its digits account for.
		power, _ = strconv.Atoi(text[i+1:])
		text = text[:i]
	}
	before, after, _ := strings.Cut(text, ".")
	digits = strings.TrimLeft(before+after, "0")
	short := strings.TrimRight(digits, "0")
	return short, power - len(after) + len(digits) - len(short)
}

// Whole reports whether a number that [Decode] left as it was written is an integer.
func Whole(n json.Number) bool {
	r, ok := new(big.Rat).SetString(string(n))
	return ok && r.IsInt()
}

// Rounded reports whether a float64 does not hold a number that [Decode] left as it was written.
func Rounded(n json.Number) bool {
	f, err := n.Float64()
	r, ok := new(big.Rat).SetString(string(n))
	return err != nil || !ok || new(big.Rat).SetFloat64(f).Cmp(r) != 0
}
