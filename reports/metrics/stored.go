package metrics

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/kaizenautomation/andon/reports/histogram"
	"github.com/kaizenautomation/andon/reports/results"
)

// Keep keeps the histograms of a run in its directory: all that reports are made of but single calls, so that they need
// no rows. a has been given all rows of the run; the stretches are made of the rows now, since making them while the
// run goes on would cost the one goroutine that everything measured passes through two fifths more time. Of a run whose
// rows are not whole nothing is kept: what is left of the rows says what is known of it.
func Keep(run *results.Run, a *Aggregator) error {
	v := NewStretches(run.Labels)
	complete, err := run.Rows(v.Add)
	if err != nil || !complete {
		return err
	}
	return run.WriteHistograms(func(w io.Writer) error { return Write(w, a, v) })
}

// Kept reads what [Keep] has kept. The error is fs.ErrNotExist where nothing was, and where it is of other rows than
// those that are in the directory now.
func Kept(run *results.Run) (a *Aggregator, v *Stretches, err error) {
	err = run.ReadHistograms(func(r io.Reader) error {
		a, v, err = Read(run.Manifest, r)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	return a, v, nil
}

// Write writes the state of a and of v, which were given the same rows. The same rows are the same bytes, in whatever
// order they came. Baselines keep them beyond the version of andon that wrote them: where another form is written,
// their files have another version too.
func Write(w io.Writer, a *Aggregator, v *Stretches) error {
	b := bufio.NewWriterSize(w, 64<<10)
	c := &codec{w: b, labels: &a.labels, kinds: len(a.kinds)}
	a.code(c)
	v.code(c)
	return cmp.Or(c.err, b.Flush())
}

// Read reads what [Write] wrote of a run. Whatever else is read is an error
// with its place, and takes memory by what is read alone.
func Read(m results.Manifest, r io.Reader) (*Aggregator, *Stretches, error) {
	a, v := Of(m), NewStretches(m.Labels)
	c := &codec{r: bufio.NewReaderSize(r, 64<<10), labels: &a.labels, kinds: len(a.kinds)}
	a.code(c)
	v.code(c)
	if c.err == nil {
		if _, err := c.r.ReadByte(); !errors.Is(err, io.EOF) {
			c.fail("expected the end")
		}
	}
	return a, v, c.err
}

// A codec writes or reads numbers and histograms, so that the format stands in one place for both directions. The first
// error ends it: what comes after is not written, and read as zeros.
type codec struct {
	w *bufio.Writer // nil where it reads
	r *bufio.Reader
	// at is how many bytes were read, in what is being read.
	at     int64
	in     string
	err    error
	labels *results.Labels
	// kinds is how many kinds of error there are: when reading, how many the writer knew.
	kinds   int
	buf     []byte
	working []byte
}

func (c *codec) reads() bool { return c.w == nil }

func (c *codec) fail(format string, args ...any) {
	if c.err == nil {
		c.err = fmt.Errorf("%s, at byte %d: %s", c.in, c.at, fmt.Sprintf(format, args...))
	}
}

// ReadByte implements io.ByteReader.
func (c *codec) ReadByte() (byte, error) {
	b, err := c.r.ReadByte()
	if err == nil {
		c.at++
	}
	return b, err
}

// uint is a number.
func (c *codec) uint(v *uint64) {
	switch {
	case c.err != nil:
		if c.reads() {
			*v = 0
		}
	case c.reads():
		var err error
		if *v, err = binary.ReadUvarint(c); err != nil {
			*v = 0
			c.fail("a number is cut off, or none: %v", err)
		}
	default:
		c.buf = binary.AppendUvarint(c.buf[:0], *v)
		_, c.err = c.w.Write(c.buf)
	}
}

// number is a number of some other type, of at most so much.
func number[T ~uint8 | ~uint16 | ~uint32 | ~int | ~int64 | ~uint](c *codec, v *T, most T) {
	n := uint64(*v)
	c.uint(&n)
	if !c.reads() {
		return
	}
	if n > uint64(most) {
		c.fail("expected at most %d, found %d", most, n)
		n = 0
	}
	*v = T(n)
}

// list is the length of a list, and then each of its entries. What is read grows with what was read.
func list[T any](c *codec, s *[]T, most int, entry func(*T)) {
	n := len(*s)
	number(c, &n, most)
	if c.reads() {
		*s = nil
	}
	for i := 0; i < n && c.err == nil; i++ {
		if c.reads() {
			*s = append(*s, *new(T))
		}
		entry(&(*s)[i])
	}
}

// optional is something that may not be there.
func optional[T any](c *codec, v **T, code func(*T)) {
	there := 0
	if *v != nil {
		there = 1
	}
	if number(c, &there, 1); there == 0 {
		*v = nil
		return
	}
	if c.reads() {
		*v = new(T)
	}
	code(*v)
}

func (c *codec) packed(p *histogram.Packed) {
	if !c.reads() {
		data, err := p.AppendBinary(nil)
		c.err = cmp.Or(c.err, err)
		n := uint64(len(data))
		if c.uint(&n); c.err == nil {
			_, c.err = c.w.Write(data)
		}
		return
	}
	*p = histogram.Packed{}
	var n int
	if number(c, &n, histogram.MaxEncoded); c.err != nil {
		return
	}
	c.buf = slices.Grow(c.buf[:0], n)[:n]
	if _, err := io.ReadFull(c.r, c.buf); err != nil {
		c.fail("a histogram of %d bytes is cut off: %v", n, err)
	} else if err := p.UnmarshalBinary(c.buf); err != nil {
		c.fail("%v", err)
	}
	c.at += int64(n)
}

func (c *codec) recorder(r *histogram.Recorder) {
	if !c.reads() {
		p := r.Pack(&c.working)
		c.packed(&p)
		return
	}
	var p histogram.Packed
	c.packed(&p)
	r.Merge(p)
}

func (c *codec) counts(n *Counts) {
	for _, v := range []*uint64{
		&n.Due, &n.Sent, &n.Completed, &n.OK, &n.Errors, &n.Violations, &n.Dropped, &n.Accepted, &n.Shed, &n.Refused,
	} {
		c.uint(v)
	}
}

func (c *codec) sum(s *histogram.Sum) {
	c.uint(&s.High)
	c.uint(&s.Low)
}

func (c *codec) bounds(b *bounds) {
	c.recorder(&b.clean)
	optional(c, &b.touched, func(t *touched) {
		c.recorder(&t.measured)
		c.recorder(&t.less)
	})
}

// text is a short one.
func (c *codec) text(s *string) {
	b := []byte(*s)
	list(c, &b, 1<<16, func(v *byte) { number(c, v, 255) })
	*s = string(b)
}

// latest is beyond every moment of a run.
const latest = time.Duration(1<<63 - 1)

// code writes or reads the state of a: all but what a live view asks for.
func (a *Aggregator) code(c *codec) {
	c.in = "head"
	for _, shape := range []int{len(a.labels.Phases), len(a.labels.Classes), len(a.labels.Rules)} {
		n := shape
		if number(c, &n, 1<<16); n != shape && c.err == nil {
			c.fail("the run has %d phases, classes or rules there, and what was kept %d", shape, n)
		}
	}
	// Kinds may be appended in later versions; a reader that knows more than the writer did reads the same.
	if number(c, &c.kinds, len(a.kinds)); c.kinds == 0 {
		c.fail("expected kinds of errors, found none")
	}
	c.sum(&a.busy)
	number(c, &a.sentUntil, latest)
	c.in = "classes"
	for i := range a.cells {
		optional(c, &a.cells[i], func(cell *cell) { cell.code(c, len(a.kinds)) })
	}
	c.in = "lag"
	for i := range a.lag {
		optional(c, &a.lag[i], c.bounds)
		optional(c, &a.ownLag[i], c.recorder)
	}
	c.in = "parts of the service time"
	for i := range a.parts {
		optional(c, &a.parts[i], func(p *parts) {
			for _, r := range []*histogram.Recorder{&p.connect, &p.tls, &p.wait, &p.read} {
				c.recorder(r)
			}
		})
	}
	c.in = "slowest calls"
	for i := range a.slowest {
		a.slowest[i].code(c)
	}
	c.in = "limits"
	a.pace.code(c)
	a.codeWatches(c)
	c.in = "timeline"
	a.timeline.code(c)
}

// codeWatches writes or reads what was counted of limits. One that this version of andon does not watch is passed over,
// and one that the writer has not watched stays without a count.
func (a *Aggregator) codeWatches(c *codec) {
	a.tellAll()
	kept := make([]watch, len(a.watches))
	for i, w := range a.watches {
		kept[i] = *w
	}
	list(c, &kept, 1<<16, func(w *watch) {
		if c.reads() {
			w.series = new(series)
		}
		c.text(&w.key)
		w.series.code(c, a.pace)
		c.within(&w.measured)
		c.within(&w.less)
	})
	if !c.reads() {
		return
	}
	for _, w := range a.watches {
		if i := slices.IndexFunc(kept, func(k watch) bool { return k.key == w.key }); i >= 0 {
			w.measured, w.less = kept[i].measured, kept[i].less
			*w.series = *kept[i].series
		}
	}
}

func (c *codec) within(k *within) {
	c.uint(&k.n)
	c.uint(&k.below)
	c.uint(&k.upTo)
}

func (p *pace) code(c *codec) {
	number(c, &p.shift, maxShift)
	list(c, &p.beats, longest, func(b *beat) {
		c.uint(&b.due)
		c.uint(&b.left)
		c.uint(&b.answered)
	})
}

func (s *series) code(c *codec, p *pace) {
	list(c, &s.slots, longest, func(s *sums) {
		c.within(&s.measured)
		c.within(&s.less)
	})
	for _, k := range []**stack{&s.measured, &s.less} {
		optional(c, k, func(k *stack) {
			if !c.reads() {
				k.settle(p)
			}
			list(c, &k.packed, longest, c.packed)
		})
	}
}

func (c *cell) code(k *codec, kinds int) {
	k.counts(&c.Counts)
	for _, v := range []*time.Duration{&c.left.measured, &c.left.less, &c.answered.measured, &c.answered.less} {
		number(k, v, latest)
	}
	k.uint(&c.bytesIn)
	k.uint(&c.bytesOut)
	if k.reads() {
		c.kinds = make([]uint64, kinds)
	}
	for i := range k.kinds {
		k.uint(&c.kinds[i])
	}
	list(k, &c.rules, len(k.labels.Rules), k.uint)
	if len(c.rules) > 0 && len(c.rules) != len(k.labels.Rules) {
		k.fail("expected counts of %d rules, found %d", len(k.labels.Rules), len(c.rules))
	}
	slices.SortFunc(c.status, func(a, b statusCount) int { return cmp.Compare(a.status, b.status) })
	list(k, &c.status, 1000, func(s *statusCount) {
		number(k, &s.status, 999)
		k.uint(&s.n)
	})
	for _, v := range []*uint64{&c.retry.n, &c.retry.min, &c.retry.max} {
		k.uint(v)
	}
	for i := range c.times {
		optional(k, &c.times[i], func(t *cellTimes) {
			k.bounds(&t.latency)
			k.bounds(&t.service)
		})
	}
}

func (c *slowestOfClass) code(k *codec) {
	number(k, &c.used, len(c.calls))
	for i := range c.calls[:c.used] {
		call := &c.calls[i]
		number(k, &call.latency, histogram.Highest)
		number(k, &call.n, 1<<32-1)
		number(k, &call.status, 1<<16-1)
		number(k, &call.kind, results.Kind(k.kinds-1))
	}
}

// maxShift is of slots so wide that no time is beyond the last of them.
const maxShift = 25

func (t *timeline) code(c *codec) {
	t.sealAll()
	number(c, &t.shift, maxShift)
	number(c, &t.until, latest)
	list(c, &t.slots, slots, func(s *slot) {
		c.counts(&s.Counts)
		small := func(n *uint32) { number(c, n, 1<<32-1) }
		list(c, &s.kinds, c.kinds, small)
		list(c, &s.rules, len(c.labels.Rules), small)
		for _, v := range []*uint64{&s.n, &s.left, &s.ended, &s.answered, &s.leftSum, &s.endedSum, &s.touched} {
			c.uint(v)
		}
		c.sum(&s.sum)
		number(c, &s.max, histogram.Highest)
		number(c, &s.own, histogram.Highest)
		c.packed(&s.latency)
	})
}

// code writes or reads the state of v.
func (v *Stretches) code(c *codec) {
	c.in = "stretches"
	seconds := int64(v.width / time.Second)
	number(c, &seconds, 1<<(maxShift-2))
	if seconds == 0 || seconds&(seconds-1) != 0 {
		c.fail("stretches of %d seconds", seconds)
		return
	}
	v.width = time.Duration(seconds) * time.Second
	ordered := v.ordered()
	n := len(ordered)
	number(c, &n, maxStretches*len(v.labels.Phases)*len(v.labels.Classes))
	var slot uint32
	for i := 0; i < n && c.err == nil; i++ {
		var cell stretchCell
		if !c.reads() {
			cell = *ordered[i]
		}
		gap := cell.slot - slot
		number(c, &gap, maxStretches-1-slot)
		slot += gap
		cell.slot = slot
		if time.Duration(slot) > maxDue/v.width {
			c.fail("a stretch begins beyond all time")
		}
		number(c, &cell.phase, uint8(len(v.labels.Phases)-1))
		number(c, &cell.class, uint16(len(v.labels.Classes)-1))
		cell.code(c)
		if !c.reads() || c.err != nil {
			continue
		}
		before := len(v.cells)
		if at := v.cell(slot, cell.phase, cell.class); len(v.cells) > before {
			v.cells[at] = cell
		} else {
			c.fail("a class has two stretches at once")
		}
	}
}

func (c *stretchCell) code(k *codec) {
	k.counts(&c.Counts)
	slices.SortFunc(c.tallies, func(a, b tally) int { return cmp.Or(cmp.Compare(a.of, b.of), cmp.Compare(a.index, b.index)) })
	most := [ofRule + 1]uint16{ofStatus: 999, ofKind: uint16(k.kinds - 1), ofRule: uint16(len(k.labels.Rules) - 1)}
	list(k, &c.tallies, 1000+k.kinds+len(k.labels.Rules), func(t *tally) {
		number(k, &t.of, ofRule)
		number(k, &t.index, most[t.of])
		k.uint(&t.n)
	})
	k.packed(&c.latency)
}
