package telemetry

import (
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

// renewed are figures that are made anew each time that they are told, so that counts can be corrected. Before that
// there are none.
type renewed struct {
	list atomic.Pointer[[]prometheus.Collector]
}

func (r *renewed) become(list []prometheus.Collector) { r.list.Store(&list) }

// Describe implements prometheus.Collector. What there will be is not known.
func (r *renewed) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (r *renewed) Collect(to chan<- prometheus.Metric) {
	if list := r.list.Load(); list != nil {
		for _, c := range *list {
			c.Collect(to)
		}
	}
}
