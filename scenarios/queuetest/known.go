package queuetest

import "math/rand/v2"

// Objective is that no more than the share Allowed of the calls takes longer than Limit seconds.
type Objective struct{ Limit, Allowed float64 }

// Known is a queue with the highest rate at which it meets an objective.
type Known struct {
	Name      string
	Queue     Queue
	Objective Objective
	Capacity  float64
}

// All are the queues that searches are held against: a p95 of 250 ms, where a call is served in 50 ms on average.
func All() (all []Known) {
	const service = .05
	objective := Objective{Limit: 5 * service, Allowed: .05}
	for _, workers := range []int{1, 4, 16} {
		most := float64(workers) / service
		add := func(name string, times func(*rand.Rand) float64, capacity float64) {
			all = append(all, Known{name, Queue{Workers: workers, Service: times}, objective, capacity})
		}
		number := map[int]string{1: "1", 4: "4", 16: "16"}[workers]
		add("M/D/"+number, Fixed(service), Capacity(func(rate float64) Truth { return MDC(workers, rate, service) },
			most, objective.Limit, objective.Allowed))
		add("M/M/"+number, Exponential(service), Capacity(func(rate float64) Truth { return MMC(workers, rate, service) },
			most, objective.Limit, objective.Allowed))
		// No formula is known for these; what is given here was simulated, to a thousandth.
		add("lognormal/"+number, Lognormal(service, .4), most*map[int]float64{1: .6395, 4: .8982, 16: .9734}[workers])
	}
	return all
}
