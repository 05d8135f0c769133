package telemetry

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/kaizenautomation/andon/reports/text"
)

// OTLP is an endpoint that takes metrics by OTLP over HTTP, in protobuf: base is its URL without /v1/metrics, such as
// http://127.0.0.1:4318. headers are written as the variable OTEL_EXPORTER_OTLP_HEADERS has them:
// "name=value,name=value", with percent-encoded values; they may be empty.
func OTLP(base, headers string) (*Endpoint, error) {
	e, err := newEndpoint("OTLP", base)
	if err != nil {
		return nil, err
	}
	e.url = e.url.JoinPath("v1", "metrics")
	for _, part := range strings.Split(headers, ",") {
		if strings.TrimSpace(part) == "" {
			continue
		}
		name, value, found := strings.Cut(part, "=")
		name = strings.TrimSpace(name)
		decoded, err := url.PathUnescape(strings.TrimSpace(value))
		if !found || err != nil || !printable(name) || name == "" || strings.ContainsAny(name, " :") || !printable(decoded) {
			// The value may be a secret, and so may the name be where the two were mixed up.
			return nil, fmt.Errorf("OTEL_EXPORTER_OTLP_HEADERS: expected name=value pairs separated by commas, with percent-encoded values")
		}
		e.header.Set(name, decoded)
	}
	e.header.Set("Content-Encoding", "gzip")
	e.encode = func(f []*dto.MetricFamily, m moment) []request {
		var packed bytes.Buffer
		z := gzip.NewWriter(&packed)
		// Writing to memory does not fail.
		_, _ = z.Write(exportRequest(f, m))
		_ = z.Close()
		return []request{{body: packed.Bytes()}}
	}
	e.accepted = partialSuccess
	return e, nil
}

func printable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}

// The numbers of fields are those of opentelemetry-proto, release 1.x:
//
//	ExportMetricsServiceRequest:   resource_metrics 1
//	ResourceMetrics:               resource 1 (attributes 1), scope_metrics 2
//	ScopeMetrics:                  scope 1 (name 1, version 2), metrics 2
//	Metric:                        name 1, description 2, unit 3, gauge 5, sum 7, exponential_histogram 10
//	Gauge, Sum, Exponential…:      data_points 1; aggregation_temporality 2 (2 is cumulative); is_monotonic 3
//	NumberDataPoint:               start 2, time 3 (fixed64, ns), as_double 4, as_int 6 (sfixed64), attributes 7
//	ExponentialHistogramDataPoint: attributes 1, start 2, time 3, count 4 (fixed64), sum 5, scale 6 (sint32),
//	                               zero_count 7 (fixed64), positive 8 (offset 1 sint32, bucket_counts 2),
//	                               zero_threshold 14
//	KeyValue:                      key 1, value 2 (string_value 1)
func exportRequest(families []*dto.MetricFamily, m moment) []byte {
	const cumulative = 2
	attribute := func(out []byte, field protowire.Number, name, value string) []byte {
		return appendMessage(out, field, appendMessage(appendText(nil, 1, name), 2, appendText(nil, 1, value)))
	}
	constant := constants(m.run)
	var scope []byte
	scope = appendMessage(scope, 1, appendText(appendText(nil, 1, "andon"), 2, label(m.run.Andon)))
	for _, f := range families {
		var points []byte
		for _, metric := range f.GetMetric() {
			var p []byte
			attributes := protowire.Number(7)
			h := metric.GetHistogram()
			if h != nil {
				attributes = 1
			}
			for _, l := range metric.GetLabel() {
				if _, known := constant[l.GetName()]; known {
					continue // the resource has it
				}
				p = attribute(p, attributes, l.GetName(), l.GetValue())
			}
			if f.GetType() != dto.MetricType_GAUGE {
				p = appendFixed(p, 2, uint64(m.began.UnixNano()))
			}
			p = appendFixed(p, 3, uint64(m.now.UnixNano()))
			switch {
			case h != nil:
				p = appendExponential(p, h)
			case f.GetType() == dto.MetricType_COUNTER:
				p = appendFixed(p, 6, uint64(metric.GetCounter().GetValue()))
			default:
				p = appendDouble(p, 4, metric.GetGauge().GetValue())
			}
			points = appendMessage(points, 1, p)
		}
		name, unit := named(f.GetName())
		out := appendText(appendText(appendText(nil, 1, name), 2, f.GetHelp()), 3, unit)
		switch f.GetType() {
		case dto.MetricType_COUNTER:
			out = appendMessage(out, 7, appendVarint(appendVarint(points, 2, cumulative), 3, 1))
		case dto.MetricType_GAUGE:
			out = appendMessage(out, 5, points)
		default:
			out = appendMessage(out, 10, appendVarint(points, 2, cumulative))
		}
		scope = appendMessage(scope, 2, out)
	}
	attributes := []pair{{"service.name", "andon"}, {"service.instance.id", label(m.run.ID)}, {"service.version", label(m.run.Andon)}}
	if m.run.Release != "" {
		attributes = append(attributes, pair{"andon.release", label(m.run.Release)})
	}
	for _, name := range slices.Sorted(maps.Keys(m.run.RunLabels)) {
		attributes = append(attributes, pair{"andon.label." + name, label(m.run.RunLabels[name])})
	}
	var resource []byte
	for _, a := range attributes {
		resource = attribute(resource, 1, a.name, a.value)
	}
	return appendMessage(nil, 1, appendMessage(appendMessage(nil, 1, resource), 2, scope))
}

