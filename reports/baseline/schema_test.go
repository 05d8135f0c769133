package baseline_test

import (
	"bytes"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/kaizenautomation/andon/reports"
	"github.com/kaizenautomation/andon/reports/baseline"
	"github.com/kaizenautomation/andon/reports/reportstest"
)

// What is shown conforms to the schema that ships, in which every field has its place.
func TestSchema(t *testing.T) {
	reportstest.CheckSchema(t, reports.BaselineSchema, reflect.TypeFor[baseline.Report]())
	b, err := baseline.Open(filepath.Join("testdata", "v1.baseline"))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := baseline.Encode(&out, b.Report()); err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(&out)
	if err != nil {
		t.Fatal(err)
	}
	if err := reportstest.Compiled(t, reports.BaselineSchema).Validate(value); err != nil {
		t.Error(err)
	}
}
