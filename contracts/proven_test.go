package contracts_test

import (
	"bytes"
	"testing"

	"github.com/kaizenautomation/andon"
	"github.com/kaizenautomation/andon/contracts"
)

// What is built in is valid, so that nothing is left to be found when the second opinion is first asked for.
func TestBuiltInIsProven(t *testing.T) {
	t.Parallel()
	loaded, err := contracts.Load("openapi.yaml", andon.Spec)
	if err != nil {
		t.Fatal(err)
	}
	d, err := contracts.Choice{}.Proven("openapi.yaml", andon.Spec)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(d.Document().Root.AppendJSON(nil), loaded.Document().Root.AppendJSON(nil)) {
		t.Error("an example does not conform: it is there only where the description is held to be valid")
	}
	if err := d.CrosscheckRequest([]byte(`{"content": [{"type": "text", "text": "a"}]}`)); err != nil {
		t.Errorf("the second opinion of a valid request: %v", err)
	}
	if err := d.CrosscheckRequest([]byte(`{"content": 1}`)); err == nil {
		t.Error("the second opinion finds nothing wrong with a content that is a number")
	}
}
