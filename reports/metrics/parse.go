package metrics

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kaizenautomation/andon/reports/results"
)

// ParseThreshold reads a threshold such as "p99(latency){tier=Lite} < 300ms". The error is an *[ExprError].
//
//	threshold = figure [ "{" selector { "," selector } "}" ] op limit
//	figure    = ( "p" number | "mean" | "min" | "max" ) "(" ( "latency" | "service" | "lag" ) [ window ] ")"
//	          | "rate" "(" ( "errors" | "ok" | "violations" | "sent" | "accepted" | "shed" | "refused" |
//	            "answered" | "goodput" ) [ window ] ")"
//	          | "count" "(" ( "errors" | "ok" | "violations" | "sent" | "completed" | "accepted" | "shed" | "refused" |
//	            "dropped" | "unsent" ) [ window ] ")"
//	          | "p" number "(" ( "completion" | "start" | "run" ) ")" of executions, as what follows
//	          | "rate" "(" ( "failed" | "lost" | "completed" ) ")"
//	          | "count" "(" ( "failed" | "lost" | "unfinished" ) ")"
//	          | "backlog" "(" ( "growth" | "peak" ) ")"
//	window    = "," digits ( "s" | "m" | "h" )                      from 1s to 1h
//	selector  = key "=" value
//	key       = "tier" | "content" | "class" | "phase" | "error" | "rule" | "outcome"
//	value     = quoted | bare
//	op        = "<" | "<=" | ">" | ">=" | "==" | "!="
//	limit     = number ( "ns" | "us" | "µs" | "ms" | "s" | "m" )     for a time
//	          | number "%"                                          for a rate as a share, 0% to 100%
//	          | number ( "/s" | "/m" )                              for a rate as calls a second or a minute
//	          | digits                                              for a count
//	          | number ( "×" | "x" | "*" ) "baseline" [ "(" limit ")" ]
//	number    = digits [ "." digits ]
//
// The rates of errors, ok, violations, shed and refused are shares, those of answered and goodput are of calls a second
// or a minute, and those of sent and accepted are what their limit says. Of the executions that calls started, the
// rates of failed and lost are shares, that of completed and the growth of the backlog are of executions a second or a
// minute. A number after p is a percentile between 0 and 100. A quoted value is a Go string literal in double quotes; a
// bare one is any run of characters but spaces, controls, quotes, commas, braces and "=". Several selectors must all
// hold; no key stands twice. {error=…} goes with errors only, {rule=…} with violations only, {outcome=…} (accepted,
// shed, refused, failed or any) with latency, service, sent, completed and answered, and of the selectors only
// {phase=…} with lag, which is the run's and not a class's. With a window, the condition must hold in each of them: see
// [Windows]. Spaces are free between all parts, but not within a number and its unit.
//
// What is so many times a baseline is no limit yet: [Threshold.Against] finds it, and writes it behind in parentheses.
// Times, shares and rates can be, by "<", "<=", ">" and ">="; those of sent and accepted are shares then.
func ParseThreshold(expr string) (Threshold, error) {
	p := &parser{expr: expr}
	t, err := p.threshold()
	if err != nil {
		return Threshold{}, err
	}
	return t, nil
}

var (
	functions = []string{"p50", "p90", "p95", "p99", "p99.9", "mean", "min", "max", "rate", "count", "backlog"}
	metrics   = map[string][]string{
		Seconds: {"latency", "service", "lag", "completion", "start", "run"},
		Ratio:   {"errors", "ok", "violations", "sent", "accepted", "shed", "refused", "answered", "goodput", "failed", "lost", "completed"},
		Count:   {"errors", "ok", "violations", "sent", "completed", "accepted", "shed", "refused", "dropped", "unsent", "failed", "lost", "unfinished"},
	}
	backlogs = []string{"growth", "peak"}
	keys     = []string{string(ByTier), string(ByContent), string(ByClass), string(ByPhase), byError, byRule, byOutcome}
	// withOutcome are the metrics of whose calls those with one outcome can be asked for.
	withOutcome = []string{"latency", "service", "sent", "completed", "answered"}
	operators   = []string{"<=", ">=", "==", "!=", "<", ">"} // the longer ones first
)

