package main

import (
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/text"
)

// labelFlags say what a run is known by.
type labelFlags struct {
	list    []string
	release string
}

func (f *labelFlags) add(flags *pflag.FlagSet) {
	flags.StringArrayVar(&f.list, "label", nil, "`name=text` that the run is known by in every report; may be given up to 20 times")
	flags.StringVar(&f.release, "release", "", "`name` of what is deployed at the target; runs of two releases are never merged")
}

// labels reads the labels, and checks them and the release.
func (f *labelFlags) labels() (map[string]string, error) {
	labels := map[string]string{}
	for _, one := range f.list {
		name, label, found := strings.Cut(one, "=")
		if !found {
			return nil, fmt.Errorf("--label: expected name=text, found %q", text.Printable(one, 80))
		}
		if _, twice := labels[name]; twice {
			return nil, fmt.Errorf("--label: %q is given twice", text.Printable(name, 80))
		}
		labels[name] = label
	}
	if err := results.CheckRunLabels(labels, f.release); err != nil {
		return nil, fmt.Errorf("--label or --release: %w", err)
	}
	return labels, nil
}
