package build

import (
	"runtime/debug"
	"testing"
)

func TestIdentify(t *testing.T) {
	const revision = "51a37183f0ab9d1e2c3b4a5968778695a4b3c2d1"
	recorded := func(version string, settings ...debug.BuildSetting) *debug.BuildInfo {
		return &debug.BuildInfo{Main: debug.Module{Version: version}, Settings: settings}
	}
	checkout := []debug.BuildSetting{{Key: "vcs.revision", Value: revision}, {Key: "vcs.time", Value: "2026-11-26T20:54:48Z"}}
	for name, test := range map[string]struct {
		stamped              identity
		info                 *debug.BuildInfo
		version, name, agent string
	}{
		"a release":               {identity{"v1.2.3", revision, "2026-11-26T20:54:48Z"}, recorded("(devel)"), "1.2.3", "1.2.3 (51a37183f0ab, 2026-11-26)", "andon/1.2.3"},
		"a release in a checkout": {identity{"1.2.3", revision, "2026-11-26T20:54:48Z"}, recorded("v9.9.9", checkout...), "1.2.3", "1.2.3 (51a37183f0ab, 2026-11-26)", "andon/1.2.3"},
		"a snapshot":              {identity{"1.2.4-snapshot.51a3718", "51a37183f0ab", "2026-11-26"}, nil, "1.2.4-snapshot.51a3718", "1.2.4-snapshot.51a3718 (51a37183f0ab, 2026-11-26)", "andon/1.2.4-snapshot.51a3718"},
		"a version alone":         {identity{version: "1.2.3"}, recorded("(devel)", checkout...), "1.2.3", "1.2.3", "andon/1.2.3"},
		"go install":              {identity{}, recorded("v1.2.3"), "1.2.3", "1.2.3", "andon/1.2.3"},
		"go install @main":        {identity{}, recorded("v0.0.0-20261126205448-51a37183f0ab"), "0.0.0-20261126205448-51a37183f0ab", "0.0.0-20261126205448-51a37183f0ab", "andon/0.0.0-20261126205448-51a37183f0ab"},
		"go build at a tag":       {identity{}, recorded("v1.2.3", checkout...), "1.2.3", "1.2.3 (51a37183f0ab, 2026-11-26)", "andon/1.2.3"},
		"go build, dirty": {identity{}, recorded("v1.2.4-0.20261126205448-51a37183f0ab+dirty", checkout...),
			"1.2.4-0.20261126205448-51a37183f0ab+dirty", "1.2.4-0.20261126205448-51a37183f0ab+dirty", "andon/1.2.4-0.20261126205448-51a37183f0ab+dirty"},
		"go build -buildvcs=false": {identity{}, recorded("(devel)"), "(devel)", "(devel)", "andon/devel"},
		"a tag that is no version": {identity{version: "nightly (or so)"}, nil, "nightly (or so)", "nightly (or so)", "andon/devel"},
		"nothing recorded":         {identity{}, nil, "(devel)", "(devel)", "andon/devel"},
	} {
		id := identify(test.stamped, test.info)
		if id.version != test.version || id.name() != test.name || id.agent() != test.agent {
			t.Errorf("%s: found %q, %q, %q; want %q, %q, %q", name, id.version, id.name(), id.agent(), test.version, test.name, test.agent)
		}
	}
}

func TestSemantic(t *testing.T) {
	for name, want := range map[string]string{
		"1.2.3 (51a37183f0ab, 2026-11-26)": "1.2.3", "1.2.3": "1.2.3", "1.2.4-snapshot.51a3718+dirty": "1.2.4-snapshot.51a3718+dirty",
		"(devel)": "", "v1.2.3": "", "1.2.3\n": "", "1.2": "", "": "",
	} {
		if found := Semantic(name); found != want {
			t.Errorf("%q: found %q, want %q", name, found, want)
		}
	}
}
