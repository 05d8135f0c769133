package contracts

// Severity is what a change of the description means for those who call.
type Severity string

const (
	// Breaking changes break callers that kept the old description.
	Breaking Severity = "breaking"
	// Risky changes can break some of them.
	Risky Severity = "risky"
	// Harmless changes break nobody.
	Harmless Severity = "harmless"
)

// Change is one difference between two descriptions: as oasdiff tells it, or as a value shows it.
type Change struct {
	// ID is oasdiff's name of the kind of change, request-property-became-required, or else one of the constants below.
	ID       string
	Severity Severity
	// Text says in a sentence what changed.
	Text string
	// Operation is the call that it is about ("POST /agents/execute"); empty where it is none.
	Operation string
	// Value shows it, where one does: a call or an answer that the one description allows and the other forbids, and
	// Pointer says where in it.
	Value   string
	Pointer string
	// Line is where the newer description says so; 0 is not known.
	Line int
}

const (
	// Narrowed says that a call was allowed, and is forbidden.
	Narrowed = "request-narrowed"
	// Widened says that an answer was forbidden, and is allowed.
	Widened = "response-widened"
)