func (p *parser) threshold() (t Threshold, err error) {
	t.expr = p.expr
	if t.function, t.percentile, err = p.function(); err != nil {
		return t, err
	}
	if err := p.expect("(", "after "+t.function); err != nil {
		return t, err
	}
	known, at := metrics[t.unit()], p.skip()
	if t.function == "backlog" {
		known = backlogs
	}
	if t.metric, err = p.oneOf("metric of "+t.function, known); err != nil {
		return t, err
	}
	if t.OfExecutions() && t.unit() == Seconds && t.percentile == 0 {
		return t, p.fail(at, t.metric, "there is no %s of %s while some executions have not ended; ask for a percentile, such as p95(%s)", t.function, t.metric, t.metric)
	}
	if at := p.skip(); p.next(",") {
		if t.OfExecutions() {
			return t, p.fail(at, ",", "what is of executions has no windows, since their ends are known within bounds alone; expected \")\"")
		}
		t.windowAt = p.skip() + 1
		if t.window, t.windowText, err = p.window(); err != nil {
			return t, err
		}
	}
	if err := p.expect(")", "after "+t.metric); err != nil {
		return t, err
	}
	if p.next("{") {
		if t.selectors, err = p.selectors(t); err != nil {
			return t, err
		}
	}
	if t.op, err = p.operator(); err != nil {
		return t, err
	}
	if err := p.right(&t); err != nil {
		return t, err
	}
	p.space()
	if rest := p.expr[p.at:]; rest != "" {
		if strings.Contains(t.literal, baselineWord) {
			return t, p.fail(p.at, rest, "expected the end, found %q; a baseline is taken so many times, as in 1.1 × baseline, and nothing is added to it", rest)
		}
		return t, p.fail(p.at, rest, "expected the end, found %q; write each condition as a threshold of its own", rest)
	}
	return t, nil
}

func (p *parser) function() (name string, percentile float64, err error) {
	start, word := p.word(func(r rune) bool { return isLetter(r) || isDigit(r) || r == '.' })
	if digits, ok := strings.CutPrefix(word, "p"); ok && strings.Trim(digits, "0123456789.") == "" {
		percentile, err := strconv.ParseFloat(digits, 64)
		if !isNumber(digits) || err != nil || !(percentile > 0 && percentile < 100) {
			return "", 0, p.fail(start, word, "%q is no percentile; expected p with a number between 0 and 100, such as p99.9, "+
				"or min or max", word)
		}
		return word, percentile, nil
	}
	if word == "" {
		return "", 0, p.missing("a figure such as p99(latency), rate(errors) or count(violations)")
	}
	if !slices.Contains(functions, word) {
		return "", 0, p.fail(start, word, "%s", unknown("function", word, functions))
	}
	return word, 0, nil
}

func (p *parser) selectors(t Threshold) (selectors []selector, err error) {
	metric := t.metric
	for {
		var s selector
		start := p.skip()
		if s.key, err = p.oneOf("selector", keys); err != nil {
			return nil, err
		}
		switch {
		case slices.ContainsFunc(selectors, func(o selector) bool { return o.key == s.key }):
			return nil, p.fail(start, s.key, "%s is selected twice; no call has two of them", s.key)
		case t.OfExecutions() && (s.key == byError || s.key == byRule || s.key == byOutcome):
			return nil, p.fail(start, s.key, "%s selects calls, and not executions, of which there are selectors for tier, content, class and phase", s.key)
		case metric == "lag" && s.key != string(ByPhase):
			return nil, p.fail(start, s.key, "lag is the run's and not a class's; of the selectors it takes only phase")
		case s.key == byError && metric != "errors":
			return nil, p.fail(start, s.key, "error selects among errors only, as in count(errors){error=reset}")
		case s.key == byRule && metric != "violations":
			return nil, p.fail(start, s.key, "rule selects among violations only, as in count(violations){rule=…}")
		case s.key == byOutcome && !slices.Contains(withOutcome, metric):
			return nil, p.fail(start, s.key, "outcome selects among %s only: what is counted as %s has the outcomes that it has, or none",
				strings.Join(withOutcome, ", "), metric)
		}
		if err := p.expect("=", "after "+s.key); err != nil {
			return nil, err
		}
		s.offset = p.skip() + 1
		if s.value, s.text, err = p.value(s.key); err != nil {
			return nil, err
		}
		switch s.key {
		case byError:
			err = p.kind(s)
		case byOutcome:
			err = p.outcome(s)
		}
		if err != nil {
			return nil, err
		}
		selectors = append(selectors, s)
		if p.next("}") {
			return selectors, nil
		}
		if err := p.expect(",", "or \"}\" after "+strconv.Quote(s.value)); err != nil {
			return nil, err
		}
	}
}

