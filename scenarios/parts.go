package scenarios

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/kaizenautomation/andon/contracts/document"
	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
)

// fieldsOf are the fields of a struct, so that none which is added to it is forgotten.
func fieldsOf(name string, of any) (parts []results.Part) {
	v := reflect.ValueOf(of)
	for i := range v.NumField() {
		field := v.Type().Field(i).Name
		key := name + "." + strings.ToLower(field[:1]) + field[1:]
		parts = append(parts, results.Part{Name: key, Text: fmt.Sprint(v.Field(i).Interface())})
	}
	return parts
}

// said is the load in words.
func (l *load) said() string {
	var phases []string
	for _, p := range l.phases {
		said := fmt.Sprintf("%s: %s for %s", p.label.Name, p.label.Shape, spellSeconds(p.seconds))
		if p.label.Warmup {
			said += " (warm-up)"
		}
		phases = append(phases, said)
	}
	return strings.Join(phases, "; ")
}

func saidThresholds(list []metrics.Condition) string {
	var said []string
	for _, t := range list {
		one := t.String()
		if t.Abort {
			one += fmt.Sprintf(" (abort after %s)", spell(t.After))
		}
		said = append(said, one)
	}
	return strings.Join(said, "; ")
}

// parts are what the mix says, or what holds where it says nothing.
func (m *mix) parts() []results.Part {
	weighed := func(w weights, name func(int) string) string {
		var said []string
		before := 0.0
		for i, limit := range w {
			said = append(said, name(i)+" "+spellShare(limit-before))
			before = limit
		}
		return strings.Join(said, ", ")
	}
	parts := []results.Part{
		{Name: "mix.tier", Text: weighed(m.tierDraw, func(i int) string { return m.tierName(m.tiers[i]) })},
		{Name: "mix.content", Text: weighed(m.draw, func(i int) string { return m.contents[i].name })},
		{Name: "mix.invalid", Text: spellShare(m.invalid)},
	}
	for _, f := range m.fields {
		parts = append(parts, results.Part{Name: "mix." + f.name, Text: spellShare(f.share)})
	}
	return parts
}

// saidData says where the values of `data` come from, in the order of their names. files are those that it names, as
// they are kept.
func saidData(v document.Value, files map[string][]byte) (parts []results.Part) {
	members, _ := v.Members("the data")
	for _, m := range members {
		name, inner := "data."+m.Name, m.Value
		if properties, given := inner.Member("properties"); given {
			by, _ := properties.Members("the data by property")
			for _, p := range by {
				parts = append(parts, results.Part{Name: name + "." + p.Name, Text: saidSource(p.Value, files)})
			}
			continue
		}
		parts = append(parts, results.Part{Name: name, Text: saidSource(inner, files)})
	}
	slices.SortFunc(parts, func(a, b results.Part) int { return strings.Compare(a.Name, b.Name) })
	return parts
}

// saidSource says where the values of one property come from.
func saidSource(v document.Value, files map[string][]byte) string {
	if v.Listed() {
		return "ids " + saidList(v)
	}
	members, _ := v.Members("the data")
	var said []string
	for _, m := range members {
		var text string
		switch m.Name {
		case "ids", "values":
			text = saidList(m.Value)
		case "template":
			template, _ := m.Text("the template")
			text = fmt.Sprintf("with the SHA-256 %.12s…", hash([]byte(template)))
		case "from":
			file, _ := m.Text("a file of data")
			text = fmt.Sprintf("%s with the SHA-256 %.12s…", filepath.Base(file), hash(files[file]))
		default:
			one, _ := m.JSON()
			text = string(one)
		}
		said = append(said, m.Name+" "+text)
	}
	slices.Sort(said)
	return strings.Join(said, ", ")
}

// saidList says what a list of values is, without saying the values.
func saidList(v document.Value) string {
	list, _ := v.List("the values")
	var all []byte
	for _, e := range list {
		one, _ := e.JSON()
		all = append(append(all, one...), '\n')
	}
	return fmt.Sprintf("%d with the SHA-256 %.12s…", len(list), hash(all))
}

func spellShare(f float64) string { return strconv.FormatFloat(100*f, 'g', 9, 64) + "%" }

func hash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
