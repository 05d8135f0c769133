package targets

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/credentials"
	"github.com/kaizenautomation/andon/contracts/document"
	"github.com/kaizenautomation/andon/reports/regular"
	"github.com/kaizenautomation/andon/reports/text"
)

// maxFile is the most bytes of a file of targets.
const maxFile = 1 << 20

// File is a file of targets. The zero File has none.
type File struct {
	Path    string
	targets []Target
}

// Open reads a file of targets, by the tiers and the call of a description.
func Open(path string, d *contracts.Description) (File, error) {
	data, err := regular.Read(path, maxFile)
	if err != nil {
		return File{}, fmt.Errorf("the targets cannot be read: %w", err)
	}
	return Parse(path, data, d)
}

// Parse reads targets from YAML. The error is a [*document.InvalidError] that lists all that is wrong.
func Parse(file string, data []byte, d *contracts.Description) (File, error) {
	doc, root, ok := document.Parse(file, "a file of targets needs at least `targets:`", data, nil)
	if !ok {
		return File{}, doc.Err()
	}
	r := reader{file: File{Path: file}, d: d}
	if keys, ok := root.Object("a file of targets", "targets"); ok {
		if list, given := keys["targets"]; given {
			r.list(list)
		} else {
			root.Fail("expected the key targets: a name for each, with its url")
		}
	}
	if err := doc.Err(); err != nil {
		return File{}, err
	}
	return r.file, nil
}

// Names are those of all targets.
func (f File) Names() (names []string) {
	for _, t := range f.targets {
		names = append(names, t.Name)
	}
	return names
}

// Find finds the target that a word stands for: a name of the file, or a URL. The caps of a target of the file hold for
// its URL as well, and for all that lies on the same host and port, whichever path is called: where several do, it has
// to be named. A host that one target of the file calls production is that also on another port.
func (f File) Find(word string, operation contracts.Operation) (Target, error) {
	if !strings.Contains(word, "://") {
		for _, t := range f.targets {
			if t.Name == word {
				return t, nil
			}
		}
		said := text.Printable(word, 60)
		switch names := f.Names(); {
		case f.Path == "":
			return Target{}, fmt.Errorf("there is no file of targets in which %q could be a name; a URL begins with http:// or https://", said)
		default:
			return Target{}, fmt.Errorf("%s has no target %q; %s", f.Path, said, text.Suggest(word, names, "it has "+strings.Join(names, ", ")))
		}
	}
	u, err := operation.ParseTarget(word)
	if err != nil {
		return Target{}, err
	}
	return f.At(u)
}

// At is the target that a URL is of: see [File.Find].
func (f File) At(u *url.URL) (Target, error) {
	var found []Target
	t := Outside(u)
	for _, of := range f.targets {
		if host(of.URL) != host(u) {
			continue
		}
		t.Production = t.Production || of.Production
		if port(of.URL) == port(u) {
			found = append(found, of)
		}
	}
	switch len(found) {
	case 0:
		return t, nil
	case 1:
		found[0].URL = u
		return found[0], nil
	}
	var names []string
	for _, of := range found {
		names = append(names, of.Name)
	}
	return Target{}, fmt.Errorf("%s has several targets on %s, whose caps differ: name one of %s", f.Path, u.Host, strings.Join(names, ", "))
}

type reader struct {
	file File
	d    *contracts.Description
}

