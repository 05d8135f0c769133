package reports

import _ "embed"

// CapacitySchema is the JSON Schema of capacity.json.
//
//go:embed capacity.schema.json
var CapacitySchema []byte
