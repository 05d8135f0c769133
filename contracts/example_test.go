package contracts_test

import (
	"context"
	"fmt"
	"net/url"

	"github.com/kaizenautomation/andon"
	"github.com/kaizenautomation/andon/contracts"
)

func ExampleLoad() {
	d, err := contracts.Load("openapi.yaml", andon.Spec)
	if err != nil {
		fmt.Println(err)
		return
	}
	body := d.AppendBody(nil, &contracts.Call{
		Tier:    "Lite",
		Content: []contracts.Item{{Type: "text", Fields: []contracts.Field{{Name: "text", JSON: []byte(`"Summarize the open tickets."`)}}}},
	})
	target, err := d.Operation().ParseTarget("https://staging.example.com/v1")
	if err != nil {
		fmt.Println(err)
		return
	}
	request := d.Operation().NewRequest(context.Background(), target, nil, body)
	fmt.Println(request.Method, request.URL)
	fmt.Printf("%s\n", body)

	_, err = d.Operation().ParseTarget((&url.URL{Scheme: "ftp", Host: "example.com"}).String())
	fmt.Println(err)
	// Output:
	// POST https://staging.example.com/v1/agents/execute
	// {"content":[{"type":"text","text":"Summarize the open tickets."}],"kaizenVersion":"Lite"}
	// the target "ftp://example.com" does not start with http:// or https://; expected, say, https://staging.example.com
}

func ExampleDescription_JudgeResponse() {
	d, err := contracts.Load("openapi.yaml", andon.Spec)
	if err != nil {
		fmt.Println(err)
		return
	}
	good := d.JudgeResponse(200, "application/json", []byte(`{"sessionId":"session_1","executionId":"exec_1","status":"running"}`))
	fmt.Println(good.Violation == nil, good.ExecutionID)
	bad := d.JudgeResponse(200, "application/json", []byte(`{"sessionId":"session_1","executionId":7,"status":"running"}`))
	fmt.Println(bad.Violation.Rule, bad.Violation.Pointer)
	fmt.Println(bad.Violation)
	// Output:
	// true exec_1
	// wrong-type /executionId
	// `executionId` is a number (7), expected a string
}
