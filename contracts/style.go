package contracts

import (
	"net/url"
	"slices"
	"strings"

	"github.com/kaizenautomation/andon/contracts/jsontext"
	"github.com/kaizenautomation/andon/contracts/schema"
)

// The places in which a request carries something besides its body.
const (
	InPath   = "path"
	InQuery  = "query"
	InHeader = "header"
	InCookie = "cookie"
)

// style is how a value is written where no JSON stands: the styles of OpenAPI, most of which are those of RFC 6570.
type style struct {
	in, name string
	// kind is a style's name, or asJSON.
	kind string
	// explode has each item of a list, and each member of an object, written by itself.
	explode bool
	// reserved leaves the characters as they are that mean something in a URL.
	reserved bool
	// members are the properties of an object, for the readers of a query in which they stand among others.
	members []string
}

// asJSON is the kind of values that are JSON themselves.
const asJSON = "application/json"

// pair is a member of an object, in the order in which it is written.
type pair struct{ name, value string }

// plainText writes a value that is neither a list nor an object.
func plainText(n *schema.Node) (text string, ok bool) {
	switch {
	case n == nil || n.IsList || n.Fields != nil || n.Scalar == nil:
		return "", false
	case n.Text() != "":
		return n.Text(), true
	}
	if s, isText := n.Scalar.(string); isText {
		return s, true
	}
	return string(n.AppendJSON(nil)), true
}

// write gives a JSON value as it stands in its place: with its name in a query and a cookie, and alone elsewhere. It is
// false where the style has no way of writing it that is read back as the same.
func (s style) write(value []byte) (text string, ok bool) {
	n, err := schema.ReadJSON(value)
	if err != nil {
		return "", false
	}
	switch {
	case s.kind == asJSON:
		text, ok = s.written("", []string{s.escape(string(n.AppendJSON(nil)))})
	case n.IsList:
		var items []string
		for _, item := range n.List {
			one, plain := plainText(item)
			if !plain {
				return "", false
			}
			items = append(items, s.escape(one))
		}
		text, ok = s.list(items)
	case n.Fields != nil:
		var members []pair
		for _, name := range n.Keys {
			one, plain := plainText(n.Fields[name])
			if !plain {
				return "", false
			}
			members = append(members, pair{s.escape(name), s.escape(one)})
		}
		text, ok = s.object(members)
	default:
		one, plain := plainText(n)
		if !plain {
			return "", false
		}
		text, ok = s.written("", []string{s.escape(one)})
	}
	return text, ok && s.carries(text)
}

