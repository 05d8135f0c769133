package contracts

import (
	"slices"
	"strconv"

	"github.com/kaizenautomation/andon/contracts/schema"
)

// exemplars takes those examples of a schema, and of all that it consists of, away that do not conform: nothing valid
// could be made of them, and what they are examples of would not be sent.
func (d *Description) exemplars(s *schema.Node, at []string, seen map[*schema.Node]bool) {
	if s == nil || s.Fields == nil || seen[s] {
		return
	}
	seen[s] = true
	if ref := s.At("$ref"); ref != nil {
		if next, place, err := step(d.document, ref.Text()); err == nil {
			d.exemplars(next, place, seen)
		}
		return
	}
	examples := slices.Clone(s.At("examples").Items())
	if one := s.At("example"); one != nil {
		examples = append(examples, one)
	}
	if len(examples) > 0 {
		validator, err := d.compile(at)
		conforms := func(n *schema.Node) bool { return err == nil && validate(validator, n.Value()) == nil }
		if one := s.At("example"); one != nil && !conforms(one) {
			s.Forget("example")
		}
		if list := s.At("examples"); list != nil {
			kept := *list
			kept.List = slices.DeleteFunc(slices.Clone(list.List), func(n *schema.Node) bool { return !conforms(n) })
			if s.Set("examples", &kept); len(kept.List) == 0 {
				s.Forget("examples")
			}
		}
	}
	for _, key := range known("schema part") {
		d.exemplars(s.At(key), below(at, key), seen)
	}
	for _, key := range known("schema choice") {
		for i, b := range s.At(key).Items() {
			d.exemplars(b, below(at, key, strconv.Itoa(i)), seen)
		}
	}
	for _, key := range known("schema map") {
		for _, name := range s.At(key).Names() {
			d.exemplars(s.At(key, name), below(at, key, name), seen)
		}
	}
}
