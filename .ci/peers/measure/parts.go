package main

import (
	"fmt"
	"slices"
	"strings"
)

// part is what can be measured alone.
type part struct {
	name string
	// apart says that it is only measured where it is named, since it takes long.
	apart   bool
	measure func(b *bench) []*table
}

func parts() []part {
	return []part{
		{"closed", false, func(b *bench) []*table { return []*table{b.closedLoop(b.settings.turns, false)} }},
		{"open", false, func(b *bench) []*table {
			return []*table{b.openLoop(b.settings.turns, 1000, false), b.openLoop(b.settings.turns, 5000, false), b.openLoop(b.turnsAt10k, 10_000, false)}
		}},
		{"long", false, func(b *bench) []*table { return []*table{b.longLoop(1000)} }},
		{"highest", false, func(b *bench) []*table { return []*table{b.highest()} }},
		{"cores", false, func(b *bench) []*table { return []*table{b.twoCores()} }},
		{"tls", false, func(b *bench) []*table {
			return []*table{b.openLoop(b.fewTurns, 1000, true), b.openLoop(b.fewTurns, 5000, true), b.closedLoop(b.fewTurns, true)}
		}},
		{"freeze", false, func(b *bench) []*table { return []*table{b.freezing()} }},
		{"volume", false, func(b *bench) []*table {
			sending, reporting := b.volume(b.closedLoop(1, false))
			return []*table{sending, reporting}
		}},
		{"large", true, func(b *bench) []*table { return []*table{b.large()} }},
	}
}

func partNames() (names []string) {
	for _, p := range parts() {
		names = append(names, p.name)
	}
	return names
}

// tables measures the named parts, or all that are not apart.
func (b *bench) tables(only string) (tables []*table, err error) {
	wanted := strings.Split(only, ",")
	if only == "" {
		wanted = nil
		for _, p := range parts() {
			if !p.apart {
				wanted = append(wanted, p.name)
			}
		}
	}
	for _, name := range wanted {
		if !slices.Contains(partNames(), name) {
			return nil, fmt.Errorf("no part is called %q: expected some of %s", name, strings.Join(partNames(), ", "))
		}
	}
	for _, p := range parts() {
		if slices.Contains(wanted, p.name) {
			tables = append(tables, p.measure(b)...)
		}
	}
	return tables, nil
}
