package compare

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
)

// Word is the answer in two or three words, such as REGRESSION or CANNOT TELL.
func (r Report) Word() string {
	switch found := r.Count(Regression, Improvement); {
	case r.Control() && found > 0:
		return "FALSE ALARM"
	case r.Control() && r.Verdict.Status == summary.Pass:
		return "NO FALSE ALARM"
	case r.Verdict.Status == summary.Pass:
		return "NO REGRESSION"
	case r.Verdict.Status == summary.Fail && r.Count(Regression) == 0 && r.Broke():
		return "BROKEN"
	case r.Verdict.Status == summary.Fail && (r.Count(Regression) > 0 || r.Count(Unknown, Drift) == 0):
		return "REGRESSION"
	}
	return "CANNOT TELL"
}

// Control reports whether both sides are the same target.
func (r Report) Control() bool { return r.Paired != nil && r.Paired.Control }

// Broke reports whether the new side broke something by itself.
func (r Report) Broke() bool { return r.Paired != nil && len(r.Paired.Broke) > 0 }

// Drifts reports whether one of the sides is a single run, so that drift between runs is not known.
func (r Report) Drifts() bool { return r.Paired == nil && min(len(r.Base.Runs), len(r.New.Runs)) < 2 }

// Declared are the rows that decide.
func (r Report) Declared() (rows []Row) {
	return slices.DeleteFunc(slices.Clone(r.Rows), func(r Row) bool { return !r.Declared })
}

// Others are the rows that are for looking.
func (r Report) Others() (rows []Row) {
	return slices.DeleteFunc(slices.Clone(r.Rows), func(r Row) bool { return r.Declared })
}

// Count is how many of the declared rows came to one of the verdicts.
func (r Report) Count(verdicts ...string) (n int) {
	for _, row := range r.Rows {
		if row.Declared && slices.Contains(verdicts, row.Verdict) {
			n++
		}
	}
	return n
}

// verdicts are those of declared rows, by how much they matter.
func verdicts() []string { return []string{Regression, Drift, Unknown, Improvement, Same} }

// Headline is the answer in a line: the figure that matters most, with its interval, and how many others there are.
func (r Report) Headline() string {
	if why := r.spoiled(); why != "" {
		first, size := utf8.DecodeRuneInString(why)
		return string(unicode.ToLower(first)) + strings.TrimSuffix(why[size:], ".")
	}
	rows := r.Declared()
	if len(rows) == 0 {
		return "no figure was declared"
	}
	first, all := r.Worst(), text.Plural(uint64(len(rows)), "declared figure")
	if r.Control() {
		if alarms := r.Count(Regression, Improvement); alarms > 0 {
			return fmt.Sprintf("%d of %s changed between a target and itself: %s", alarms, all, first.said())
		}
		return fmt.Sprintf("of %s, none changed between a target and itself%s", all, r.others(Same, Drift, Unknown))
	}
	switch first.Verdict {
	case Regression, Drift, Unknown:
		return first.said() + r.others(first.Verdict, Improvement, Regression, Drift, Unknown)
	case Improvement:
		return "of " + all + ", none became worse" + r.others(Same, Improvement)
	}
	return "of " + all + ", none became worse by more than is tolerated"
}

// spoiled is what keeps the figures of two that were met in turn from deciding, whatever they are; empty where nothing
// does. A false alarm is an answer of its own.
func (r Report) spoiled() string {
	alarm := r.Control() && r.Count(Regression, Improvement) > 0
	if alarm || r.Paired == nil || r.Verdict.Status != summary.NoVerdict || len(r.Verdict.Causes) == 0 {
		return ""
	}
	why := r.Verdict.Causes[0]
	if slices.ContainsFunc(r.Declared(), func(row Row) bool { return row.Remark() == why }) {
		return ""
	}
	return why
}

// Worst is the declared row that matters most. Between a target and itself, a change is what matters.
func (r Report) Worst() (worst Row) {
	order := verdicts()
	if r.Control() {
		order = []string{Regression, Improvement, Drift, Unknown, Same}
	}
	at := len(order)
	for _, row := range r.Declared() {
		if i := slices.Index(order, row.Verdict); i < at {
			worst, at = row, i
		}
	}
	return worst
}

