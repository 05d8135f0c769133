// Package results holds the record of one call and the files in which a run keeps them.
//
// A run directory is complete in itself: the manifest says what was planned, the rows say what came of it, the samples
// show one response for each kind of trouble, and the vitals say how the generator itself did. Everything that andon
// prints about a run can be made again from these files without sending a call.
package results

import (
	"slices"
	"time"
)

// Row is what is kept of one call, sent or not. It holds no text and no pointer, so that a row costs the same whatever
// the provider answered; texts live once, in [Labels].
//
// Lag and Service are float32 seconds because that is how they are stored (relative error 6e-8, four orders below the
// histograms' resolution): figures made live and figures made from the file are then the same to the last digit.
type Row struct {
	// N is the call's number in the plan, from 0.
	N uint32
	// Due is when the plan wanted the call sent, counted from the start of the run. In a closed loop nothing is due,
	// and Due is the moment of sending.
	Due time.Duration
	// Lag is actual send − due, in seconds. For a dropped call it is the time that it had waited when it was given up.
	Lag float32
	// OwnLag is the part of Lag, in seconds, that is the generator's own doing: by so much it left later than if the
	// generator had never stood still, whoever had the slots.
	OwnLag float32
	// Service is send → last byte, in seconds, or the time until the call was given up. It is 0 for a dropped call.
	Service float32
	// Connect, TLS and Read are parts of Service, in seconds: what a new connection took, 0 where one was open already;
	// its handshake; and first byte → last byte, 0 where the whole response came at once. What is left is [Row.Wait].
	Connect, TLS, Read float32
	// Stall is the part of Service, in seconds, by which the generator itself may have lengthened it: its own process
	// stood still when the call went out or when the answer may have come, or had the call wait for its turn to
	// connect. That part of the time says nothing about the provider.
	Stall float32
	// Status is the HTTP status, or 0 where no response head arrived.
	Status uint16
	// Class is an index into Labels.Classes.
	Class uint16
	// Phase is an index into Labels.Phases.
	Phase uint8
	// Error says what kept the call from being a success, None if nothing did.
	Error Kind
	// Rule is an index into Labels.Rules: the rule of the contract that the response broke; 0 is "none broken".
	Rule uint8
	// BytesIn and BytesOut count the bodies, without heads.
	BytesIn, BytesOut uint32
	// RetryAfter is in how many seconds a shed call may be made again, as the answer has it; 0 where it does not say.
	RetryAfter float32
}

// Latency is due → last byte, the headline figure: the wait for a free slot is in it.
func (r Row) Latency() time.Duration { return seconds(r.Lag) + seconds(r.Service) }

// ServiceTime is send → last byte.
func (r Row) ServiceTime() time.Duration { return seconds(r.Service) }

// Wait is the part of Service, in seconds, between a connection and the first byte of the response: the sending of the
// request, the way there and back, and the provider's own time.
func (r Row) Wait() float32 { return max(r.Service-r.Connect-r.TLS-r.Read, 0) }

// Sent reports whether the call left for the target at all: the generator had what it takes, and a proxy let it
// through.
func (r Row) Sent() bool { return r.Error != Dropped && r.Error != Unsent && !r.Error.Kept() }

// Completed reports whether a whole response was read, whatever it said.
func (r Row) Completed() bool { return r.Error.completed() }

// OK reports whether the call went as the contract wants: a success for a valid call, a refusal for an invalid one.
func (r Row) OK() bool { return r.Error == None }

// Outcome is what the provider made of a call, whether or not the contract wants it so.
type Outcome uint8

// The outcomes.
const (
	OutcomeNone     Outcome = iota // it was never sent, or andon gave it up
	OutcomeAccepted                // a whole response with a status 2xx
	OutcomeShed                    // refused because there was too much to do: 429, or 503 with Retry-After
	OutcomeRefused                 // any other status 3xx or 4xx
	OutcomeFailed                  // any other status, or no whole response
	outcomes
)

// String is the outcome's name in reports and files; that of OutcomeNone is empty.
func (o Outcome) String() string {
	return [outcomes]string{"", "accepted", "shed", "refused", "failed"}[min(o, outcomes-1)]
}

// Outcomes lists the outcomes of calls that had one.
func Outcomes() []Outcome {
	return []Outcome{OutcomeAccepted, OutcomeShed, OutcomeRefused, OutcomeFailed}
}

