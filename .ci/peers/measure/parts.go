package main

import (
	"fmt"
	"slices"
	"strings"
)

// part is what can be measured alone.
type part struct {
	name    string
	measure func(b *bench) []*table
}

func parts() []part {
	return []part{
		{"closed", func(b *bench) []*table { return []*table{b.closedLoop(b.settings.turns, false)} }},
		{"open", func(b *bench) []*table {
			return []*table{b.openLoop(b.settings.turns, 1000, false), b.openLoop(b.settings.turns, 5000, false), b.openLoop(b.turnsAt10k, 10_000, false)}
		}},
		{"highest", func(b *bench) []*table { return []*table{b.highest()} }},
		{"cores", func(b *bench) []*table { return []*table{b.twoCores()} }},
		{"tls", func(b *bench) []*table {
			return []*table{b.openLoop(b.fewTurns, 1000, true), b.openLoop(b.fewTurns, 5000, true), b.closedLoop(b.fewTurns, true)}
		}},
		{"freeze", func(b *bench) []*table { return []*table{b.freezing()} }},
		{"volume", func(b *bench) []*table {
			sending, reporting := b.volume(b.closedLoop(1, false))
			return []*table{sending, reporting}
		}},
	}
}

func partNames() (names []string) {
	for _, p := range parts() {
		names = append(names, p.name)
	}
	return names
}

// tables measures the named parts, or all.
func (b *bench) tables(only string) (tables []*table, err error) {
	wanted := partNames()
	if only != "" {
		wanted = strings.Split(only, ",")
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
