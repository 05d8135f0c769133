// Package build says which andon this is.
package build

import (
	"regexp"
	"runtime/debug"
	"strings"
	"sync"
)

// What the linker of a release writes here: the version, the commit, and the time of the commit, which unlike that of
// the build is the same each time.
var tag, commit, date string

// unknown is the version of what was built of source that says none, as Go calls it.
const unknown = "(devel)"

// identity is what is known of a build.
type identity struct{ version, commit, date string }

var this = sync.OnceValue(func() identity {
	info, _ := debug.ReadBuildInfo()
	return identify(identity{tag, commit, date}, info)
})

// Name is the version with the commit and its day, where they are known, for records and reports: 1.2.3 (51a37183f0ab,
// 2026-11-26).
func Name() string { return this().name() }

// Agent is what servers are told in User-Agent. Each call carries it.
func Agent() string { return agent() }

var agent = sync.OnceValue(func() string { return this().agent() })

// Semantic is the version of a name, where it is a semantic one.
func Semantic(name string) string {
	version, _, _ := strings.Cut(name, " ")
	return release.FindString(version)
}

// identify gives what the linker stamped, or else what Go has recorded: the version of the module where it was
// installed as one, and the commit where it was built in a checkout.
func identify(stamped identity, info *debug.BuildInfo) identity {
	id := stamped
	if id.version == "" && info != nil {
		id = identity{version: info.Main.Version}
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				id.commit = s.Value
			case "vcs.time":
				id.date = s.Value
			}
		}
	}
	if id.version == "" {
		id.version = unknown
	}
	if numbered := strings.TrimPrefix(id.version, "v"); release.MatchString(numbered) {
		id.version = numbered
	}
	return id
}

// release is a semantic version, which is made of what may stand in User-Agent.
var release = regexp.MustCompile(`^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$`)

func (id identity) name() string {
	short := id.commit[:min(12, len(id.commit))]
	var rest []string
	// A version that Go made up of a commit names it.
	if short != "" && !strings.Contains(id.version, short) {
		rest = append(rest, short)
		if day, _, _ := strings.Cut(id.date, "T"); day != "" {
			rest = append(rest, day)
		}
	}
	if len(rest) == 0 {
		return id.version
	}
	return id.version + " (" + strings.Join(rest, ", ") + ")"
}

func (id identity) agent() string {
	if !release.MatchString(id.version) {
		return "andon/devel"
	}
	return "andon/" + id.version
}
