package jsontext

import (
	"encoding/json"
	"fmt"
	"math/big"
	"regexp"
	"strconv"
	"strings"
)

// What YAML 1.2's core schema takes for a number (section 10.3.2), apart from infinity and "not a number".
var (
	wholeNumber = regexp.MustCompile(`^([-+]?)0*([0-9]+)$`)
	otherBase   = regexp.MustCompile(`^0(?:o[0-7]+|x[0-9a-fA-F]+)$`)
	floatNumber = regexp.MustCompile(`^([-+]?)0*([0-9]*)(?:\.([0-9]*))?((?:[eE][-+]?[0-9]+)?)$`)
	notFinite   = regexp.MustCompile(`^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$`)
)

// Plain is what a scalar of YAML means that stands there without quotes: nil, a bool, a [json.Number] with the digits
// as they were written, or else the text itself. It goes by YAML 1.2's core schema. The rules of YAML 1.1, which most
// libraries still have, would make 0777 another number, 1_000 a number, and yes a boolean. The error is of a number
// that JSON does not have or that no reader can hold.
func Plain(text string) (any, error) {
	switch text {
	case "", "~", "null", "Null", "NULL":
		return nil, nil
	case "true", "True", "TRUE":
		return true, nil
	case "false", "False", "FALSE":
		return false, nil
	}
	if !strings.ContainsAny(text[:1], "+-.0123456789") {
		return text, nil
	}
	if notFinite.MatchString(text) {
		return nil, fmt.Errorf("%s is no number that JSON has; in quotes it is a text", text)
	}
	number := ""
	shown := text
	if len(text) > 40 {
		shown = text[:40] + "…"
	}
	tooLarge := fmt.Errorf("%s is a number too large for most that read it; in quotes it is a text", shown)
	if m := wholeNumber.FindStringSubmatch(text); m != nil {
		number = strings.TrimPrefix(m[1], "+") + m[2]
	} else if otherBase.MatchString(text) {
		if len(text) > 300 {
			return nil, tooLarge
		}
		n, _ := new(big.Int).SetString(text, 0)
		number = n.String()
	} else if m := floatNumber.FindStringSubmatch(text); m != nil && strings.ContainsAny(strings.TrimSuffix(text, m[4]), "0123456789") {
		if m[2] == "" {
			m[2] = "0"
		}
		if m[3] != "" {
			m[3] = "." + m[3]
		}
		number = strings.TrimPrefix(m[1], "+") + m[2] + m[3] + m[4]
	} else {
		return text, nil
	}
	if _, err := strconv.ParseFloat(number, 64); err != nil {
		return nil, tooLarge
	}
	return json.Number(number), nil
}
