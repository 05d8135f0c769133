package contracts

import _ "embed"

// Pact is the pact of openapi.yaml (V4, JSON): every case that Pact can hold. Package pact makes it and holds it up to
// date.
//
//go:embed pacts/andon-agents.json
var Pact []byte
