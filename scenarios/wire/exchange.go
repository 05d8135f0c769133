package wire

import "time"

// Exchange is one request and what came back. The first four fields are the caller's; [Transport.Do] fills in the
// others.
type Exchange struct {
	// N is the call's number, which its trace id follows from.
	N uint64
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
	// Connected and Begun say how far it came: to a connection, to the end of the response's head.
	Connected, Begun bool
	// Dial and Handshake are what a new connection took, 0 where there was one. First is when the first byte of the
	// response came; it is zero if none did, or if the whole response came at once.
	Dial, Handshake time.Duration
	// Queued is for how long the call waited for its turn to connect.
	Queued time.Duration
	First  time.Time
}