// Causes are those of the verdict that neither the headline tells nor the table.
func (r Report) Causes() (causes []string) {
	told := []string{text.Sentence(r.Worst().said())}
	if why := r.spoiled(); why != "" {
		told[0] = why
	}
	for _, row := range r.Declared() {
		if r.tabled(row) {
			told = append(told, row.Remark())
		}
	}
	for _, cause := range r.Verdict.Causes {
		if !slices.ContainsFunc(told, func(said string) bool { return strings.HasPrefix(cause, said) }) {
			causes = append(causes, cause)
		}
	}
	return causes
}

// Remarks are what is to be said of the declared rows that cannot be told, where neither a cause of the verdict says it
// nor the table.
func (r Report) Remarks() (remarks []string) {
	causes := r.Causes()
	for _, row := range r.Declared() {
		if said := row.Remark(); (row.Verdict == Unknown || row.Verdict == Drift) && !r.tabled(row) && !slices.Contains(causes, said) {
			remarks = append(remarks, said)
		}
	}
	return remarks
}

// tabled reports whether a table tells all of a row: with one run on a side, it is the same for all that keeps them
// from being told.
func (r Report) tabled(row Row) bool { return r.Drifts() && row.Needs() != "" }

// Beside are the sentences that belong beside the answer.
func (r Report) Beside() (list []string) {
	if ended := r.Ending(); ended != "" {
		list = append(list, ended)
	}
	if r.Drifts() && len(r.Base.Runs)+len(r.New.Runs) > 0 {
		said := "With one run on a side, the intervals tell of the calls of these runs alone: how much runs drift is not known, and no change is a regression."
		if len(r.Base.Runs)+len(r.New.Runs) == 2 {
			said += " How many would tell is reckoned with ±15 %, which is usual."
		}
		list = append(list, said)
	}
	return append(list, r.Notes...)
}

// others counts the declared rows of some verdicts, without the one of the first of them that was told.
func (r Report) others(told string, verdicts ...string) string {
	var said []string
	words := map[string]string{Regression: "worse", Improvement: "better", Drift: "changed or drifted", Unknown: "not known"}
	for _, v := range verdicts {
		switch n := r.Count(v); {
		case v == told && n > 1:
			said = append([]string{fmt.Sprintf("%d more %s", n-1, words[v])}, said...)
		case v != told && n > 0:
			said = append(said, fmt.Sprintf("%d %s", n, words[v]))
		}
	}
	if len(said) == 0 {
		return ""
	}
	return "; " + strings.Join(said, ", ")
}

// Legend explains the figures of the rows.
func (r Report) Legend() []string {
	said := fmt.Sprintf("The interval beside a change has the true one in it in %s of comparisons; each end is wrong in %s. ", percent(r.Confidence), percent((1-r.Confidence)/2))
	switch {
	case r.Paired != nil:
		said += "Both sides met the same noise."
	case r.Drifts():
		said += "Drift between runs is not in it."
	default:
		said += "Drift between runs is in it."
	}
	list := []string{said, "limit: how much worse it may become."}
	if r.Drifts() {
		list = append(list, "to tell: how many runs on both sides would tell.")
	} else {
		list = append(list, "visible: the true change to the worse that would be called a regression four times in five.")
	}
	if r.HasChances() {
		list = append(list, "p: how often a change like this comes without a cause, corrected for the number of declared figures.")
	}
	if slices.ContainsFunc(r.Rows, func(r Row) bool { return r.Declared && (r.Base == nil || r.New == nil) }) {
		list = append(list, text.Unsupported+": too few calls for this figure, or none.")
	}
	return list
}

// Chances says of the rows that are for looking how many of them changed, and how many would without a cause.
func (r Report) Chances() string {
	var told, apart int
	for _, row := range r.Others() {
		if row.Low != nil && row.High != nil {
			told++
		}
		if row.Apart() {
			apart++
		}
	}
	if told == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %s changed beyond its interval. They decide nothing and are not corrected for their number: without a cause, about %s would.",
		apart, text.Plural(uint64(told), "other figure"), strconv.FormatFloat(math.Ceil(float64(told)*(1-r.Confidence)), 'f', 0, 64))
}

