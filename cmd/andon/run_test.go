package main

import (
	"net/url"
	"strings"
	"testing"

	"github.com/kaizenautomation/andon/scenarios/trial"
	"github.com/kaizenautomation/andon/scenarios/wire"
)

// Whoever is told that the target speaks another version of HTTP is told what to do about it.
func TestOtherVersionOfHTTP(t *testing.T) {
	err := notRun(&trial.UnreachableError{Target: &url.URL{Scheme: "http", Host: "a.test"}, Err: &wire.VersionError{Address: "a.test:80"}})
	if e, ok := err.(exit); !ok || e.code != noVerdict || !strings.Contains(err.Error(), "add --http2") {
		t.Errorf("%v", err)
	}
}