// longestWindow is as long as the run is kept by the second.
const longestWindow = longest * time.Second

// window reads the length of a window: a whole number of seconds.
func (p *parser) window() (length time.Duration, text string, err error) {
	start, word := p.word(func(r rune) bool { return isLetter(r) || isDigit(r) || r == '.' || r == '-' })
	if word == "" {
		return 0, "", p.missing("the length of a window such as 30s or 5m")
	}
	number := strings.TrimRight(word, "smh")
	unit, ok := map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour}[word[len(number):]]
	n, err := strconv.ParseUint(number, 10, 32)
	if !ok || err != nil || n == 0 || n > uint64(longestWindow/unit) {
		return 0, "", p.fail(start, word, "expected the length of a window, a whole number of seconds, minutes or hours from 1s to 1h, such as 30s, found %q", word)
	}
	return time.Duration(n) * unit, word, nil
}

// kind checks an error kind. The list is closed, so that labels are not needed.
func (p *parser) kind(s selector) error {
	var known []string
	for k, name := range results.KindNames() {
		switch results.Kind(k) {
		case results.None:
		case results.Shed:
			if s.value == name {
				return p.fail(s.offset-1, s.text, "a call that is shed is no error, but an outcome of its own; write rate(shed) or count(shed)")
			}
		case results.Dropped, results.Unsent:
			if s.value == name {
				return p.fail(s.offset-1, s.text, "a call that is %s was not sent and is no error; write count(%s)", name, name)
			}
		default:
			known = append(known, name)
		}
	}
	if !slices.Contains(known, s.value) {
		return p.fail(s.offset-1, s.text, "%s", unknown("error kind", s.value, known))
	}
	return nil
}

// outcome checks an outcome.
func (p *parser) outcome(s selector) error {
	known := []string{anyOutcome}
	for _, o := range results.Outcomes() {
		known = append(known, o.String())
	}
	if !slices.Contains(known, s.value) {
		return p.fail(s.offset-1, s.text, "%s", unknown("outcome", s.value, known))
	}
	return nil
}

// value reads a selector's value, and gives it also as it is written.
func (p *parser) value(key string) (value, text string, err error) {
	start := p.skip()
	if strings.HasPrefix(p.expr[start:], `"`) {
		quoted, err := strconv.QuotedPrefix(p.expr[start:])
		if err != nil {
			return "", "", p.fail(start, p.expr[start:], "the quoted value of %s has no end, or an escape that Go does not know", key)
		}
		p.at += len(quoted)
		value, _ = strconv.Unquote(quoted) // QuotedPrefix has found it well-formed
		return value, quoted, nil
	}
	_, word := p.word(isBareRune)
	if word == "" {
		return "", "", p.missing("a value of " + key)
	}
	return word, word, nil
}

func (p *parser) operator() (string, error) {
	start := p.skip()
	for _, op := range operators {
		if p.next(op) {
			return op, nil
		}
	}
	if p.next("=") {
		return "", p.fail(start, "=", "expected one of < <= > >= == !=, found \"=\"; did you mean \"==\"?")
	}
	return "", p.missing("one of < <= > >= == !=")
}

// oneOf reads a word of known.
func (p *parser) oneOf(what string, known []string) (string, error) {
	start, word := p.word(isLetter)
	if !slices.Contains(known, word) {
		if word == "" {
			return "", p.missing(fmt.Sprintf("a %s, one of %s", what, strings.Join(known, ", ")))
		}
		return "", p.fail(start, word, "%s", unknown(what, word, known))
	}
	return word, nil
}