// Outcome is what became of the call. The kind of error tells it; where an answer was as it should be, or broke the
// contract, its status does.
func (r Row) Outcome() Outcome {
	switch k := r.Error; {
	case k == None || k == Contract:
		if class := r.Status / 100; class == 3 || class == 4 {
			return OutcomeRefused
		}
		return OutcomeAccepted
	case k == Accepted:
		return OutcomeAccepted
	case k == Shed:
		return OutcomeShed
	case k == Status3xx || k == Status4xx:
		return OutcomeRefused
	case !r.Sent() || k.GivenUp():
		return OutcomeNone
	}
	return OutcomeFailed
}

// Timed reports whether the call's times say something about the provider. A whole response does; so does a call that
// was given up after a wait, whose true latency is at least the time recorded: leaving it out would make the
// percentiles look better the worse the provider is. A connection that was refused or broke says nothing about how long
// an answer takes.
func (r Row) Timed() bool {
	switch r.Error {
	case TimeoutWaiting, TimeoutReading, Dropped:
		return true
	}
	return r.Completed()
}

func seconds(s float32) time.Duration { return time.Duration(float64(s) * float64(time.Second)) }

// Kind says what kept a call from being a success. The list is closed, so that counts by kind stay small whatever a
// provider does. The values are stored in files: append, never reorder.
type Kind uint8

// The kinds, in the order of a call's life.
const (
	None           Kind = iota
	Dropped             // due, but it waited longer than its timeout for a free slot
	Unsent              // due, but the run ended first
	DNS                 // the name did not resolve
	DialRefused         // nobody listens there
	DialTimeout         // no answer to the connection attempt
	Dial                // any other failure to connect
	TLS                 // the handshake failed
	Reset               // the connection was reset or closed before a whole response
	TimeoutWaiting      // no response head within the timeout
	TimeoutReading      // a response head, but not the whole body within the timeout
	BadHTTP             // bytes that are no HTTP response
	BodyLimit           // a body larger than andon reads
	Canceled            // given up because the run was stopped
	Other               // a transport error of no known kind
	Status3xx           // redirects are not followed
	Status4xx           // a valid call was refused
	Status5xx           // the provider failed
	StatusOther         // a status outside 200–599
	Contract            // the status is a success, but the response breaks the contract
	Accepted            // a deliberately invalid call was accepted

	Descriptors  // the generator may open no more files and sockets
	LocalPorts   // the generator's machine has no port left for a connection to the target
	LocalMemory  // the generator's machine has no memory left for a connection
	ProxyRefused // nobody listens where the proxy should be
	ProxyTimeout // no answer from the proxy to the attempt to connect through it
	Proxy        // any other failure of the proxy: it turned the call back, or broke off

	Shed // the provider had too much to do: 429, or 503 with Retry-After; neither a success nor an error

	Unread // andon gave the answer up, since those under way took too much memory
	kinds
)

var kindNames = [kinds]string{
	"", "dropped", "unsent", "dns", "dial-refused", "dial-timeout", "dial", "tls", "reset", "timeout-waiting",
	"timeout-reading", "bad-http", "body-limit", "canceled", "other", "http-3xx", "http-4xx", "http-5xx", "http-other",
	"contract", "accepted-invalid", "descriptors", "local-ports", "local-memory", "proxy-refused", "proxy-timeout", "proxy",
	"shed", "unread",
}

// String is the kind's name in reports and files; None is the empty string.
func (k Kind) String() string {
	if k < kinds {
		return kindNames[k]
	}
	return "unknown"
}

// KindNames lists the names of all kinds, by value.
func KindNames() []string { return append([]string(nil), kindNames[:]...) }

func (k Kind) completed() bool { return k == None || k >= Status3xx && k <= Accepted || k == Shed }

// Theirs reports whether the call ended by what the target itself said or did: it answered, or its machine refused the
// connection, which it does where nobody listens. However late a generator is, it makes neither of them, and what it
// may be short of itself (files, ports, memory) has kinds of its own. Of the others nobody knows that: a wait may have
// been andon's, a name and a way to the target are not the target's alone, and a target may break off a connection or
// a handshake that a generator has left standing.
func (k Kind) Theirs() bool {
	return k.completed() || k == DialRefused || k == BadHTTP || k == BodyLimit
}

// GivenUp reports whether andon gave the call up, which had been sent: what the target would have said is not known.
func (k Kind) GivenUp() bool { return k == Canceled || k == Unread }

// Own reports whether the generator's own machine kept the call from being sent.
func (k Kind) Own() bool { return k >= Descriptors && k <= LocalMemory }