// carries reports whether a text can stand in the place at all.
func (s style) carries(text string) bool {
	switch s.in {
	case InPath:
		return text != ""
	case InHeader:
		return strings.TrimSpace(text) == text && !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' })
	case InCookie:
		_, value, _ := strings.Cut(text, "=")
		return !strings.ContainsFunc(value, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`",;\`, r) })
	}
	return true
}

// escape writes a text so that nothing in it means something in the place.
func (s style) escape(text string) string {
	switch s.in {
	case InPath:
		if text == "." || text == ".." {
			return strings.ReplaceAll(text, ".", "%2E") // else it would lead to another path
		}
		return strings.NewReplacer(",", "%2C", ";", "%3B", "=", "%3D").Replace(url.PathEscape(text))
	case InQuery:
		text = strings.ReplaceAll(url.QueryEscape(text), "+", "%20")
		if s.reserved {
			for _, c := range ":/?@!$'()*" {
				text = strings.ReplaceAll(text, url.QueryEscape(string(c)), string(c))
			}
		}
	}
	return text
}

// written puts the name and what separates values of a style around them. What they begin with in a path is theirs
// too.
func (s style) written(separator string, values []string) (text string, ok bool) {
	switch s.kind {
	case "label":
		return "." + strings.Join(values, separator), true
	case "matrix":
		return ";" + s.name + "=" + strings.Join(values, separator), true
	}
	if s.in == InQuery || s.in == InCookie {
		name := s.name
		if s.in == InQuery {
			name = s.escape(name)
		}
		return name + "=" + strings.Join(values, separator), true
	}
	return strings.Join(values, separator), true
}

// separator is what stands between the values of a list that is not exploded.
func (s style) separator() string {
	switch s.kind {
	case "spaceDelimited":
		return "%20"
	case "pipeDelimited":
		return "%7C"
	}
	return ","
}

func (s style) list(items []string) (text string, ok bool) {
	separator := s.separator()
	switch {
	case len(items) == 0, s.kind == "deepObject":
		return "", false
	case !s.explode, s.kind == "simple":
	case s.kind == "label":
		separator = "."
	case s.kind == "matrix":
		separator = ";" + s.name + "="
	case s.in == InCookie:
		return "", false // how a cookie has several is read in many ways
	default:
		separator = "&" + s.escape(s.name) + "="
	}
	for _, item := range items {
		if strings.Contains(item, separator) || item == "" && len(items) == 1 || s.in == InHeader && strings.TrimSpace(item) != item {
			return "", false
		}
	}
	return s.written(separator, items)
}

func (s style) object(members []pair) (text string, ok bool) {
	if len(members) == 0 || s.kind == "spaceDelimited" || s.kind == "pipeDelimited" || s.in == InCookie {
		return "", false
	}
	var flat, named []string
	for _, m := range members {
		flat = append(flat, m.name, m.value)
		named = append(named, m.name+"="+m.value)
		for _, part := range []string{m.name, m.value} {
			if (s.in == InHeader || s.kind == "label") && (strings.ContainsAny(part, ",=.") || strings.TrimSpace(part) != part) {
				return "", false
			}
		}
	}
	switch {
	case s.kind == "deepObject":
		for i, m := range members {
			named[i] = s.escape(s.name) + "%5B" + m.name + "%5D=" + m.value
		}
		return strings.Join(named, "&"), true
	case !s.explode:
		return s.written(",", flat)
	case s.kind == "label":
		return "." + strings.Join(named, "."), true
	case s.kind == "matrix":
		return ";" + strings.Join(named, ";"), true
	case s.kind == "form":
		for _, m := range members {
			if !slices.Contains(s.members, m.name) {
				return "", false // nobody can tell it from another parameter
			}
		}
		return strings.Join(named, "&"), true
	}
	return strings.Join(named, ","), true
}

// maxBranches is how deep choices between choices are followed.
const maxBranches = 8

// shape is what a text is read as.
type shape uint8

const (
	aPlain shape = iota
	aList
	anObject
)

// parts are what a text consists of, unescaped: one text, or a list of them, or names and values by turns.
type parts struct {
	shape shape
	texts []string
}

// read takes a text apart that stands in a path, a header or a cookie, where it has no name.
func (s style) read(text string, as shape) (parts, bool) {
	separator := ","
	switch s.kind {
	case "label":
		rest, found := strings.CutPrefix(text, ".")
		if text = rest; !found {
			return parts{}, false
		}
		if s.explode {
			separator = "."
		}
	case "matrix":
		rest, found := strings.CutPrefix(text, ";")
		if text = rest; !found {
			return parts{}, false
		}
		if s.explode {
			separator = ";"
		}
		if !s.explode || as != anObject {
			if text, found = strings.CutPrefix(text, s.name+"="); !found {
				return parts{}, false
			}
			text = strings.ReplaceAll(text, ";"+s.name+"=", ";")
		}
	}
	if as == aPlain || s.kind == asJSON {
		return s.unescaped(aPlain, []string{text})
	}
	list := strings.Split(text, separator)
	if s.in == InHeader {
		for i := range list {
			list[i] = strings.TrimSpace(list[i]) // what joins the lines of a header is free to add blanks
		}
	}
	if as == anObject && s.explode {
		list = named(list)
	}
	return s.unescaped(as, list)
}

// named splits names and values that are joined by an equals sign.
func named(list []string) (flat []string) {
	for _, one := range list {
		name, value, _ := strings.Cut(one, "=")
		flat = append(flat, name, value)
	}
	return flat
}

// unescaped puts back what was escaped.
func (s style) unescaped(as shape, list []string) (parts, bool) {
	if as == anObject && len(list)%2 != 0 {
		return parts{}, false
	}
	for i, text := range list {
		if s.in != InPath && s.in != InQuery {
			continue
		}
		var err error
		if s.in == InQuery {
			list[i], err = url.QueryUnescape(text)
		} else {
			list[i], err = url.PathUnescape(text)
		}
		if err != nil {
			return parts{}, false
		}
	}
	return parts{as, list}, true
}

// find takes a query apart, as far as the parameter is in it.
func (s style) find(query string, as shape) (found parts, there, ok bool) {
	var values, flat []string
	for one := range strings.SplitSeq(query, "&") {
		key, value, _ := strings.Cut(one, "=")
		name, err := url.QueryUnescape(key)
		if err != nil {
			continue
		}
		if name == s.name {
			values = append(values, value)
		}
		if inner, deep := strings.CutPrefix(name, s.name+"["); deep && s.kind == "deepObject" {
			if inner, deep = strings.CutSuffix(inner, "]"); deep {
				flat = append(flat, url.QueryEscape(inner), value)
			}
		}
		if s.kind == "form" && s.explode && as == anObject && slices.Contains(s.members, name) {
			flat = append(flat, key, value)
		}
	}
	switch {
	case as == anObject && (s.kind == "deepObject" || s.kind == "form" && s.explode):
		found, ok = s.unescaped(anObject, flat)
		return found, len(flat) > 0, ok
	case len(values) == 0:
		return parts{}, false, true
	case s.kind == asJSON, as == aPlain:
		found, ok = s.unescaped(aPlain, values[:1])
		return found, true, ok
	case as == aList && s.explode:
		found, ok = s.unescaped(aList, values)
		return found, true, ok
	}
	separator := s.separator()
	text := strings.ReplaceAll(values[0], "%7c", "%7C")
	if separator != "," {
		// Both the escaped and the plain separator are in use.
		plain, _ := url.QueryUnescape(separator)
		text = strings.NewReplacer("+", separator, plain, separator).Replace(text)
	}
	found, ok = s.unescaped(as, strings.Split(text, separator))
	return found, true, ok
}

// value makes the JSON value that parts are meant as, by the types that the schema has for each.
func (s style) value(d *schema.Document, p parts, of *schema.Node) (v any, ok bool) {
	if s.kind == asJSON {
		v, bad := jsontext.Decode([]byte(p.texts[0]))
		return v, bad == nil
	}
	switch p.shape {
	case aList:
		list := []any{}
		for _, text := range p.texts {
			list = append(list, leaf(d, text, elementOf(d, of, "")))
		}
		return list, true
	case anObject:
		object := map[string]any{}
		for i := 0; i < len(p.texts); i += 2 {
			object[p.texts[i]] = leaf(d, p.texts[i+1], elementOf(d, of, p.texts[i]))
		}
		return object, true
	}
	return leaf(d, p.texts[0], []*schema.Node{of}), true
}

// leaf reads a text as one of the types that schemas have; as a text, where none of the others will do.
func leaf(d *schema.Document, text string, of []*schema.Node) any {
	types := map[string]bool{}
	for _, n := range of {
		gatherTypes(d, n, types, 0)
	}
	v, bad := jsontext.Decode([]byte(text))
	switch v := v.(type) {
	case bool:
		if types["boolean"] {
			return v
		}
	case string, nil, []any, map[string]any:
	default:
		if bad == nil && (types["number"] || types["integer"]) && strings.TrimSpace(text) == text {
			return v
		}
	}
	if text == "" && types["null"] && !types["string"] {
		return nil
	}
	return text
}

// gatherTypes collects the types that a schema may mean, through references and choices.
func gatherTypes(d *schema.Document, n *schema.Node, types map[string]bool, depth int) {
	n, err := d.Resolve(n)
	if err != nil || n == nil || depth > maxBranches {
		return
	}
	for _, t := range n.Types() {
		types[t] = true
	}
	for _, v := range append(n.At("enum").Items(), n.At("const")) {
		if v == nil || v.IsList || v.Fields != nil {
			continue
		}
		switch v.Scalar.(type) {
		case string:
			types["string"] = true
		case bool:
			types["boolean"] = true
		case nil:
			types["null"] = true
		default:
			types["number"] = true
		}
	}
	if n.At("items") != nil || n.At("prefixItems") != nil {
		types["array"] = true
	}
	if n.At("properties") != nil {
		types["object"] = true
	}
	for _, key := range []string{"allOf", "anyOf", "oneOf"} {
		for _, b := range n.At(key).Items() {
			gatherTypes(d, b, types, depth+1)
		}
	}
}

// elementOf gives the schemas of the items of a list, or of a member of an object.
func elementOf(d *schema.Document, of *schema.Node, name string) (found []*schema.Node) {
	var visit func(n *schema.Node, depth int)
	visit = func(n *schema.Node, depth int) {
		n, err := d.Resolve(n)
		if err != nil || n == nil || depth > maxBranches {
			return
		}
		for _, part := range []*schema.Node{n.At("items"), n.At("properties", name), n.At("additionalProperties")} {
			if part != nil {
				found = append(found, part)
			}
		}
		found = append(found, n.At("prefixItems").Items()...)
		for _, key := range []string{"allOf", "anyOf", "oneOf"} {
			for _, b := range n.At(key).Items() {
				visit(b, depth+1)
			}
		}
	}
	visit(of, 0)
	return found
}

// shapes are what a text may be read as by a schema, the first that is likely.
func shapes(d *schema.Document, of *schema.Node) (list []shape) {
	types := map[string]bool{}
	gatherTypes(d, of, types, 0)
	if types["array"] {
		list = append(list, aList)
	}
	if types["object"] {
		list = append(list, anObject)
	}
	if len(list) == 0 || types["string"] || types["number"] || types["integer"] || types["boolean"] || types["null"] {
		list = append(list, aPlain)
	}
	return list
}
