package reports

import _ "embed"

// BaselineSchema is the JSON Schema of what is shown of a baseline.
//
//go:embed baseline.schema.json
var BaselineSchema []byte