// ByProxy reports whether a proxy between the generator and the target kept the call from it.
func (k Kind) ByProxy() bool { return k >= ProxyRefused && k <= Proxy }

// Kept reports whether the call was kept from the target by what stands before it: it says nothing of the target.
func (k Kind) Kept() bool { return k.Own() || k.ByProxy() }

// Reached reports whether there was a connection to the target, and no whole response came of it.
func (k Kind) Reached() bool { return k >= Reset && k <= BodyLimit || k == Unread }

// Class is the label under which a call is counted: tier × content signature.
type Class struct {
	// Name is the content signature and the tier, "text+file.Lite". The class of the deliberately invalid calls has one
	// name for all three, "invalid", or another one where a tier or a content type of the description is called that.
	Name string `json:"name"`
	// Tier is a tier of the description, or [Labels.NoTier] where the field is left out.
	Tier string `json:"tier"`
	// Content is the item types joined with "+", "empty" for an empty list, "none" where the field is left out.
	Content string `json:"content"`
	// Invalid marks the class of the deliberately invalid calls. It is counted in the totals, but its latency is not
	// part of theirs: a refusal is quick, and would flatter them.
	Invalid bool `json:"invalid,omitempty"`
}

// Phase is a part of the run.
type Phase struct {
	Name string `json:"name"`
	// Of is the phase of the scenario that this one is a step of, or a part of a spike; empty where it is a whole one.
	// Who selects it selects all its steps.
	Of string `json:"of,omitempty"`
	// Shape is what the scenario asks for, in its own words: "100/s", "ramp 100/s → 400/s", "50 callers (closed loop)".
	Shape string `json:"shape"`
	// Warmup phases are sent and shown, and left out of figures and thresholds.
	Warmup bool `json:"warmup,omitempty"`
	// Closed phases are closed loops: nothing is due, and latency is service time.
	Closed bool `json:"closed,omitempty"`
	// Steady phases ask for the same load all along: one rate, or one number of callers. PeriodSeconds is after how long
	// the load of a phase begins again, 0 where it does not. Runs that were made before they were kept say neither.
	Steady        bool    `json:"steady,omitempty"`
	PeriodSeconds float64 `json:"periodSeconds,omitempty"`
	// StartSeconds and Seconds place the phase on the run's clock.
	StartSeconds float64 `json:"startSeconds"`
	Seconds      float64 `json:"seconds"`
}

// Labels are the texts that rows refer to by index.
type Labels struct {
	Classes []Class `json:"classes"`
	// NoTier is the tier of the calls that name none, where it is not "default", which a tier of the description can be
	// called too.
	NoTier string  `json:"noTier,omitempty"`
	Phases []Phase `json:"phases"`
	// Rules are the rules that a response can break; Rules[0] is "".
	Rules []string `json:"rules"`
	// Waived says of each rule whether a known deviation waives it; nil where none does. Rows say what was broken all the
	// same, so that nothing is lost.
	Waived []bool `json:"waived,omitempty"`
}

// Waives reports whether a known deviation waives a rule, by its index.
func (l *Labels) Waives(rule uint8) bool { return int(rule) < len(l.Waived) && l.Waived[rule] }

// Counted is a rule as it counts: 0, which is none, where it is waived.
func (l *Labels) Counted(rule uint8) uint8 {
	if l.Waives(rule) {
		return 0
	}
	return rule
}

// Judged is a row as it counts: one that only broke a waived rule is no failure. The rule stays in it.
func (l *Labels) Judged(r Row) Row {
	if r.Rule > 0 && l.Waives(r.Rule) && (r.Error == Contract || r.Error == Accepted) {
		r.Error = None
	}
	return r
}

// Waive has known deviations hold, those that have not expired.
func (m *Manifest) Waive(list []Deviation) {
	m.Deviations = list
	m.Labels.Waived = nil
	for _, d := range list {
		for i, rule := range m.Labels.Rules {
			if d.Expired || !slices.Contains(d.Rules, rule) {
				continue
			}
			if m.Labels.Waived == nil {
				m.Labels.Waived = make([]bool, len(m.Labels.Rules))
			}
			m.Labels.Waived[i] = true
		}
	}
}

