package wire

import "time"

const (
	// MaxResponse is how much of a response's body is read: an answer to the call is a few hundred bytes.
	MaxResponse = 1 << 20
	// maxHead is how much of a response's head is read, as in the transport of net/http that the rest is held against.
	maxHead = 64 << 10
	// maxInterim is how many answers of the 1xx kind may come before the real one, again as net/http has it.
	maxInterim = 5
	// readBuffer is where a response goes: an ordinary one fits with its head.
	readBuffer = 4 << 10
	// inline is how much is written before anything is read. It fits into any socket's buffer, so that the write does
	// not wait for a provider that answers before it has read the request.
	inline = 8 << 10
	// dialTimeout is how long connecting may take.
	dialTimeout = 10 * time.Second
	// preflightTimeout is how long each step of [Preflight] may take.
	preflightTimeout = 5 * time.Second
	// dials is how many connections are set up at a time, so that a provider that comes back after a stall is not met
	// by all callers at once.
	dials = 64
	// quickDial is how long one of them takes at most, on average, where the target's side does not make it wait: a few
	// round trips across a continent, or as many handshakes at once as there are turns on one core.
	quickDial = 250 * time.Millisecond
)
