package sizing

// The kinds of a capacity.
const (
	Interval = "interval"
	AtLeast  = "at-least"
	AtMost   = "at-most"
	Unknown  = "unknown"
)

// Capacity is the highest rate at which something holds.
type Capacity struct {
	Kind string `json:"kind"`
	// Rate is the best estimate, and Low and High the interval; Low alone is set for at-least, High alone for at-most.
	Rate float64  `json:"rate,omitempty"`
	Low  *float64 `json:"low,omitempty"`
	High *float64 `json:"high,omitempty"`
	// Confidence is that of the interval, such as 0.95.
	Confidence float64 `json:"confidence"`
	// Highest is the highest rate that a trial showed to hold, and Lowest the lowest that one showed to be broken.
	Highest float64 `json:"highest,omitempty"`
	Lowest  float64 `json:"lowest,omitempty"`
	// NotMonotone says that a rate held above one that was clearly broken, and Hysteresis that a rate held or broke by
	// whether it was come to from above; both are sentences.
	NotMonotone string `json:"notMonotone,omitempty"`
	Hysteresis  string `json:"hysteresis,omitempty"`
	// Spread is by how much trials at one rate differ, as a share of the rate (a standard deviation).
	Spread float64 `json:"spread"`
	// InFlight is the mean number of calls in flight at this rate (rate × mean time; J. D. C. Little, "A Proof for the
	// Queuing Formula L = λW", 1961), and Goodput the calls a second that kept all objectives of a call.
	InFlight float64 `json:"inFlight,omitempty"`
	Goodput  float64 `json:"goodput,omitempty"`
	// Headroom is Low ÷ the rate that is needed, less 1; nil where none is.
	Headroom *float64 `json:"headroom,omitempty"`
	// Broke is what broke first; nil where nothing did.
	Broke *Broke `json:"broke,omitempty"`
	// Curve is what the objective that broke first does by the rate, as fitted: shares of calls over its limit.
	Curve []CurvePoint `json:"curve,omitempty"`
	// Why says in a sentence how the answer came about where it is no interval.
	Why string `json:"why,omitempty"`
}

// CurvePoint is a fitted share at a rate, with the interval of the fit.
type CurvePoint struct {
	Rate  float64 `json:"rate"`
	Share float64 `json:"share"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// Broke is what broke first, from the lowest trial that was broken beside the highest that held.
type Broke struct {
	// Objective is an index into Report.Objectives; Held and Failed are trials by their number.
	Objective int `json:"objective"`
	Held      int `json:"held,omitempty"`
	Failed    int `json:"failed"`
	// HeldShare and FailedShare are the shares of calls over the limit in the two.
	HeldShare   float64 `json:"heldShare"`
	FailedShare float64 `json:"failedShare"`
	// Tier and Class are those in which the share grew most; empty where all grew alike.
	Tier  string `json:"tier,omitempty"`
	Class string `json:"class,omitempty"`
	// Phase is the part of a call that grew most: "connect", "tls", "wait" or "read"; PhaseSeconds by how much its p95
	// did.
	Phase        string  `json:"phase,omitempty"`
	PhaseSeconds float64 `json:"phaseSeconds,omitempty"`
	// Status is the most frequent status that came anew, such as "503"; empty where there was none.
	Status      string  `json:"status,omitempty"`
	StatusShare float64 `json:"statusShare,omitempty"`
	// Saturated says that calls in flight and latency grew together.
	Saturated bool `json:"saturated,omitempty"`
	// Sentence is all of it in words.
	Sentence string `json:"sentence"`
}

// Bounds are an estimate and its interval.
type Bounds struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}
