package contracts

import (
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// formats are those that OpenAPI has beyond JSON Schema, and that providers hold calls to.
func formats() []*jsonschema.Format {
	whole := func(bits int) func(any) error {
		limit := float64(uint64(1) << (bits - 1))
		return func(v any) error {
			var n float64
			switch v := v.(type) {
			case json.Number:
				n, _ = v.Float64()
			case float64:
				n = v
			default:
				return nil
			}
			if n < -limit || n >= limit {
				return fmt.Errorf("it does not fit into %d bits", bits)
			}
			return nil
		}
	}
	return []*jsonschema.Format{
		{Name: "byte", Validate: func(v any) error {
			if s, ok := v.(string); ok {
				_, err := base64.StdEncoding.DecodeString(s)
				return err
			}
			return nil
		}},
		{Name: "int32", Validate: whole(32)},
		{Name: "int64", Validate: whole(64)},
	}
}
