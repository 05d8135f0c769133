package scenarios

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/kaizenautomation/andon/contracts"
)

// A source appends one value, as JSON, for the call that w stands for.
type source func(dst []byte, w *draw) []byte

// A draw is the randomness of one call, and room to build it in.
type draw struct {
	n       uint64
	pcg     rand.PCG
	rng     *rand.Rand
	call    contracts.Call
	fields  []contracts.Field
	items   []contracts.Item
	values  []byte
	scratch []byte
	// rows are those of the files of data that the call takes its values from.
	rows []chosen
}

// chosen is the row of a file of data that a call takes its values from, and which of the file's sources have taken
// theirs. A row that is held is that of the whole call.
type chosen struct {
	drawn, held bool
	row         int
	taken       []bool
}

func newDraw() *draw {
	w := &draw{}
	w.rng = rand.New(&w.pcg)
	return w
}

// reset makes w the draw of call n: what it yields is a function of the seed and n.
func (w *draw) reset(seed, n uint64) {
	w.n = n
	w.pcg.Seed(seed, n*0x9e3779b97f4a7c15+0x632be59bd9b4e019)
	for i := range w.rows {
		w.rows[i].drawn, w.rows[i].held = false, false
	}
}

// row is the row of a file of data, of so many, from which a source takes its value. All sources of a file are given
// the same row, so that what belongs together stays together; a source that asks again, for a second item of its type,
// begins another, unless the row is held.
func (w *draw) row(file, source, rows int) int {
	c := w.of(file)
	if c.held {
		return c.row
	}
	for len(c.taken) <= source {
		c.taken = append(c.taken, false)
	}
	if !c.drawn || c.taken[source] {
		c.drawn, c.row = true, w.rng.IntN(rows)
		clear(c.taken)
	}
	c.taken[source] = true
	return c.row
}

// hold has all of the call be of one row of a file.
func (w *draw) hold(file, row int) {
	c := w.of(file)
	c.held, c.row = true, row
}

// of is what is chosen of a file.
func (w *draw) of(file int) *chosen {
	for len(w.rows) <= file {
		w.rows = append(w.rows, chosen{})
	}
	return &w.rows[file]
}

// maxText is how long a text may be.
const maxText = 1 << 20

// maxLevels is how deep an object may be.
const maxLevels = 32

func pickOne(values [][]byte) source {
	return func(dst []byte, w *draw) []byte { return append(dst, values[w.rng.IntN(len(values))]...) }
}

// corpus is the text of which generated texts are cut: sentences that look like what people ask of an agent. It has no
// character that JSON escapes, so that cutting it anywhere is cheap. Commands that send nothing need not make it.
var corpus = sync.OnceValues(makeCorpus)

func makeCorpus() (string, []int) {
	rng := rand.New(rand.NewPCG(20, 26))
	lists := strings.Split(`Summarise Compare Translate Check Rewrite Explain List Classify Extract Review
attached quarterly open latest signed unpaid missing regional internal customer
report contract invoices tickets notes orders messages figures minutes complaints
for from with before against without
team board supplier auditor manager release region client budget deadline
name return keep sort mark quote
risks owners dates amounts causes steps open-questions differences examples
stop wait explain-why ask-for-approval send-it-to-the-owner leave-the-rest-unchanged`, "\n")
	var words [8][]string
	for i := range words {
		words[i] = strings.Fields(lists[i])
	}
	var b strings.Builder
	b.Grow(66 << 10)
	pick := func(list int, after string) {
		b.WriteString(words[list][rng.IntN(len(words[list]))])
		b.WriteString(after)
	}
	var starts []int
	for b.Len() < 64<<10 {
		starts = append(starts, b.Len())
		pick(0, " the ")
		pick(1, " ")
		pick(2, " ")
		pick(3, " the ")
		pick(4, ", then ")
		pick(5, " ")
		b.WriteString(strconv.Itoa(2 + rng.IntN(18)))
		b.WriteByte(' ')
		pick(6, " and ")
		pick(7, ". ")
	}
	return b.String(), starts
}

func textSource(length func(*rand.Rand) int) source {
	corpus, sentences := corpus()
	return func(dst []byte, w *draw) []byte {
		n, at := length(w.rng), sentences[w.rng.IntN(len(sentences))]
		dst = append(dst, '"')
		for n > 0 {
			part := corpus[at:min(at+n, len(corpus))]
			dst = append(dst, part...)
			n -= len(part)
			at = 0
		}
		return append(dst, '"')
	}
}

// objectSource gives objects of so many members, the last of which is such an object itself, down to so many levels.
func objectSource(size, depth uint64) source {
	corpus, sentences := corpus()
	var object func(dst []byte, w *draw, depth uint64) []byte
	object = func(dst []byte, w *draw, depth uint64) []byte {
		dst = append(dst, '{')
		for i := range size {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(strconv.AppendUint(append(dst, `"key`...), i+1, 10), '"', ':')
			switch bits := w.rng.Uint64(); {
			case i == size-1 && depth > 1:
				dst = object(dst, w, depth-1)
			case bits%4 == 0:
				dst = strconv.AppendUint(dst, bits>>8%100_000, 10)
			case bits%4 == 1:
				dst = strconv.AppendBool(dst, bits>>8%2 == 0)
			case bits%4 == 2:
				dst = append(dst, '"')
				dst = time.Unix(int64(1_700_000_000+bits>>8%100_000_000), 0).UTC().AppendFormat(dst, time.RFC3339)
				dst = append(dst, '"')
			default:
				at := sentences[bits>>8%uint64(len(sentences))]
				dst = append(dst, '"')
				dst = append(dst, corpus[at:min(at+24, len(corpus))]...)
				dst = append(dst, '"')
			}
		}
		return append(dst, '}')
	}
	return func(dst []byte, w *draw) []byte { return object(dst, w, depth) }
}
