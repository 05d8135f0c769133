package wire

import (
	"errors"
	"io"
	"net/http"
	"sync/atomic"
	"time"
)

// Exchange is one request and what came back. The first six fields are the caller's; [Transport.Do] fills in the
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
	// Wanted are the headers of the answer that are kept, as HTTP writes them; see [Exchange.Lines].
	Wanted []string

	// In is the buffer that the response is read into, which another exchange may use again; Answer, a part of it, is
	// the response's body.
	In, Answer  []byte
	Status      int
	ContentType string
	// kept are the lines of the headers that are wanted, in their order.
	kept [][]string
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

	// Owner is whose call it is, for the user of a [Loop]; and Err and End are how and when it ended there: when the
	// kernel had the answer, where it tells and the loop has read it soon after.
	Owner any
	Err   error
	End   time.Time

	// budget is what In takes of beyond readBuffer bytes, and Answer where that is another buffer; held is how much.
	budget *budget
	held   int
}

// LongestUnread is for how long at most a [Loop] may let an answer lie in the kernel, which notes when it came.
const LongestUnread = 2 * time.Millisecond

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

// Lines are those that the answer has of a header that was wanted.
func (x *Exchange) Lines(name string) []string {
	for i, wanted := range x.Wanted {
		if wanted == name && i < len(x.kept) {
			return x.kept[i]
		}
	}
	return nil
}

// keep keeps what is wanted of an answer's headers.
func (x *Exchange) keep(headers http.Header) {
	x.kept = x.kept[:0:0]
	for _, name := range x.Wanted {
		x.kept = append(x.kept, headers[name])
	}
}

// budget is what the answers under way may take beyond the buffer that each call has. One that fits into its buffer
// never comes here.
type budget struct {
	most int64
	used atomic.Int64
}

// ordinary is how large an answer may grow before it has to leave a quarter of the budget to those that are smaller: so
// the largest are given up first.
const ordinary = 64 << 10

// errUnread is why an answer was not read to its end.
var errUnread = errors.New("andon gave the answer up: the answers under way would take more memory than limits.memory allows")

// take has x take so many more bytes of the budget, for a buffer of a size.
func (x *Exchange) take(more, size int) error {
	if x.budget == nil || x.budget.most == 0 {
		return nil
	}
	most := x.budget.most
	if size > ordinary {
		most -= most / 4
	}
	if x.budget.used.Add(int64(more)) > most {
		x.budget.used.Add(-int64(more))
		x.Release() // the others go on
		return errUnread
	}
	x.held += more
	return nil
}

// room makes the buffer ready. One that an answer has grown before counts from the start, or else is let go.
func (x *Exchange) room() {
	if more := cap(x.In) - readBuffer; more < 0 || more > 0 && x.held == 0 && x.take(more, cap(x.In)) != nil {
		x.In = make([]byte, readBuffer)
	}
	x.In = x.In[:cap(x.In)]
}

// Release gives back what the answer took of the memory for answers, when it is of no use any more.
func (x *Exchange) Release() {
	if x.held > 0 {
		x.budget.used.Add(-int64(x.held))
		x.held = 0
	}
}

// larger is the next size of a buffer of n bytes: it grows with what came, not with what was promised.
func larger(n int) int {
	if n < ordinary {
		return min(max(4*n, readBuffer), ordinary)
	}
	return 2 * n
}

// grow gives a larger buffer with what is in b, of size bytes at most, or none.
func (x *Exchange) grow(b []byte, size int) ([]byte, error) {
	size = min(larger(len(b)), size)
	if err := x.take(size-len(b), size); err != nil {
		return nil, err
	}
	grown := make([]byte, size)
	copy(grown, b)
	return grown, nil
}

// readAll reads a body of at most MaxResponse+1 bytes into b, as far as it has room, or else into a larger buffer.
func (x *Exchange) readAll(b []byte, from io.Reader) (_ []byte, err error) {
	b = b[:cap(b)]
	for n := 0; ; {
		if n == len(b) && n <= MaxResponse {
			if b, err = x.grow(b, MaxResponse+1); err != nil {
				return nil, err
			}
		}
		room := b[n:max(min(len(b), MaxResponse+1), n)]
		if len(room) == 0 {
			return b[:n], nil
		}
		m, err := from.Read(room)
		n += m
		if err == io.EOF {
			return b[:n], nil
		} else if err != nil {
			return b[:n], err
		}
	}
}
