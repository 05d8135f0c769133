package contracts

import (
	"testing"

	"github.com/kaizenautomation/andon"
)

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, err := Load("openapi.yaml", andon.Spec); err != nil {
			b.Fatal(err)
		}
	}
}