// Deviation is a known breach of the contract that a run was told to waive.
type Deviation struct {
	// Rules are the rules that it waives, by name; Why says for which reason, Ask whom to ask, Until the last day on which
	// it holds, as 2026-12-31. File and Line are where it was written.
	Rules []string `json:"rules"`
	Why   string   `json:"why"`
	Ask   string   `json:"ask,omitempty"`
	Until string   `json:"until"`
	File  string   `json:"file"`
	Line  int      `json:"line"`
	// Expired ones were over when the run began, so that they waive nothing.
	Expired bool `json:"expired,omitempty"`
}

// Manifest says what a run is: it is written before the first call, and everything that a report needs besides the
// rows is in it.
type Manifest struct {
	// Schema names this format: "andon.run/2".
	Schema string `json:"schema"`
	// Andon is the version of the tool.
	Andon string `json:"andon"`
	// ID is the run's name, unique within its parent folder.
	ID       string `json:"id"`
	Scenario string `json:"scenario"`
	Seed     uint64 `json:"seed"`
	Target   string `json:"target"`
	// Unchecked are the rules of Labels that were switched off.
	Unchecked []string `json:"unchecked,omitempty"`
	// Method and Path say which call was made below the target; empty in runs that were made before they were kept.
	Method string `json:"method,omitempty"`
	Path   string `json:"path,omitempty"`
	// Parameters are what was given for those of the call, as name=value; Chosen says that the call is not the one that
	// the description names.
	Parameters []string  `json:"parameters,omitempty"`
	Chosen     bool      `json:"chosen,omitempty"`
	Started    time.Time `json:"started"`
	// SpecSHA256 is the hash, in hex, of the description that responses were judged by.
	SpecSHA256 string `json:"specSha256"`
	// PlanSHA256 is the digest, in hex, of what decides which calls are sent, when, and by what they are judged, apart
	// from the seed; Plan is what it is of, so that what differs between two runs can be named. Both are empty where
	// another version of andon wrote the manifest.
	PlanSHA256 string `json:"planSha256,omitempty"`
	Plan       []Part `json:"plan,omitempty"`
	// Provider is how the embedded provider behaved; nil where the target was another.
	Provider []Part `json:"provider,omitempty"`
	// Release is what was deployed at the target, and RunLabels are what else the run is known by, in the words of
	// whoever started it; see [CheckRunLabels].
	Release   string            `json:"release,omitempty"`
	RunLabels map[string]string `json:"runLabels,omitempty"`
	Labels    Labels            `json:"labels"`
	// Deviations are the known ones that the run was told of.
	Deviations []Deviation `json:"deviations,omitempty"`
	// Insecure says that any certificate of the target was taken.
	Insecure bool `json:"insecure,omitempty"`
	// Planned counts the calls of the plan by phase and class (Planned[phase][class]); null in a closed loop, which
	// plans no number.
	Planned [][]uint64 `json:"planned"`
	// Thresholds are the scenario's, in order.
	Thresholds []Threshold `json:"thresholds"`
	// TimeoutSeconds and InFlight are the limits that the run was under.
	TimeoutSeconds float64 `json:"timeoutSeconds"`
	InFlight       int     `json:"inFlight"`
	// LagSeconds is how late 1 call in 100 may leave before the run is something else than plainly valid; 0 is the
	// tolerance of a scenario that names none.
	LagSeconds float64 `json:"lagSeconds,omitempty"`
	// PacingSeconds is how much later than due calls were allowed to leave.
	PacingSeconds float64 `json:"pacingSeconds,omitempty"`
	// Traces is the number from which the trace ids of the calls follow (see [TraceID]), another one for each run: two
	// runs of one seed are two sets of traces. 0 says that calls carried no traceparent header.
	Traces uint64 `json:"traces,omitempty"`
	// Following says how it is found out what becomes of the executions that calls start; nil where it is not.
	Following *Following `json:"following,omitempty"`
	// Paired says that the run shared its time with another; nil where it had all of it.
	Paired *Paired `json:"paired,omitempty"`
	// Shard says which part of a run on several machines this one is; nil where it is the whole.
	Shard *Shard `json:"shard,omitempty"`
	// Generator is what the calls were sent with.
	Generator Generator `json:"generator"`
	// HitsHead is the SHA-256, in hex, of the first message of hits.arrow; [Create] fills it in.
	HitsHead string `json:"hitsHead"`
	// Sums are the CRC-32C, in hex, of the caller's files, by name; [Create] fills it in.
	Sums map[string]string `json:"sums,omitempty"`
}

