package attack

import (
	"time"

	"github.com/kaizenautomation/andon/scenarios/wire"
)

// head is what the calls of a tenant begin with, and the token in it, if that is one for all of them.
type head struct {
	wire.Template
	token string
}

// flight is a call under way, and the memory that it needs.
type flight struct {
	record
	// Exchange is what is sent and what comes back. Its message and its buffer are kept for another call.
	wire.Exchange
	message []byte
	tenant  int
	// heads are what the message begins with.
	heads *[]head
	due   time.Duration // of an open load
	// at is the slot that the call has, and send when it left; away says that it did.
	at   slot
	send time.Duration
	away bool
	// judged says that the answer was held against the contract.
	judged bool
}
