package contracts

import (
	"math"
	"slices"
	"unicode/utf8"

	"github.com/kaizenautomation/andon/contracts/pattern"
	"github.com/kaizenautomation/andon/contracts/schema"
)

// withoutImplied takes out of a schema what other keywords of it say already, or keep from saying anything. Where the
// document counts which items others speak of, contains says something by being there.
func withoutImplied(s *schema.Node, counted bool) {
	condition(s)
	containing(s, counted)
	if least, is := s.At("minProperties").Number(); is && least <= float64(len(distinct(s.At("required").Texts()))) {
		s.Forget("minProperties")
	}
	if most, is := s.At("maxItems").Number(); is && most <= 1 {
		s.Forget("uniqueItems")
	}
	wholeNumbers(s)
	demands(s)
	withoutForbidden(s)
}

// condition writes an if that always holds as one part more. Without an if, then and else say nothing.
func condition(s *schema.Node) {
	when, then := s.At("if"), s.At("then")
	switch {
	case when == nil:
	case when.Scalar == true || when.Fields != nil && len(when.Fields) == 0:
		if then != nil {
			parts := &schema.Node{IsList: true, Line: then.Line, Column: then.Column, List: append(slices.Clone(s.At("allOf").Items()), then)}
			s.Set("allOf", parts)
		}
		s.Forget("if")
	default:
		return
	}
	s.Forget("then")
	s.Forget("else")
}

// containing takes out a contains that any list meets, and bounds that nothing is counted for.
func containing(s *schema.Node, counted bool) {
	least, is := s.At("minContains").Number()
	if is && least == 0 && s.At("maxContains") == nil && !counted {
		s.Forget("contains")
	}
	if s.At("contains") == nil {
		s.Forget("minContains")
		s.Forget("maxContains")
	}
}

// wholeNumbers writes the multiples of 1 as a type, and a bound of whole numbers as one that may be met.
func wholeNumbers(s *schema.Node) {
	if slices.Contains(s.Types(), "integer") && !slices.Contains(s.Types(), "number") {
		met(s, "exclusiveMinimum", "minimum", 1)
		met(s, "exclusiveMaximum", "maximum", -1)
	}
	if by, is := s.At("multipleOf").Number(); !is || by != 1 || s.At("type") == nil {
		return
	}
	types := s.Types()
	for i, t := range types {
		if t == "number" {
			types[i] = "integer"
		}
	}
	s.Set("type", texts(distinct(types)))
	s.Forget("multipleOf")
}

// met writes a bound that must not be met as the next one that may be.
func met(s *schema.Node, exclusive, inclusive string, by float64) {
	const exact = 1 << 52
	if n, is := s.At(exclusive).Number(); is && s.At(inclusive) == nil && n == math.Trunc(n) && math.Abs(n) < exact {
		s.Set(inclusive, &schema.Node{Scalar: n + by, Line: s.At(exclusive).Line, Column: s.At(exclusive).Column})
		s.Forget(exclusive)
	}
}

// demands adds to what a property demands what that demands in turn.
func demands(s *schema.Node) {
	all := s.At("dependentRequired")
	for range all.Names() {
		for _, name := range all.Names() {
			wanted := all.At(name).Texts()
			for _, next := range wanted {
				wanted = slices.Concat(wanted, all.At(next).Texts())
			}
			wanted = slices.DeleteFunc(distinct(wanted), func(next string) bool { return next == name })
			all.Fields[name].List = texts(wanted).List
		}
	}
}

// withoutForbidden takes out of a list of texts those that the pattern or the lengths forbid; these then say nothing
// more.
func withoutForbidden(s *schema.Node) {
	values := s.At("enum").Items()
	if len(values) == 0 || slices.ContainsFunc(values, func(v *schema.Node) bool { _, is := v.Scalar.(string); return !is }) {
		return
	}
	p, err := pattern.Compile(s.At("pattern").Text())
	if err != nil {
		return
	}
	least, low := s.At("minLength").Number()
	most, high := s.At("maxLength").Number()
	kept := slices.DeleteFunc(slices.Clone(values), func(v *schema.Node) bool {
		n := float64(utf8.RuneCountInString(v.Text()))
		matches, err := p.Match(v.Text())
		return err == nil && !matches || low && n < least || high && n > most
	})
	if len(kept) == 0 {
		return
	}
	s.Fields["enum"] = &schema.Node{IsList: true, List: kept, Line: s.At("enum").Line, Column: s.At("enum").Column}
	for _, key := range []string{"pattern", "minLength", "maxLength"} {
		s.Forget(key)
	}
}

// distinct are texts in order, each once.
func distinct(values []string) []string {
	values = slices.Clone(values)
	slices.Sort(values)
	return slices.Compact(values)
}

func texts(values []string) *schema.Node {
	n := &schema.Node{IsList: true}
	for _, v := range values {
		n.List = append(n.List, &schema.Node{Scalar: v})
	}
	return n
}
