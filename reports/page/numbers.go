package page

import (
	"math"
	"strconv"
)

// numbers are numbers of the page, written with four significant digits, which is one more than anything shows; NaN is
// "none".
type numbers []float64

// MarshalJSON keeps the page small: 640 points with all their digits would be half of it.
func (c numbers) MarshalJSON() ([]byte, error) {
	text := make([]byte, 0, 8*len(c)+2)
	text = append(text, '[')
	for i, v := range c {
		if i > 0 {
			text = append(text, ',')
		}
		if math.IsNaN(v) || math.IsInf(v, 0) {
			text = append(text, "null"...)
			continue
		}
		rounded, err := strconv.ParseFloat(strconv.FormatFloat(v, 'e', 3, 64), 64)
		if err != nil {
			return nil, err
		}
		if v == math.Trunc(v) && math.Abs(v) < 1e15 {
			rounded = v // counts and seconds stay as they are
		}
		text = strconv.AppendFloat(text, rounded, 'f', -1, 64)
	}
	return append(text, ']'), nil
}

// orNaN is the number, or "none" for what the samples cannot tell.
func orNaN(v *float64) float64 {
	if v == nil {
		return math.NaN()
	}
	return *v
}