// Sizes are how many runs or pairs there are: n=5+5, or 30 pairs.
func (r Report) Sizes() string {
	if r.Paired != nil {
		return text.Plural(uint64(max(r.Paired.Pairs, 0)), "pair")
	}
	return fmt.Sprintf("n=%d+%d", len(r.Base.Runs), len(r.New.Runs))
}

// Ending says how a pair of targets was met; empty where they were not met in turn.
func (r Report) Ending() string {
	p := r.Paired
	if p == nil {
		return ""
	}
	return strings.TrimSpace(text.Sentence(fmt.Sprintf("both sides were met in turn, in %s of %s each", text.Plural(uint64(max(p.Pairs, 0)), "pair"), text.Duration(&p.SliceSeconds))) + " " + text.Sentence(p.Ended))
}

// Subject is what a row is of, such as p99 of Full.
func (r Row) Subject() string {
	figure := text.Printable(r.Figure, 40)
	if r.Kind == All || r.Name == "" {
		return figure
	}
	return figure + " of " + r.Group()
}

// Group is the name of what a row is of, with its kind where that does not go without saying.
func (r Row) Group() string {
	name := text.Printable(r.Name, 40)
	switch r.Kind {
	case All:
		return "all calls"
	case Tier, Part:
		return name
	}
	return text.Printable(r.Kind, 20) + " " + name
}

// Figures writes the figure of both sides.
func (r Row) Figures() (base, changed string) { return r.write(r.Base), r.write(r.New) }

func (r Row) write(v *float64) string {
	switch {
	case v == nil:
		return text.Unsupported
	case r.Unit == Share:
		return text.Percent(*v)
	case r.Unit == PerSecond:
		return text.Rate(*v)
	}
	return text.Duration(v)
}

// Apart reports whether the interval leaves out no change.
func (r Row) Apart() bool { return r.Low != nil && r.High != nil && (*r.Low > 0 || *r.High < 0) }

// Changed writes the change with its interval, such as +20 % (+8 to +31 %). A change that has no interval is not shown.
func (r Row) Changed() string {
	switch {
	case r.Low != nil && r.High != nil && r.Change != nil:
		n := r.digits(*r.Low, *r.High)
		return fmt.Sprintf("%s (%s to %s)", r.signed(*r.Change, n)+r.unit(), r.signed(*r.Low, n), r.signed(*r.High, n)+strings.TrimSuffix(r.unit(), " pp"))
	case r.Low != nil && r.High == nil:
		return "≥ " + r.signed(*r.Low, 1) + r.unit()
	case r.High != nil && r.Low == nil:
		return "≤ " + r.signed(*r.High, 1) + r.unit()
	}
	return text.Unsupported
}

// Tolerated writes how much worse the figure may become; empty where nothing decides.
func (r Row) Tolerated() string {
	if !r.Declared {
		return ""
	}
	return strconv.FormatFloat(math.Round(1e4*math.Abs(r.Tolerance))/100, 'f', -1, 64) + r.unit()
}

// Seen writes the smallest change to the worse that would have been seen.
func (r Row) Seen() string {
	if r.Visible == nil {
		return text.Unsupported
	}
	v, decimals := math.Abs(100**r.Visible), 0
	for decimals < 2 && v*math.Pow10(decimals) < 9.95 {
		decimals++
	}
	return strings.Replace(r.signed(v/100, decimals), "+", "", 1) + r.unit()
}

// Rises reports whether more is worse.
func (r Row) Rises() bool {
	for _, f := range figures() {
		if f.name == r.Figure {
			return !f.falls
		}
	}
	return r.Unit != PerSecond
}

// HasChances reports whether the p of a row is known.
func (r Report) HasChances() bool {
	return slices.ContainsFunc(r.Declared(), func(row Row) bool { return r.Chance(row) != "" })
}

// Chance writes the p of a row. What the calls of one run tell is no chance of drift.
func (r Report) Chance(row Row) string {
	switch {
	case row.P == nil || r.Drifts():
		return ""
	case *row.P < 0.001:
		return "<0.001"
	}
	return strconv.FormatFloat(*row.P, 'f', 3, 64)
}