// aName is what a target may be called: one word, that can stand in the name of a file.
var aName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`) })

func (r *reader) list(v document.Value) {
	members, ok := v.Members("the targets by their names")
	if ok && len(members) == 0 {
		v.Fail("expected at least one target, found none")
	}
	for _, m := range members {
		if !aName().MatchString(m.Name) {
			m.Key.Fail("expected a name of letters, digits, -, _ and ., found %q", document.Clip(m.Name))
		}
		t := r.target(m.Name, m.Value)
		t.places.Note("", m.Key)
		r.file.targets = append(r.file.targets, t)
	}
	// One host is a production target on all its ports, or on none.
	for i, t := range r.file.targets {
		if t.URL == nil {
			continue
		}
		r.file.targets[i].Production = t.Production || isProduction(host(t.URL)) || slices.ContainsFunc(r.file.targets, func(o Target) bool {
			return o.URL != nil && o.Production && host(o.URL) == host(t.URL)
		})
	}
}

func (r *reader) target(name string, v document.Value) (t Target) {
	t.Name, t.places = name, document.Places{}
	keys, ok := v.Object("a target", "url", "token", "headers", "query", "user", "fixtures", "caps", "cost", "production")
	if !ok {
		return t
	}
	if u, given := keys["url"]; !given {
		v.Fail("expected url: the base URL of the target")
	} else if s, ok := u.Text("the base URL of the target"); ok {
		parsed, err := r.d.Operation().ParseTarget(s)
		if err != nil {
			u.Hide()
			u.Fail("%v", err)
		}
		t.URL = parsed
	}
	t.Asked = r.carried(v, keys)
	if f, given := keys["fixtures"]; given {
		if s, ok := f.Text("a file of fixtures"); ok && s != "" {
			t.Fixtures = r.path(s)
			t.places.Note("fixtures", f)
		}
	}
	if c, given := keys["cost"]; given {
		t.Cost = r.cost(c)
	}
	if c, given := keys["caps"]; given {
		t.Caps = r.caps(c, t.Cost)
	}
	if p, given := keys["production"]; given {
		t.Production = p.Boolean("production")
	}
	return t
}

// path is a file that the file of targets names, which is beside it.
func (r *reader) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(filepath.Dir(r.file.Path), name)
}

// carried reads what calls carry. Whatever is written there is shown in no problem: a secret may stand there by
// mistake.
func (r *reader) carried(v document.Value, keys map[string]document.Value) (a credentials.Asked) {
	for _, one := range []struct {
		key, what string
		to        *string
	}{{"token", "where the bearer token comes from, such as '{env:STAGING_TOKEN}'", &a.Bearer}, {"user", "a name and where its password comes from, such as 'ci:{env:PASSWORD}'", &a.User}} {
		if t, given := keys[one.key]; given {
			t.Hide()
			*one.to, _ = t.Text(one.what)
		}
	}
	for _, one := range []struct {
		key, what, between string
		to                 *[]string
	}{{"headers", "headers by their names", ": ", &a.Headers}, {"query", "parameters by their names", "=", &a.Query}} {
		t, given := keys[one.key]
		if !given {
			continue
		}
		t.Hide()
		members, _ := t.Members(one.what)
		for _, m := range members {
			if s, ok := m.Text("its value"); ok {
				*one.to = append(*one.to, m.Name+one.between+s)
			}
		}
	}
	if err := a.Check(); err != nil {
		v.Fail("what its calls carry: %s", strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	return a
}

func (r *reader) cost(v document.Value) (c Cost) {
	keys, ok := v.Object("the cost of a run", "unit", "tiers")
	if !ok {
		return c
	}
	if u, given := keys["unit"]; !given {
		v.Fail("expected unit: what the cost is counted in, such as EUR")
	} else if s, ok := u.Text("what the cost is counted in, such as EUR"); ok {
		if c.Unit = strings.TrimSpace(s); c.Unit == "" || len([]rune(c.Unit)) > 20 || text.Printable(c.Unit, 20) != c.Unit {
			u.Fail("expected a unit of 1 to 20 characters, such as EUR, found %q", document.Clip(s))
		}
	}
	tiers, given := keys["tiers"]
	if !given {
		v.Fail("expected tiers: what a run of each tier costs, such as {Full: 0.02, Lite: 0.004}")
		return c
	}
	known := append(slices.Clone(r.d.Tiers()), contracts.NoTier(r.d.Tiers()))
	members, ok := tiers.Members("what a run costs, by tier")
	if ok && len(members) == 0 {
		tiers.Fail("expected what a run of at least one tier costs, found none")
	}
	c.Prices = map[string]float64{}
	for _, m := range members {
		if !slices.Contains(known, m.Name) {
			m.Key.Fail("unknown tier %q; %s", document.Clip(m.Name), document.ExpectedOne(m.Name, known))
			continue
		}
		c.Prices[m.Name] = amount(m.Value, "what a run costs")
	}
	return c
}

// amount reads a number of at least 0.
func amount(v document.Value, what string) float64 {
	s, ok := v.Text(what + ", a number")
	if !ok {
		return 0
	}
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || !(n >= 0) || math.IsInf(n, 0) || n > 1e12 {
		v.Fail("expected %s, a number from 0 to 1e12, found %q", what, document.Clip(s))
		return 0
	}
	return n
}

func (r *reader) caps(v document.Value, cost Cost) (c Caps) {
	keys, _ := v.Object("the caps of a target", "rate", "inFlight", "runsPerGate", "runsPerDay", "costPerGate", "costPerDay")
	if k, given := keys["rate"]; given {
		c.Rate, _ = k.Rate("the highest rate")
	}
	if k, given := keys["inFlight"]; given {
		n, _ := k.Integer("the most calls in flight", 1, 1_000_000)
		c.InFlight = int(n)
	}
	for _, one := range []struct {
		key, what string
		to        *uint64
	}{{"runsPerGate", "the most runs of a gate", &c.RunsPerGate}, {"runsPerDay", "the most runs of a day", &c.RunsPerDay}} {
		if k, given := keys[one.key]; given {
			*one.to, _ = k.Integer(one.what, 1, 1_000_000_000)
		}
	}
	for _, one := range []struct {
		key, what string
		to        *float64
	}{{"costPerGate", "the most that a gate costs", &c.CostPerGate}, {"costPerDay", "the most that a day costs", &c.CostPerDay}} {
		k, given := keys[one.key]
		if !given {
			continue
		}
		if *one.to = amount(k, one.what); *one.to == 0 {
			k.Fail("expected %s, a number above 0", one.what)
		}
		if len(cost.Prices) == 0 {
			k.Fail("expected cost beside caps: what a run of each tier costs, or this caps nothing")
		}
	}
	return c
}

// beside is the file of targets that is read where none is named.
const beside = "targets.yaml"

// Resolve finds a target by a word, in the file of such a path or, where that is empty, in targets.yaml where there is
// one. Without a word there is none.
func Resolve(path, word string, d *contracts.Description) (f File, t *Target, err error) {
	if path != "" {
		f, err = Open(path, d)
	} else if f, err = Open(beside, d); errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if err != nil || word == "" {
		return f, nil, err
	}
	found, err := f.Find(word, d.Operation())
	return f, &found, err
}
