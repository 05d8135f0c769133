package sizing

// Mix is the capacity by the share of one value in the mix.
type Mix struct {
	// Of is what is mixed, such as "tier", and Value the value that Share is of.
	Of     string     `json:"of"`
	Value  string     `json:"value"`
	Other  string     `json:"other,omitempty"`
	Points []MixPoint `json:"points"`
	// Departure says in a sentence where the capacities lie outside of what a pool shared by both would take, which is
	// predicted from those at share 0 and 1: 1/λ = f/λ1 + (1−f)/λ0. It is empty where they do not.
	Departure string `json:"departure,omitempty"`
}

// MixPoint is the capacity at one share.
type MixPoint struct {
	Share    float64  `json:"share"`
	Capacity Capacity `json:"capacity"`
	// Predicted is what a pool shared by both would take; nil at the ends, which it is made of.
	Predicted *Bounds `json:"predicted,omitempty"`
	// Apart marks a capacity of which the interval leaves the prediction's out.
	Apart bool `json:"apart,omitempty"`
}

// Isolation is what one tier does to another.
type Isolation struct {
	// Tier is the one that is measured, at Rate calls a second all along, and Beside the one that is added.
	Tier   string  `json:"tier"`
	Beside string  `json:"beside"`
	Rate   float64 `json:"rate"`
	// Capacity is the highest rate of Beside alone.
	Capacity float64          `json:"capacity"`
	Points   []IsolationPoint `json:"points"`
	// Sentence says whether the tiers are isolated.
	Sentence string `json:"sentence"`
}

// IsolationPoint is what the measured tier's p99 does beside a load of the other.
type IsolationPoint struct {
	// Load is that of Beside, as a share of its capacity; 0 is the tier alone.
	Load float64 `json:"load"`
	P99  float64 `json:"p99"`
	// Change is of the p99 against the tier alone, in seconds; nil for that itself, and where it cannot be told.
	Change *Bounds `json:"change,omitempty"`
	// AtLeast is the low end of the change where it has no high one: the slow calls came in too few clusters to tell.
	AtLeast *float64 `json:"atLeast,omitempty"`
	Trial   int      `json:"trial"`
}

// Scaling is the Universal Scalability Law (N. J. Gunther, "Guerrilla Capacity Planning", 2007), fitted to throughput
// by callers.
type Scaling struct {
	// Refused says why there is no fit; empty where there is one.
	Refused string         `json:"refused,omitempty"`
	Levels  []ScalingLevel `json:"levels"`
	// Alpha is the share of contention, Beta of coherency, and Gamma the throughput of one caller, in calls a second.
	Alpha Bounds `json:"alpha"`
	Beta  Bounds `json:"beta"`
	Gamma Bounds `json:"gamma"`
	// R2 is the share of the variance that the fit explains; PeakCallers is where it is highest, 0 where it has no peak.
	R2          float64 `json:"r2"`
	PeakCallers float64 `json:"peakCallers,omitempty"`
	Peak        float64 `json:"peak,omitempty"`
}

// ScalingLevel is what so many callers got through.
type ScalingLevel struct {
	Callers    int     `json:"callers"`
	Throughput float64 `json:"throughput"`
	P50        float64 `json:"p50"`
	Fitted     float64 `json:"fitted,omitempty"`
	Trial      int     `json:"trial"`
}

// Replicas are how many are needed for a rate.
type Replicas struct {
	Measured int     `json:"measured"`
	Need     float64 `json:"need"`
	// Reserve is the share of each replica's capacity that is kept free.
	Reserve float64 `json:"reserve"`
	// Each is what one replica takes, by the low end of the capacity.
	Each   float64 `json:"each"`
	Needed int     `json:"needed"`
	// Assumptions are sentences to be read beside the number.
	Assumptions []string `json:"assumptions"`
}

// Soak is a long run at a share of the capacity.
type Soak struct {
	Rate    float64  `json:"rate"`
	Share   float64  `json:"share"`
	Seconds float64  `json:"seconds"`
	Trial   int      `json:"trial"`
	Drift   []string `json:"drift,omitempty"`
	// Sentence says whether anything drifted.
	Sentence string `json:"sentence"`
}