// Word is the verdict for people; empty where nothing is to be said.
func (r Row) Word() string {
	if r.Verdict == Looked && r.Apart() {
		return "changed"
	}
	return map[string]string{Regression: "worse", Improvement: "better", Same: "not worse", Unknown: "unknown", Drift: "changed, or drift"}[r.Verdict]
}

// said is a row in a clause.
func (r Row) said() string {
	base, changed := r.Figures()
	from := base + " → " + changed
	if change := r.Changed(); change != text.Unsupported {
		from += ", " + change
	}
	switch r.Verdict {
	case Regression:
		return fmt.Sprintf("%s became worse: %s; %s is tolerated", r.Subject(), from, r.Tolerated())
	case Improvement:
		return fmt.Sprintf("%s became better: %s", r.Subject(), from)
	case Same:
		return fmt.Sprintf("%s: no regression, %s, which rules out one of %s", r.Subject(), r.Changed(), r.Tolerated())
	case Drift:
		return fmt.Sprintf("%s changed, which cannot be told from drift between runs: %s", r.Subject(), from)
	}
	return fmt.Sprintf("whether %s became worse cannot be told: %s", r.Subject(), from)
}

// Remark says in sentences what a declared row came to, and what would tell more.
func (r Row) Remark() string {
	said := text.Sentence(r.said())
	if r.Verdict == Unknown && r.Visible != nil {
		said += " The smallest change that would have been seen is " + r.Seen() + "."
	}
	if reason := text.Sentence(r.Reason); reason != "" {
		said += " " + reason
	}
	if needs := r.Needs(); needs != "" {
		said += " " + needs + " would tell."
	}
	return said
}

// Needs says how many runs would tell what cannot be told; empty where that is not known.
func (r Row) Needs() string {
	if r.Runs <= 0 || r.Verdict != Unknown && r.Verdict != Drift {
		return ""
	}
	return text.Plural(uint64(r.Runs), "run") + " a side"
}

// digits is how many decimals of a percent tell an interval from none, and its ends from no change.
func (r Row) digits(low, high float64) (n int) {
	wide := 100 * math.Abs(high-low)
	for n = 0; n < 2 && wide*math.Pow10(n) < 5; n++ {
	}
	for _, end := range []float64{low, high} {
		for n < 3 && end != 0 && math.Round(100*math.Abs(end)*math.Pow10(n)) == 0 {
			n++
		}
	}
	return n
}

func (r Row) unit() string {
	if r.Unit == Share {
		return " pp"
	}
	return " %"
}

// mostPercent is the largest change that is written: what is larger only says that next to nothing is known.
const mostPercent = 9999

// signed writes a change in percent or points with so many decimals.
func (r Row) signed(v float64, decimals int) string {
	p := math.Round(1e6*v) / 1e4
	switch {
	case p > mostPercent:
		return fmt.Sprintf(">+%d", mostPercent)
	case p < -mostPercent:
		return fmt.Sprintf("<−%d", mostPercent)
	}
	said := strconv.FormatFloat(math.Abs(p), 'f', decimals, 64)
	switch {
	case strings.Trim(said, "0.") == "":
		return said
	case p < 0:
		return "−" + said
	}
	return "+" + said
}

// Failed writes the share of a run's calls that failed.
func (r Run) Failed() string {
	if r.Errors == nil {
		return text.Unsupported
	}
	return text.Percent(*r.Errors)
}

// percent writes a share that somebody chose.
func percent(share float64) string {
	return strconv.FormatFloat(math.Round(1e4*share)/100, 'f', -1, 64) + " %"
}

// Known is what a side is known by, and how many runs it has. What is not of andon's own is written by the function.
func (s Side) Known(foreign func(string, int) string) (said []string) {
	if s.Name != "" {
		said = append(said, foreign(s.Name, 300))
	}
	said = append(said, text.Plural(uint64(len(s.Runs)), "run"))
	if s.Release != "" {
		said = append(said, "release "+foreign(s.Release, 200))
	}
	if s.Target != "" {
		said = append(said, foreign(s.Target, 200))
	}
	return said
}
