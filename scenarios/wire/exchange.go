package wire

import "time"

// Exchange is one request and what came back. The first five fields are the caller's; [Transport.Do] fills in the
// others.
type Exchange struct {
	// N is the call's number, which its trace id follows from.
	N uint64
	// Tenant is whose request it is: what was asked of [Config.Request] and [Config.Template].
	Tenant int
	// Message is the request as it goes over the wire; its body begins at Body.
	Message []byte
	Body    int
	// Deadline is when the call is given up.
	Deadline time.Time

	// In is the buffer that the response is read into, which another exchange may use again; Answer, a part of it, is
	// the response's body.
	In, Answer  []byte
	Status      int
	ContentType string
	// Later says that the answer named a time after which to come again, RetryAfter is how long that is, at most a day.
	Later      bool
	RetryAfter time.Duration
	// Connected and Begun say how far it came: to a connection, to the end of the response's head.
	Connected, Begun bool
	// Dial and Handshake are what a new connection took, 0 where there was one. First is when the first byte of the
	// response came; it is zero if none did, or if the whole response came at once.
	Dial, Handshake time.Duration
	// Queued is for how long the call waited for its turn to connect.
	Queued time.Duration
	First  time.Time
}

// Seen is what was seen of the target besides its answers.
type Seen struct {
	// Unasked is on how many connections bytes came that nobody had asked for, which were closed for it; as far as that
	// is seen. Bytes that come when the next request is out cannot be told from its answer, and net/http does not say.
	Unasked uint64
	// Encoded counts the answers with a compressed body, which no request asks for.
	Encoded uint64
	// Protocol is the protocol that was spoken, as the answers have it; empty before the first, and where there is no
	// choice.
	Protocol string
}
