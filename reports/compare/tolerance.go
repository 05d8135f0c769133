package compare

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/kaizenautomation/andon/reports/text"
)

// Tolerances are by how much figures may become worse, by their names. Those that are named are declared.
type Tolerances map[string]float64

// figure is what can be declared.
type figure struct {
	name, unit string
	// tolerance is how much worse it may become where nothing else is said; 0 where it is not declared by itself.
	tolerance float64
	// falls says that less is worse.
	falls bool
}

// figures are all that can be declared: times by tier, the rest of all calls.
func figures() []figure {
	return []figure{
		{name: "p50", unit: Seconds, tolerance: 0.1}, {name: "p90", unit: Seconds}, {name: "p99", unit: Seconds, tolerance: 0.1},
		{name: "errors", unit: Share, tolerance: 0.005}, {name: "violations", unit: Share, tolerance: 0.005},
		{name: "shed", unit: Share}, {name: "failed", unit: Share},
		{name: "goodput", unit: PerSecond, falls: true}, {name: "completion", unit: Share, falls: true},
	}
}

// figureNames are their names.
func figureNames() (names []string) {
	for _, f := range figures() {
		names = append(names, f.name)
	}
	return names
}

// ParseTolerances reads a list such as p99=10%,errors=0.5pp: times and rates may become worse by a percentage, shares
// by percentage points. All that is wrong with it is said at once.
func ParseTolerances(list string) (Tolerances, error) {
	t := Tolerances{}
	var wrong []error
	for one := range strings.SplitSeq(list, ",") {
		one = strings.TrimSpace(one)
		said := text.Printable(one, 60)
		name, value, found := strings.Cut(one, "=")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		i := slices.IndexFunc(figures(), func(f figure) bool { return f.name == name })
		_, twice := t[name]
		switch {
		case !found:
			wrong = append(wrong, fmt.Errorf("%q: expected a figure and how much worse it may become, such as p99=10%% or errors=0.5pp", said))
			continue
		case i < 0:
			wrong = append(wrong, fmt.Errorf("%q: unknown figure %q; %s", said, text.Printable(name, 40),
				text.Suggest(name, figureNames(), "the figures are "+strings.Join(figureNames(), ", "))))
			continue
		case twice:
			wrong = append(wrong, fmt.Errorf("%q: %s is there twice", said, name))
			continue
		}
		v, err := parseTolerance(figures()[i], value)
		if err != nil {
			wrong = append(wrong, fmt.Errorf("%q: %w", said, err))
		}
		t[name] = v
	}
	return t, errors.Join(wrong...)
}

// parseTolerance reads how much worse a figure may become.
func parseTolerance(f figure, value string) (float64, error) {
	unit, example := "%", "10%"
	if f.unit == Share {
		unit, example = "pp", "0.5pp"
	}
	number, found := strings.CutSuffix(value, unit)
	v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	most := 1000.0
	if f.unit == Share || f.falls {
		most = 99
	}
	switch {
	case !found && f.unit == Share:
		return 0, fmt.Errorf("%s is a share, which becomes worse by percentage points; expected one such as %s", f.name, example)
	case !found:
		return 0, fmt.Errorf("%s becomes worse by a percentage; expected one such as %s", f.name, example)
	case err != nil || math.IsNaN(v):
		return 0, fmt.Errorf("expected a number before %s, such as %s", unit, example)
	case v < 0.001 || v > most:
		return 0, fmt.Errorf("expected from 0.001%s to %g%s", unit, most, unit)
	}
	return v / 100, nil
}
