package contracts

import "slices"

// tokenUse is whether a call must say who sends it.
type tokenUse string

const (
	tokensUnsaid   tokenUse = ""
	tokensOptional tokenUse = "optional"
	tokensRequired tokenUse = "required"
)

// beside is what was read of what calls carry besides their bodies.
type beside struct {
	tokens     tokenUse
	ways       [][]Key
	parameters []*Parameter
}

// carried is what follows for the calls, before the parameters have values.
func (b beside) carried() *carried { return &carried{ways: b.ways, open: b.tokens != tokensRequired} }

// usual reports whether calls carry a bearer token, and nothing else.
func (b beside) usual() bool {
	return b.tokens == tokensRequired && len(b.ways) == 1 && slices.Equal(b.ways[0], []Key{{InHeader, "Authorization", bearer}})
}
