package contracts

// The rules that a request or a response can break. Each names one kind of defect; the list is closed, so that reports
// can count by rule whatever a provider does.
const (
	RuleUndocumentedStatus = "undocumented-status" // a status that the description does not have
	RuleContentType        = "content-type"        // a media type that the description does not have for the status
	RuleMalformedJSON      = "malformed-json"      // a body that is no JSON text, or none that can be read
	RuleDuplicateKey       = "duplicate-key"       // an object with a key twice: readers disagree on what it says
	RuleMissingProperty    = "missing-property"    // a required property is not there
	RuleUnknownProperty    = "unknown-property"    // a property that the description forbids
	RuleWrongType          = "wrong-type"          // a value of another JSON type
	RuleWrongValue         = "wrong-value"         // not one of the values that the description lists
	RuleOutOfBounds        = "out-of-bounds"       // a length, size or number outside its bounds
	RuleFormat             = "format"              // a string that does not have its format or pattern
	RuleSchema             = "schema"              // any other keyword of the schema
	RuleEmptyID            = "empty-id"            // an id that is the empty string identifies nothing
	RuleRepeatedID         = "repeated-executionId"
	RuleAccepted           = "invalid-accepted"  // an invalid call was answered with a success
	RuleMissingParameter   = "missing-parameter" // a request without a parameter that it must carry
	RuleMissingHeader      = "missing-header"    // an answer without a header that it must have
)

// Rules lists all rules.
func Rules() []string {
	return []string{
		RuleUndocumentedStatus, RuleContentType, RuleMalformedJSON, RuleDuplicateKey, RuleMissingProperty,
		RuleUnknownProperty, RuleWrongType, RuleWrongValue, RuleOutOfBounds, RuleFormat, RuleSchema, RuleEmptyID,
		RuleRepeatedID, RuleAccepted, RuleMissingParameter, RuleMissingHeader,
	}
}

// Violation says how a request or a response breaks the contract.
type Violation struct {
	// Rule is one of the Rule constants.
	Rule string
	// Pointer is the JSON pointer (RFC 6901) of the offending value in the body; "" is the whole body.
	Pointer string
	// Header is the header of the answer that it is about; empty where it is about the body, or a request.
	Header string
	// Expected and Found say what the description wants there, and what was there.
	Expected, Found string
	// Message says it in one sentence.
	Message string
}

func (v *Violation) Error() string { return v.Message }
