package contracts

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// evidence is what calls or answers show of a change.
type evidence struct {
	id        string
	operation string
	rules     *regexp.Regexp // those of oasdiff that are about the same bodies
	shown     []shown
	other     []Change // what is shown by something else than a body
	sure      bool     // the search had values to begin with
}

// Which rules of oasdiff are about the schema of the body of a request, or of a response.
var (
	requestRules  = compiled(`^(request-(body|[a-z-]*property)-|new-required-request-property)`)
	responseRules = compiled(`^response-(body|[a-z-]*property|mediatype)-`)
	// spellings are rules about what can be written in several ways that mean the same. Values show every change of
	// what they mean; of how long something is they do not where that is very long.
	spellings = compiled(`-(one-of|any-of|all-of|type-changed|type-generalized|list-of-types|const|enum|nullable|(exclusive-)?(max|min)-[a-z]+$)`)
	quoted    = compiled("`([^`]*)`")
	// intoBranch is where a name of oasdiff for a property goes into a branch of a choice.
	intoBranch = compiled(`/?(oneOf|anyOf|allOf)\[[^\]]*\]`)
)

// compiled is a regular expression that is made when it is first asked for: most commands never do.
func compiled(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}

// narrowed is what shows that calls are forbidden that were allowed.
func narrowed(older, newer *Description, calls [][]byte) evidence {
	e := evidence{id: Narrowed, operation: older.operation.String(), rules: requestRules()}
	if newer.operation.String() == e.operation {
		e.shown, e.sure = older.requestBodies().beyond(newer.requestBodies(), calls)
	}
	return e
}

// widened is what shows that answers are allowed that were forbidden. What a description assumes is held to little.
func widened(older, newer *Description) evidence {
	e := evidence{id: Widened, operation: older.operation.String(), rules: responseRules(), sure: true}
	if newer.operation.String() != e.operation {
		e.sure = false
		return e
	}
	for _, after := range newer.responses {
		before := older.byStatus[strings.ToUpper(after.Status)]
		if before == nil || before.Assumed || after.Assumed || len(before.Media) == 0 {
			continue
		}
		if lost := gone(before, after); lost != "" {
			now := cmp.Or(after.names(), "anything")
			e.other = append(e.other, Change{
				ID: e.id, Severity: Breaking, Operation: e.operation, Value: "Content-Type: " + now, Line: newer.PlaceInResponse(code(after), "", nil, nil).Line,
				Text: fmt.Sprintf("an answer of status %s no longer comes as %s; it comes as %s", after.Status, lost, now),
			})
		}
		for i := range after.Media {
			m := &after.Media[i]
			old := before.media(plainType(m.ranges[0]))
			if old == nil || old.validator == nil {
				continue
			}
			found, sure := newer.responseBodies(m).beyond(older.responseBodies(old), nil)
			e.shown, e.sure = append(e.shown, found...), e.sure && sure
		}
	}
	return e
}

// explain adds to the changes that rules tell what shows them, and takes those for risky that nothing shows though it
// would. It gives the changes that no rule tells.
func (e evidence) explain(changes []Change) []Change {
	told := make([]bool, len(e.shown))
	for i := range changes {
		c := &changes[i]
		if c.Severity != Breaking || c.Operation != e.operation || !e.rules.MatchString(c.ID) {
			continue
		}
		switch best, exact := e.best(*c); {
		case best >= 0:
			for j, s := range e.shown {
				told[j] = told[j] || exact && s.key() == e.shown[best].key()
			}
			c.Value, c.Pointer, c.Line = clip(string(e.shown[best].value), maxValue), e.shown[best].violation.Pointer, e.line(e.shown[best])
			c.Text += e.as() + c.Value
		case e.sure && len(e.shown) == 0 && spellings().MatchString(c.ID):
			c.Severity, c.Text = Risky, c.Text+"; no value was found to which that makes a difference"
		}
	}
	out := e.other
	for j, s := range e.shown {
		if told[j] {
			continue
		}
		for k := range e.shown {
			told[k] = told[k] || e.shown[k].key() == s.key()
		}
		c := Change{ID: e.id, Severity: Breaking, Operation: e.operation, Value: clip(string(s.value), maxValue), Pointer: s.violation.Pointer, Line: e.line(s)}
		c.Text = "the call " + c.Value + " was allowed and is forbidden: " + s.violation.Message
		if e.id == Widened {
			c.Text = "the answer " + c.Value + " was forbidden and is allowed: " + s.violation.Message
		}
		out = append(out, c)
	}
	return out
}

// maxValue is how much is shown of a value, in characters.
const maxValue = 200

// as says between what a rule tells and a value how the one shows the other.
func (e evidence) as() string {
	if e.id == Widened {
		return "; allowed is now "
	}
	return "; forbidden is now "
}

// line is where the newer description speaks of what a value shows.
func (e evidence) line(s shown) int {
	if e.id == Widened {
		return s.allowed
	}
	return s.forbidden
}

// code is a status that a response is for.
func code(r *Response) int {
	n, err := strconv.Atoi(strings.ReplaceAll(strings.ToUpper(r.Status), "X", "0"))
	if err != nil {
		return 200
	}
	return n
}

// gone are the media types of a response that another one no longer has; none where it still has all that it had or
// where something else is wrong.
func gone(before, after *Response) string {
	var names []string
	for i := range before.Media {
		if m := &before.Media[i]; after.media(plainType(m.ranges[0])) == nil {
			names = append(names, m.Name)
		}
	}
	return strings.Join(names, " or ")
}

// plainType is a media type that falls under a range of them.
func plainType(name string) string {
	switch major, minor, _ := strings.Cut(name, "/"); {
	case mayBeJSON(name):
		if isJSON(name) {
			return name
		}
		return jsonType
	case minor == "*":
		return major + "/plain"
	}
	return name
}

// best is what shows a change of which a rule tells: something at the place that the rule names, with the value that it
// names if there is one, or else below that place, which is not exact; -1 where nothing is.
func (e evidence) best(c Change) (best int, exact bool) {
	var names []string
	if strings.Contains(c.ID, "-body-") {
		names = []string{""}
	}
	for _, m := range quoted().FindAllStringSubmatch(c.Text, -1) {
		names = append(names, strings.Trim(intoBranch().ReplaceAllString(m[1], ""), "/"))
	}
	best = -1
	for i, s := range e.shown {
		path := strings.Join(s.path(), "/")
		switch at := slices.Index(names, path); {
		case at < 0:
			below := func(name string) bool { return name == "" || strings.HasPrefix(path, name+"/") }
			if best < 0 && slices.ContainsFunc(names, below) {
				best = i
			}
		case slices.ContainsFunc(names, func(name string) bool { return name != path && name != "" && strings.Contains(string(s.value), name) }):
			return i, true
		case !exact:
			best, exact = i, true
		}
	}
	return best, exact
}