// Part is one part of a plan, by its place in a scenario, and what it says in words.
type Part struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// Vitals are how the generator itself did during about one second of a run.
type Vitals struct {
	// AtSeconds is the end of that second, on the run's clock; Seconds is its length.
	AtSeconds float64 `json:"atSeconds"`
	Seconds   float64 `json:"seconds"`
	// CPUSeconds is the processor time that the process took, over all cores.
	CPUSeconds float64 `json:"cpuSeconds"`
	// PauseSeconds is for how long garbage collections stopped the process in all, PauseMax for how long at once.
	PauseSeconds float64 `json:"pauseSeconds"`
	PauseMax     float64 `json:"pauseMax"`
	// StallSeconds is for how long the process stood still where it should have woken: it was paused, or other
	// processes had the cores. StallMax is the longest time at once.
	StallSeconds float64 `json:"stallSeconds"`
	StallMax     float64 `json:"stallMax"`
	// InFlight is the mean number of calls on the wire over Samples looks at it, at random moments; it is what
	// Little's law is checked by.
	InFlight float64 `json:"inFlight"`
	Samples  uint64  `json:"samples"`
	// WaitedSeconds is for how long calls merely waited through those times, added up over the calls: the generator was
	// awake again when their answers came.
	WaitedSeconds float64 `json:"waitedSeconds,omitempty"`
	// Queue is the most records that waited to be counted and kept.
	Queue int `json:"queue"`
	// BlockedSeconds is for how long callers could not go on because their records were not taken, on average over as
	// many as there may be. WriteMax is how long the longest write to the run directory took.
	BlockedSeconds float64 `json:"blockedSeconds,omitempty"`
	WriteMax       float64 `json:"writeMax,omitempty"`
	Machine        Machine `json:"machine,omitzero"`
	// Connections is how many connections were set up since the run began, those before the first call among them.
	Connections uint64 `json:"connections"`
	// Unasked is on how many of them bytes came that nobody had asked for.
	Unasked uint64 `json:"unasked,omitempty"`
	// Repeated counts the answers since the run began whose executionId another answer had before.
	Repeated uint64 `json:"repeated,omitempty"`
	// Encoded counts the answers since the run began whose bodies were compressed, which no call asks for.
	Encoded uint64 `json:"encoded,omitempty"`
	// Protocol is the protocol that was spoken, as the answers have it.
	Protocol string `json:"protocol,omitempty"`
}

// Machine is what the system lets the process have, and what it took from it. What is not known is 0.
type Machine struct {
	// Quota is how many processors the process may use on average by the limit of its container. The time goes in
	// Periods, in Throttled of which it had used up what it may, and was held back.
	Quota     float64 `json:"quota,omitempty"`
	Periods   uint64  `json:"periods,omitempty"`
	Throttled uint64  `json:"throttled,omitempty"`
	// StolenSeconds is for how long the host of a virtual machine gave its processors to others, added up over them.
	StolenSeconds float64 `json:"stolenSeconds,omitempty"`
	// MemoryLimit is how many bytes its container may use, Memory how many it does, without what can be read again from
	// files, and MemoryFull how often there were none left.
	MemoryLimit uint64 `json:"memoryLimit,omitempty"`
	Memory      uint64 `json:"memory,omitempty"`
	MemoryFull  uint64 `json:"memoryFull,omitempty"`
}

// Threshold is one condition on a run's figures.
type Threshold struct {
	Expr string `json:"expr"`
	// Abort ends the run as soon as the condition is broken, but not before AfterSeconds of the run have passed.
	Abort        bool    `json:"abort,omitempty"`
	AfterSeconds float64 `json:"afterSeconds,omitempty"`
}

// Sample is one example of a kind of trouble: the first call that met it. What the provider sent is quoted as it came,
// shortened; whoever shows it escapes it.
type Sample struct {
	// Kind is an error kind's name, and Rule a contract rule's; one of them may be empty.
	Kind string `json:"kind,omitempty"`
	Rule string `json:"rule,omitempty"`
	N    uint32 `json:"n"`
	// Class is the class's name.
	Class string `json:"class"`
	// AtSeconds is when the call was due, on the run's clock.
	AtSeconds float64 `json:"atSeconds"`
	Status    int     `json:"status,omitempty"`
	// Message says in one sentence what was wrong.
	Message string `json:"message"`
	// Pointer is the place in the response's body that broke the rule, as a JSON Pointer; empty where there is none.
	Pointer string `json:"pointer,omitempty"`
	// Body is the beginning of the response's body.
	Body string `json:"body,omitempty"`
}
