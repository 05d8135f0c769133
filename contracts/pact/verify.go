//go:build pact

package pact

import (
	"testing"
	"time"

	"github.com/pact-foundation/pact-go/v2/log"
	"github.com/pact-foundation/pact-go/v2/models"
	"github.com/pact-foundation/pact-go/v2/provider"
)

// unhurried is longer than any answer takes: whoever answers gives up sooner.
const unhurried = 24 * time.Hour

// Verify holds a target against a pact by Pact's own verifier, which prints its report to the standard output; see
// [ParseReport]. It can be used once in a process. The library wants a *testing.T.
func Verify(t *testing.T, r Request) error {
	// Without a level the report is lost among what the library has to say of itself. It can be set once.
	_ = log.SetLogLevel("ERROR")
	nothing := func(bool, models.ProviderState) (models.ProviderStateResponse, error) { return nil, nil }
	return provider.NewVerifier().VerifyProvider(t, provider.VerifyRequest{
		ProviderBaseURL: r.Target, Provider: Provider, PactFiles: []string{r.PactFile}, DisableColoredOutput: true, RequestTimeout: unhurried,
		StateHandlers: models.StateHandlers{"": nothing, AgentExists: nothing, FileUploaded: nothing, SkillExists: nothing, TokenRequired: nothing},
	})
}
