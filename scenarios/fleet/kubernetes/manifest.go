// Package kubernetes writes down a run on many machines for Kubernetes.
//
//  1. [Pack] takes the files of a plan together, and refuses a plan that would be another one in a pod.
//  2. A [Manifest] says which run it is. [Manifest.Check] tells everything that Kubernetes would not take, or that
//     could not work there.
//  3. [Manifest.YAML] gives the documents: the plan's files, the hub with its service and its disk, the workers, and
//     who may speak with whom. The same manifest gives the same bytes.
//
// Nothing here speaks with a cluster, and no secret is known here: documents name the Secrets that pods read. The one
// document with secrets in it is that of [Secret].
package kubernetes

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/kaizenautomation/andon/reports/text"
)

// Where pods find what they need, for the command lines of a [Manifest].
const (
	// Plan is the folder with the plan's files.
	Plan = "/plan"
	// Disk is the folder that can be written: the hub's lasts, a worker's goes with its pod.
	Disk = "/run/andon"
	// Port is where the hub listens.
	Port = 4222
)

// What the entries of the Secret are called, which are variables of the pods' environment.
const (
	// Join is how to reach the hub, and what to believe there.
	Join = "ANDON_JOIN"
	// HubKey is by what the hub is known; the hub alone has it.
	HubKey = "ANDON_HUB_KEY"
)

// Manifest is a run for Kubernetes.
type Manifest struct {
	// Head is a comment before the first document, line by line.
	Head []string
	// Name begins the names of all that there is of the run.
	Name string
	// Namespace is where it is; empty where that is left to whoever applies the documents.
	Namespace string
	// Image has andon as its entry point.
	Image string
	// Workers is the number of workers, each of which sends one shard of the plan.
	Workers int
	// Hub and Worker are the command lines of the two, without the entry point.
	Hub, Worker []string
	// Files are those of the plan, by their names in the folder [Plan].
	Files map[string][]byte
	// Target is where the calls go, and Networks where its addresses are; without any, all addresses are allowed on its
	// port, unless it is an address itself.
	Target   *url.URL
	Networks []netip.Prefix
	// Environment names a Secret whose entries become variables of the workers: what calls carry. It may be empty.
	Environment string
	// Cores and Memory are what a worker has for itself; the memory is a quantity such as 1Gi.
	Cores  int
	Memory string
	// Calls is the most calls that the plan sends, and Lasts how long it may take, from the first call to the last answer.
	Calls uint64
	Lasts time.Duration
}

const (
	// A pod of a worker is NAME-worker-INDEX, which has to be a host's name.
	maxName    = 63 - len("-worker-") - len("9999")
	maxWorkers = 10_000
	// maxFiles is what Kubernetes takes in a ConfigMap.
	maxFiles = 1 << 20
	maxCores = 1024
)

// The patterns are compiled when they are first asked for, since every command would wait for them.
var (
	label  = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`) })
	memory = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[1-9][0-9]{0,5}(Mi|Gi)$`) })
)

// Check tells everything that is wrong with a manifest.
func (m Manifest) Check() error {
	found := m.checkNames()
	wrong := func(format string, args ...any) { found = append(found, fmt.Errorf(format, args...)) }
	switch {
	case m.Image == "":
		wrong("the image: expected the name of an image whose entry point is andon, found none")
	case strings.ContainsFunc(m.Image, func(r rune) bool { return r <= ' ' || r > '~' }) || len(m.Image) > 500:
		wrong("the image: expected the name of an image, found %q", text.Printable(m.Image, 80))
	}
	if m.Workers < 1 || m.Workers > maxWorkers {
		wrong("the workers: expected 1 to %d, found %d", maxWorkers, m.Workers)
	} else if m.Calls > 0 && uint64(m.Workers) > m.Calls {
		wrong("the workers: %d of them share %s, so that some have none; take fewer", m.Workers, text.Plural(m.Calls, "call"))
	}
	if m.Environment != "" && !isSubdomain(m.Environment) {
		wrong("the Secret of the environment: expected the name of a Secret, found %q", text.Printable(m.Environment, 80))
	}
	if m.Cores < 1 || m.Cores > maxCores {
		wrong("the cores of a worker: expected 1 to %d, found %d", maxCores, m.Cores)
	}
	if !memory().MatchString(m.Memory) {
		wrong("the memory of a worker: expected a number with Mi or Gi, such as 1Gi, found %q", text.Printable(m.Memory, 40))
	}
	if m.Lasts < 0 || m.Lasts > 365*24*time.Hour {
		wrong("the run may last %v; Kubernetes is told up to a year", m.Lasts)
	}
	for _, words := range [][]string{m.Hub, m.Worker, m.Head} {
		if !plain(words...) {
			wrong("a command line: expected words that can be printed, found %q", text.Printable(strings.Join(words, " "), 200))
		}
	}
	found = append(found, m.checkTarget()...)
	return errors.Join(append(found, m.checkFiles()...)...)
}

