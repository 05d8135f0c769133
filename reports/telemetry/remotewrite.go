package telemetry

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"github.com/klauspost/compress/s2"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/encoding/protowire"
)

// RemoteWrite is an endpoint that takes Prometheus' remote write, version 1.0 (header version 0.1.0), such as
// http://127.0.0.1:9090/api/v1/write. authorization is the value of the header Authorization; it may be empty.
//
// A push has two requests: the classic series first, then the native histograms, so that a receiver which knows none of
// the latter still has all counters and classic buckets.
func RemoteWrite(url, authorization string) (*Endpoint, error) {
	e, err := newEndpoint("remote write", url)
	if err != nil {
		return nil, err
	}
	e.header.Set("Content-Encoding", "snappy")
	e.header.Set("X-Prometheus-Remote-Write-Version", "0.1.0")
	if authorization != "" {
		e.header.Set("Authorization", authorization)
	}
	e.encode = func(f []*dto.MetricFamily, m moment) []request {
		shared := []pair{{"job", "andon"}, {"instance", m.run.ID}}
		return []request{
			{body: s2.EncodeSnappy(nil, classicSeries(f, shared, m.now.UnixMilli()))},
			{body: s2.EncodeSnappy(nil, nativeSeries(f, shared, m.now.UnixMilli())), optional: "native histograms"},
		}
	}
	return e, nil
}

// pair is a label.
type pair struct{ name, value string }

// The numbers of fields are those of prometheus/prometheus, prompb/remote.proto and prompb/types.proto:
//
//	WriteRequest: timeseries 1
//	TimeSeries:   labels 1, samples 2, histograms 4
//	Label:        name 1, value 2
//	Sample:       value 1 (double), timestamp 2 (int64, ms)
//	Histogram:    count_int 1, sum 3 (double), schema 4 (sint32), zero_threshold 5 (double), zero_count_int 6,
//	              positive_spans 11, positive_deltas 12 (packed sint64), timestamp 15 (int64, ms)
//	BucketSpan:   offset 1 (sint32), length 2
func classicSeries(families []*dto.MetricFamily, shared []pair, ms int64) (out []byte) {
	sample := func(name string, labels []pair, value float64) {
		var s []byte
		s = appendDouble(s, 1, value)
		s = appendVarint(s, 2, uint64(ms))
		out = appendMessage(out, 1, appendMessage(appendLabels(nil, name, labels), 2, s))
	}
	for _, f := range families {
		name := f.GetName()
		for _, m := range f.GetMetric() {
			labels := labelsOf(m, shared)
			h := m.GetHistogram()
			if h == nil {
				sample(name, labels, number(m))
				continue
			}
			for _, b := range h.GetBucket() {
				if !math.IsInf(b.GetUpperBound(), 1) {
					le := strconv.FormatFloat(b.GetUpperBound(), 'g', -1, 64)
					sample(name+"_bucket", append(slices.Clip(labels), pair{"le", le}), float64(b.GetCumulativeCount()))
				}
			}
			sample(name+"_bucket", append(slices.Clip(labels), pair{"le", "+Inf"}), float64(h.GetSampleCount()))
			sample(name+"_sum", labels, h.GetSampleSum())
			sample(name+"_count", labels, float64(h.GetSampleCount()))
		}
	}
	return out
}

func nativeSeries(families []*dto.MetricFamily, shared []pair, ms int64) (out []byte) {
	for _, f := range families {
		for _, m := range f.GetMetric() {
			h := m.GetHistogram()
			if h == nil {
				continue
			}
			var b []byte
			b = appendVarint(b, 1, h.GetSampleCount())
			b = appendDouble(b, 3, h.GetSampleSum())
			b = appendVarint(b, 4, protowire.EncodeZigZag(int64(h.GetSchema())))
			b = appendDouble(b, 5, h.GetZeroThreshold())
			b = appendVarint(b, 6, h.GetZeroCount())
			for _, s := range h.GetPositiveSpan() {
				var span []byte
				span = appendVarint(span, 1, protowire.EncodeZigZag(int64(s.GetOffset())))
				span = appendVarint(span, 2, uint64(s.GetLength()))
				b = appendMessage(b, 11, span)
			}
			var deltas []byte
			for _, d := range h.GetPositiveDelta() {
				deltas = protowire.AppendVarint(deltas, protowire.EncodeZigZag(d))
			}
			b = appendMessage(b, 12, deltas)
			b = appendVarint(b, 15, uint64(ms))
			out = appendMessage(out, 1, appendMessage(appendLabels(nil, f.GetName(), labelsOf(m, shared)), 4, b))
		}
	}
	return out
}

func number(m *dto.Metric) float64 {
	if m.GetCounter() != nil {
		return m.GetCounter().GetValue()
	}
	return m.GetGauge().GetValue()
}

func labelsOf(m *dto.Metric, shared []pair) []pair {
	labels := slices.Clone(shared)
	for _, l := range m.GetLabel() {
		labels = append(labels, pair{l.GetName(), l.GetValue()})
	}
	return labels
}

// appendLabels appends the labels in the order of their names, which the protocol asks for.
func appendLabels(out []byte, name string, labels []pair) []byte {
	labels = append(slices.Clone(labels), pair{"__name__", name})
	slices.SortFunc(labels, func(a, b pair) int { return cmp.Compare(a.name, b.name) })
	for _, l := range labels {
		out = appendMessage(out, 1, appendText(appendText(nil, 1, l.name), 2, l.value))
	}
	return out
}

func appendMessage(out []byte, field protowire.Number, message []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(out, field, protowire.BytesType), message)
}

func appendText(out []byte, field protowire.Number, text string) []byte {
	return protowire.AppendString(protowire.AppendTag(out, field, protowire.BytesType), text)
}

func appendVarint(out []byte, field protowire.Number, v uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(out, field, protowire.VarintType), v)
}

func appendFixed(out []byte, field protowire.Number, v uint64) []byte {
	return protowire.AppendFixed64(protowire.AppendTag(out, field, protowire.Fixed64Type), v)
}

func appendDouble(out []byte, field protowire.Number, v float64) []byte {
	return appendFixed(out, field, math.Float64bits(v))
}
