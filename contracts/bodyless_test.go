package contracts

import (
	"strings"
	"testing"
)

// An answer that HTTP allows no body has none, whatever the description says of one.
func TestBodylessAnswer(t *testing.T) {
	d, err := Load("spec.yaml", []byte(strings.Replace(edited(t, "        '200':\n", "        '204':\n"), "          description: The run was accepted and has started.\n", "          description: Gone.\n", 1)))
	if err != nil {
		t.Fatal(err)
	}
	if v := d.JudgeResponse(204, "", nil).Violation; v != nil {
		t.Error(v)
	}
	if doubtful, other := d.Doubt(204, "", nil, nil); doubtful {
		t.Error(other)
	}
	if v := d.JudgeResponse(204, "", []byte("x")).Violation; v == nil {
		t.Error("a body is taken")
	}
}
