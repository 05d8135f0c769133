package metrics

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"math"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Spread is how the latency of many hits is spread. Times are in seconds.
type Spread struct {
	// Samples is the number of hits; Mean and Max are exact (up to an hour), and null over no sample.
	Samples   uint64
	Mean, Max *float64
	// Deviation is the standard deviation, with the histograms' 3 digits; 0 over no sample.
	Deviation float64
	// Steps go up to the highest percentile that the samples support (see [Needed]), ever closer; the last is the maximum.
	Steps []Step
}

// Step says that of all hits Samples, Quantile of them (0 to 1), took Value seconds or less.
type Step struct {
	Value, Quantile float64
	Samples         uint64
}

// stepsPerHalf is how many steps there are on the way to half of the hits, and then to half of the rest each time, as
// HdrHistogram's own tools have it.
const stepsPerHalf = 5

// Spread is the latency of the measured phases: of one tier, or without the deliberately invalid calls of all of
// them if tier is empty. The times of invalid calls are in those of their own tier.
func (a *Aggregator) Spread(tier string) Spread {
	g := a.measured()
	if tier != "" {
		g = a.newGroup(true)
		for p, phase := range a.labels.Phases {
			for c, class := range a.labels.Classes {
				if !phase.Warmup && class.Tier == tier {
					g.add(p, c)
				}
			}
		}
	}
	sum := g.latency()
	d := Spread{Samples: sum.n, Mean: sum.mean(), Max: sum.maximum()}
	if sum.n == 0 {
		return d
	}
	h := sum.histogram()
	d.Deviation = h.StdDev() / 1e9
	for _, b := range h.CumulativeDistributionWithTicks(stepsPerHalf) {
		// The last step before the end is where the count reaches all: it can stand for a percentile beyond what the
		// samples support, and the maximum says as much.
		if b.Quantile < 100 && (b.Quantile == 0 || sum.n >= Needed(b.Quantile)) {
			d.Steps = append(d.Steps, Step{inSeconds(min(b.ValueAt, sum.max)), b.Quantile / 100, uint64(b.Count)})
		}
	}
	d.Steps = append(d.Steps, Step{inSeconds(sum.max), 1, sum.n})
	return d
}

// TierStretch is the latency of the hits of one tier that were due in one stretch of the run.
type TierStretch struct {
	// StartSeconds and Seconds place the stretch on the run's clock.
	StartSeconds, Seconds float64
	// Tier is empty for all tiers but deliberately invalid calls.
	Tier string
	// Max is the longest latency, in seconds.
	Max float64
	// Histogram is the histogram as interval logs have it: in nanoseconds, HdrHistogram's encoding V2, compressed, in Base64.
	// It is the callee's for the length of the call.
	Histogram []byte
}

// EachTier gives the stretches of the measured phases in which a hit was timed, by time, first of all tiers, then of each;
// until f fails. Together they are what [Aggregator.Spread] is made of.
func (v *Stretches) EachTier(f func(TierStretch) error) error {
	type of struct {
		tier string
		in   func(*stretchCell) bool
	}
	groups := []of{{"", func(c *stretchCell) bool { return !v.labels.Classes[c.class].Invalid }}}
	seen := map[string]bool{}
	for _, class := range v.labels.Classes {
		if !seen[class.Tier] {
			seen[class.Tier] = true
			groups = append(groups, of{class.Tier, func(c *stretchCell) bool { return v.labels.Classes[c.class].Tier == class.Tier }})
		}
	}
	encoder := newEncoder()
	cells := v.ordered()
	for len(cells) > 0 {
		n := 1
		for n < len(cells) && cells[n].slot == cells[0].slot {
			n++
		}
		for _, g := range groups {
			v.pile.reset()
			for _, c := range cells[:n] {
				if !v.labels.Phases[c.phase].Warmup && g.in(c) {
					v.pile.addPacked(c.latency)
				}
			}
			if v.pile.n == 0 {
				continue
			}
			i := TierStretch{
				StartSeconds: (time.Duration(cells[0].slot) * v.width).Seconds(), Seconds: v.width.Seconds(), Tier: g.tier,
				Max: inSeconds(v.pile.max), Histogram: encoder.encode(v.pile),
			}
			if err := f(i); err != nil {
				return err
			}
		}
		cells = cells[n:]
	}
	return nil
}

// encoder writes histograms in HdrHistogram's encoding V2. The library's own encoder walks over all buckets and sets up a
// compressor for each histogram, which takes ten times as long; a test holds the two together.
type encoder struct {
	counts, packed, text []byte
	compressed           bytes.Buffer
	zlib                 *zlib.Writer
}

func newEncoder() *encoder {
	e := new(encoder)
	e.zlib = zlib.NewWriter(&e.compressed)
	return e
}

// encode gives a histogram, which is the encoder's until the next. The format: a head of 40 bytes with a cookie, the length
// of the counts, an offset, the configuration and a ratio; then a signed varint (ZigZag, LEB128) for each count, where -n
// stands for n empty buckets. All that is compressed by zlib behind a cookie and a length, and written in Base64.
func (e *encoder) encode(p *pile) []byte {
	e.counts = e.counts[:0]
	at := 0
	p.each(func(i int, n uint64) bool {
		switch empty := i - at; empty {
		case 0:
		case 1:
			e.counts = append(e.counts, 0)
		default:
			e.counts = binary.AppendVarint(e.counts, int64(-empty))
		}
		e.counts = binary.AppendVarint(e.counts, int64(n))
		at = i + 1
		return true
	})
	const cookie = 0x10 // the size of a word, which readers mask
	h := binary.BigEndian.AppendUint32(e.packed[:0], uint32(hdrhistogram.V2EncodingCookieBase|cookie))
	h = binary.BigEndian.AppendUint32(h, uint32(len(e.counts)))
	h = binary.BigEndian.AppendUint32(h, 0)
	h = binary.BigEndian.AppendUint32(h, digits)
	h = binary.BigEndian.AppendUint64(h, uint64(lowest))
	h = binary.BigEndian.AppendUint64(h, uint64(highest))
	h = binary.BigEndian.AppendUint64(h, math.Float64bits(1))
	e.compressed.Reset()
	e.zlib.Reset(&e.compressed)
	// A buffer takes whatever it is given.
	_, _ = e.zlib.Write(h)
	_, _ = e.zlib.Write(e.counts)
	_ = e.zlib.Close()
	h = binary.BigEndian.AppendUint32(h[:0], uint32(hdrhistogram.V2CompressedEncodingCookieBase|cookie))
	h = binary.BigEndian.AppendUint32(h, uint32(e.compressed.Len()))
	h = append(h, e.compressed.Bytes()...)
	e.packed = h
	e.text = base64.StdEncoding.AppendEncode(e.text[:0], h)
	return e.text
}