// plain reports whether words can be printed as they are, also where a runner of CI reads along.
func plain(words ...string) bool {
	return !slices.ContainsFunc(words, func(s string) bool { return text.Printable(s, len(s)+1) != s || text.Inert(s) != s })
}

func (m Manifest) checkNames() (found []error) {
	switch {
	case len(m.Name) > maxName:
		found = append(found, fmt.Errorf("the name of the run: expected at most %d characters, since pods are called after it, found %q", maxName, text.Printable(m.Name, 80)))
	case !label().MatchString(m.Name) || m.Name[0] < 'a':
		found = append(found, fmt.Errorf("the name of the run: expected small letters, digits and -, of which the first is a letter and the last no -, found %q", text.Printable(m.Name, 80)))
	}
	if m.Namespace != "" && (!label().MatchString(m.Namespace) || len(m.Namespace) > 63) {
		found = append(found, fmt.Errorf("the namespace: expected up to 63 small letters, digits and -, neither first nor last a -, found %q", text.Printable(m.Namespace, 80)))
	}
	return found
}

func (m Manifest) checkTarget() (found []error) {
	for _, n := range m.Networks {
		if !n.IsValid() || n != n.Masked() {
			found = append(found, fmt.Errorf("the networks of the target: expected one such as 10.1.0.0/16, with zeros behind its length, found %v", n))
		}
	}
	if m.Target == nil {
		return append(found, errors.New("the target: expected its URL, found none; pods have no provider of their own"))
	}
	host := m.Target.Hostname()
	address, err := netip.ParseAddr(host)
	if host == "localhost" || strings.HasSuffix(host, ".localhost") || err == nil && (address.IsLoopback() || address.IsUnspecified()) {
		found = append(found, fmt.Errorf("the target: %s is each pod itself; name the target as pods reach it", m.Target.Host))
	}
	if n, err := strconv.Atoi(portOf(m.Target)); err != nil || n < 1 || n > 65535 {
		found = append(found, fmt.Errorf("the target: expected a port from 1 to 65535, found %q", text.Printable(portOf(m.Target), 40)))
	}
	return found
}

// portOf is the port that is called.
func portOf(u *url.URL) string {
	if port := u.Port(); port != "" {
		return port
	}
	if u.Scheme == "http" {
		return "80"
	}
	return "443"
}

func (m Manifest) checkFiles() (found []error) {
	all, largest := 0, ""
	for _, name := range sorted(m.Files) {
		all += len(name) + len(m.Files[name])
		if largest == "" || len(m.Files[name]) > len(m.Files[largest]) {
			largest = name
		}
		if name == "" || strings.HasPrefix(name, "/") || strings.HasPrefix(name, "..") || slices.Contains(strings.Split(name, "/"), "..") || !plain(name) {
			found = append(found, fmt.Errorf("the file %q: expected a name below the folder of the scenario; copy it there", text.Printable(name, 80)))
		}
	}
	if all > maxFiles {
		found = append(found, fmt.Errorf("the files of the plan: expected at most %s, which is what a ConfigMap holds, found %s, of which %s has %s; leave rows and columns out that the scenario can do without",
			text.Bytes(maxFiles), text.Bytes(uint64(all)), text.Printable(largest, 80), text.Bytes(uint64(len(m.Files[largest])))))
	}
	return found
}

func sorted[T any](files map[string]T) []string { return slices.Sorted(maps.Keys(files)) }

// isSubdomain reports whether a text can be the name of an object.
func isSubdomain(name string) bool {
	return len(name) <= 253 && !slices.ContainsFunc(strings.Split(name, "."), func(part string) bool { return !label().MatchString(part) })
}

// HubAddress is where workers meet the hub of a run.
func HubAddress(name string) string { return name + "-hub:" + strconv.Itoa(Port) }

// NameOf makes a name for the run of a scenario.
func NameOf(scenario string) string {
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower("andon-"+scenario))
	return strings.TrimRight(name[:min(len(name), maxName)], "-")
}
