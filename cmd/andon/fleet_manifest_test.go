package main

import (
	"net/url"
	"testing"

	"github.com/kaizenautomation/andon/contracts"
)

// What pods are told to run is what andon takes.
func TestFleetLines(t *testing.T) {
	f := manifestFlags{production: "a.example", seed: 7}
	f.to.Workers = 8
	hub, worker := fleetLines(&url.URL{Scheme: "https", Host: "a.example:8443"}, f, "peak.yaml", contracts.Choice{}, []string{"--release", "4f2c1e9"})
	for _, words := range [][]string{hub, worker} {
		if err := understood(words); err != nil {
			t.Errorf("%q: %v", words, err)
		}
	}
	for _, word := range append(hub, worker...) {
		if word == "" {
			t.Errorf("%q or %q has an empty word", hub, worker)
		}
	}
}
