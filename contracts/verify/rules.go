package verify

import "github.com/kaizenautomation/andon/contracts"

// The rules of the calls themselves, beside those of the contract.
const (
	// Whether a call is answered as it must be.
	ruleRefused     = "refused"
	ruleWrongStatus = "wrong-status"
	ruleAllow       = "allow"
	// Whether there is an answer that can be judged.
	ruleServerError    = "server-error"
	ruleNoAnswer       = "no-answer"
	ruleIncompleteBody = "incomplete-body"
	ruleBodyLimit      = "body-limit"
	// What Pact says.
	rulePact = "pact"
)

// Rules lists all rules that a check can break: those of the contract, and those of the calls themselves.
func Rules() []string {
	return append(contracts.Rules(), ruleServerError, ruleRefused, ruleWrongStatus, ruleAllow, ruleNoAnswer, ruleIncompleteBody, ruleBodyLimit, rulePact)
}
