package histogram

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
)

// Packed is a histogram at rest: for each bucket that has counts the distance from the one before and the count, as
// varints, about 2.2 bytes for each distinct value of a busy second. The zero value is empty. Histograms of the same
// times are the same bytes, however they were recorded and merged.
type Packed struct {
	exact
	data []byte
}

func (p Packed) each(f func(i int, n uint64)) {
	i := -1
	for data := p.data; len(data) > 0; {
		gap, w := binary.Uvarint(data)
		n, v := binary.Uvarint(data[w:])
		i += int(gap)
		f(i, n)
		data = data[w+v:]
	}
}

// UpTo counts the samples that are no longer than a time in seconds, or not to be told from it.
func (p Packed) UpTo(seconds float64) uint64 {
	last := bucket(min(max(int64(math.Round(seconds*1e9)), 0), Highest))
	var sum uint64
	p.each(func(i int, n uint64) {
		if i <= last {
			sum += n
		}
	})
	return sum
}

// MaxEncoded is more bytes than any histogram takes that AppendBinary writes.
const MaxEncoded = 9*binary.MaxVarintLen64 + bucketCount*(3+binary.MaxVarintLen64)

// maxCount keeps all sums of counts within 63 bits.
const maxCount = 1 << 48

// AppendBinary appends p to b, to be read by [Packed.UnmarshalBinary]: the number of samples and, if there are any,
// their sum in two words, the smallest and the range up to the largest, and then the buckets, all as varints. It never
// fails.
func (p Packed) AppendBinary(b []byte) ([]byte, error) {
	b = binary.AppendUvarint(b, p.n)
	if p.n == 0 {
		return b, nil
	}
	b = binary.AppendUvarint(b, p.sum.High)
	b = binary.AppendUvarint(b, p.sum.Low)
	b = binary.AppendUvarint(b, uint64(p.min))
	b = binary.AppendUvarint(b, uint64(p.max-p.min))
	return append(b, p.data...), nil
}

// UnmarshalBinary makes p what [Packed.AppendBinary] wrote. Whatever is no histogram is an error.
func (p *Packed) UnmarshalBinary(data []byte) error {
	var head [5]uint64
	for i := range head {
		v, w := binary.Uvarint(data)
		if w <= 0 {
			return errors.New("a histogram is cut off")
		}
		head[i], data = v, data[w:]
		if head[0] == 0 {
			break
		}
	}
	q := Packed{exact{n: head[0], sum: Sum{head[1], head[2]}}, slices.Clone(data)}
	if q.n == 0 {
		if len(data) > 0 {
			return errors.New("a histogram of no samples has counts")
		}
		*p = Packed{}
		return nil
	}
	low, width := head[3], head[4]
	if q.n >= maxCount || low > uint64(Highest) || width > uint64(Highest)-low {
		return errors.New("a histogram has times beyond an hour, or more samples than can be")
	}
	q.min, q.max = int64(low), int64(low+width)
	if err := q.check(); err != nil {
		return err
	}
	*p = q
	return nil
}

// check holds the counts of a histogram that was read against each other and against what is kept beside them.
func (p Packed) check() error {
	var n uint64
	var least, most float64
	last := -1
	for data := p.data; len(data) > 0; {
		gap, w := shortest(data)
		count, v := shortest(data[w:])
		if w == 0 || v == 0 {
			return errors.New("a histogram is cut off")
		}
		if gap == 0 || gap >= bucketCount || last+int(gap) >= bucketCount || count == 0 || count >= maxCount {
			return fmt.Errorf("a histogram has no bucket %d places after the %dth with %d samples", gap, last, count)
		}
		if last < 0 && last+int(gap) != bucket(p.min) {
			return errors.New("the smallest time of a histogram is in none of its buckets")
		}
		last += int(gap)
		if n += count; n > p.n {
			break
		}
		least += float64(count) * float64(max(edge(last-1)+1, p.min))
		most += float64(count) * float64(min(edge(last), p.max))
		data = data[w+v:]
	}
	switch {
	case n != p.n:
		return fmt.Errorf("a histogram has counts of %d samples, and should have %d", n, p.n)
	case last != bucket(p.max):
		return errors.New("the largest time of a histogram is in none of its buckets")
	case p.sum.Float() < least*(1-1e-9) || p.sum.Float() > most*(1+1e-9):
		return errors.New("the sum of a histogram's times is not that of its buckets")
	}
	return nil
}

// shortest reads a varint and gives its length, 0 where there is none in its shortest form: two histograms of the same
// times must be the same bytes.
func shortest(data []byte) (v uint64, length int) {
	v, length = binary.Uvarint(data)
	if length < 0 || length > 1 && data[length-1] == 0 {
		return 0, 0
	}
	return v, length
}
