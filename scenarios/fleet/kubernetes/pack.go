package kubernetes

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/kaizenautomation/andon/scenarios"
)

// DescriptionFile is the name of the description among the files of a plan.
const DescriptionFile = "openapi.yaml"

// Pack gives the files of a plan, and which of them is the scenario. It fails where the files alone make another plan:
// a pod has neither the variables of this environment, nor what lies beside the folder of the scenario, nor the columns
// with secrets.
func Pack(p *scenarios.Plan) (files map[string][]byte, scenario string, err error) {
	scenario = p.Name + ".yaml"
	if scenario == DescriptionFile {
		scenario = "scenario.yaml"
	}
	files = map[string][]byte{scenario: p.Source, DescriptionFile: p.Description().Source()}
	for name, data := range p.Feeders {
		if files[name] != nil {
			return nil, "", fmt.Errorf("the file of data %s has the name of the scenario or of the description; give it another one", name)
		}
		files[name] = data
	}
	folder, err := os.MkdirTemp("", "andon-plan-")
	if err != nil {
		return nil, "", fmt.Errorf("the plan cannot be tried out as a pod reads it: %w", err)
	}
	defer os.RemoveAll(folder)
	return files, scenario, tryOut(p, folder, scenario, files)
}

// tryOut reads the files as a pod does.
func tryOut(p *scenarios.Plan, folder, scenario string, files map[string][]byte) error {
	for name, data := range files {
		file := filepath.Join(folder, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, data, 0o600)); err != nil {
			return fmt.Errorf("the plan cannot be tried out as a pod reads it: %w", err)
		}
	}
	const advice = "a pod has neither the variables of this environment, nor files from beside the folder of the scenario, nor columns with secrets"
	d, err := p.Description().Choice().Load(DescriptionFile, files[DescriptionFile])
	if err != nil {
		return fmt.Errorf("%s: the description is not to be read from one file: %w", advice, err)
	}
	s, err := scenarios.Parse(filepath.Join(folder, scenario), files[scenario], d, func(string) (string, bool) { return "", false })
	if err != nil {
		return fmt.Errorf("%s: %w", advice, err)
	}
	if s.Digest() != p.Scenario.Digest() {
		return fmt.Errorf("the scenario takes values from variables of this environment, which pods do not have: write them into %s", scenario)
	}
	return nil
}

// Lasts is how long a plan may take, from its first call to the last answer that is waited for.
func Lasts(p *scenarios.Plan) time.Duration {
	lasts := time.Duration(p.Seconds*float64(time.Second)) + 2*p.Limits.Timeout
	if p.Following != nil {
		lasts += p.Following.For
	}
	return lasts
}
