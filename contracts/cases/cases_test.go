package cases

import (
	"testing"

	"github.com/kaizenautomation/andon"
	"github.com/kaizenautomation/andon/contracts"
)

func loaded(t testing.TB) *contracts.Description {
	t.Helper()
	d, err := contracts.Load("openapi.yaml", andon.Spec)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