// appendExponential writes a native histogram as OpenTelemetry has it. Both have base 2^(2^−schema); bucket i of
// Prometheus ends at base^i, that of OpenTelemetry begins there.
func appendExponential(p []byte, h *dto.Histogram) []byte {
	p = appendFixed(p, 4, h.GetSampleCount())
	p = appendDouble(p, 5, h.GetSampleSum())
	p = appendVarint(p, 6, protowire.EncodeZigZag(int64(h.GetSchema())))
	p = appendFixed(p, 7, h.GetZeroCount())
	first, counts := buckets(h)
	var packed []byte
	for _, n := range counts {
		packed = protowire.AppendVarint(packed, n)
	}
	positive := appendVarint(nil, 1, protowire.EncodeZigZag(int64(first-1)))
	p = appendMessage(p, 8, appendMessage(positive, 2, packed))
	return appendDouble(p, 14, h.GetZeroThreshold())
}

// buckets spreads the spans of a native histogram out: counts[i] is that of bucket first+i.
func buckets(h *dto.Histogram) (first int, counts []uint64) {
	deltas, value, started := h.GetPositiveDelta(), int64(0), false
	for _, s := range h.GetPositiveSpan() {
		switch {
		case s.GetLength() == 0 && !started:
			// client_golang marks a native histogram without values by an empty span.
			continue
		case !started:
			first, started = int(s.GetOffset()), true
		default:
			counts = append(counts, make([]uint64, max(s.GetOffset(), 0))...)
		}
		for range s.GetLength() {
			if len(deltas) == 0 {
				return first, counts
			}
			value += deltas[0]
			deltas = deltas[1:]
			counts = append(counts, uint64(value))
		}
	}
	return first, counts
}

// named is a metric's name and unit in OpenTelemetry, from which Prometheus' own name is made again where the two meet:
// andon_latency_seconds is andon.latency in s.
func named(name string) (string, string) {
	name, _ = strings.CutSuffix(name, "_total")
	unit := "1"
	for _, u := range []pair{{"_seconds", "s"}, {"_bytes", "By"}} {
		if cut, found := strings.CutSuffix(name, u.name); found {
			name, unit = cut, u.value
		}
	}
	return strings.Replace(name, "andon_", "andon.", 1), unit
}

// partialSuccess reads what an ExportMetricsServiceResponse says of points that were not taken: partial_success 1, in
// it rejected_data_points 1 and error_message 2.
func partialSuccess(body []byte) error {
	var rejected uint64
	var message string
	err := eachField(body, func(field protowire.Number, kind protowire.Type, value []byte, _ uint64) error {
		if field != 1 || kind != protowire.BytesType {
			return nil
		}
		return eachField(value, func(field protowire.Number, kind protowire.Type, value []byte, number uint64) error {
			switch {
			case field == 1 && kind == protowire.VarintType:
				rejected = number
			case field == 2 && kind == protowire.BytesType:
				message = string(value)
			}
			return nil
		})
	})
	switch {
	case err != nil:
		return nil // it was accepted; an answer in another format, such as JSON, says no more than that
	case rejected > 0:
		return fmt.Errorf("%d data points were rejected: %s", rejected, text.Printable(message, 300))
	}
	return nil
}

func eachField(b []byte, f func(field protowire.Number, kind protowire.Type, value []byte, number uint64) error) error {
	for len(b) > 0 {
		field, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return protowire.ParseError(n)
		}
		b = b[n:]
		var value []byte
		var number uint64
		switch kind {
		case protowire.BytesType:
			value, n = protowire.ConsumeBytes(b)
		case protowire.VarintType:
			number, n = protowire.ConsumeVarint(b)
		default:
			n = protowire.ConsumeFieldValue(field, kind, b)
		}
		if n < 0 {
			return protowire.ParseError(n)
		}
		b = b[n:]
		if err := f(field, kind, value, number); err != nil {
			return err
		}
	}
	return nil
}
