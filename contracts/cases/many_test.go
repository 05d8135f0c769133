package cases

import (
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/kaizenautomation/andon"
	"github.com/kaizenautomation/andon/contracts"
)

func with(t *testing.T, at, text string) *contracts.Description {
	t.Helper()
	d, err := contracts.Load("spec.yaml", []byte(strings.Replace(string(andon.Spec), at, text, 1)))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// However many optional properties there are, the cases are found at once, and every two of the values meet.
func TestManyProperties(t *testing.T) {
	var more strings.Builder
	for i := range 150 {
		fmt.Fprintf(&more, "        option%02d: {type: boolean}\n", i)
	}
	d := with(t, "      properties:\n        agentId:\n", "      properties:\n"+more.String()+"        agentId:\n")
	list, leftOut := Derive(d)
	// A boolean is true, false or left out: 150 of them are 3^150 times as many combinations, less those that are cases.
	_, before := Derive(with(t, "", ""))
	times := new(big.Int).Exp(big.NewInt(3), big.NewInt(150), nil)
	all, rest := new(big.Int).DivMod(new(big.Int).Add(leftOut, big.NewInt(int64(len(list)))), times, new(big.Int))
	if was := all.Sub(all, before); was.Sign() <= 0 || was.Cmp(big.NewInt(100)) > 0 || rest.Cmp(big.NewInt(int64(len(list)))) > 0 {
		t.Errorf("%d combinations are left out where there were %d", leftOut, before)
	}
	met := 0
	for _, a := range []string{"true", "false"} {
		for _, b := range []string{"true", "false"} {
			for _, c := range list {
				if body := string(c.Body); c.Expect == Accepted && strings.Contains(body, `"option03":`+a) && strings.Contains(body, `"option31":`+b) {
					met++
					break
				}
			}
		}
	}
	if met != 4 {
		t.Errorf("%d of 4 pairs meet", met)
	}
}

// What the description leaves to the provider is no breach: a call without a token, without a body, of another type.
func TestWhatIsNotDemanded(t *testing.T) {
	const call, body = "      operationId: executeAgent\n", "        required: true\n        content:\n"
	for _, c := range []struct{ at, text, id, instead string }{
		{call, call + "      security: []\n", "token.missing.negative", ""},
		{call, call + "      security: [{}, {bearer: []}]\n", "token.missing.negative", "token.missing"},
		{body, "        content:\n", "body.empty.negative", "body.empty.silent"},
		{body, body + "          text/plain: {}\n", "content-type.text.negative", ""},
	} {
		before, after := map[string]Case{}, map[string]Case{}
		list, _ := Derive(with(t, "", ""))
		for _, k := range list {
			before[k.ID] = k
		}
		list, _ = Derive(with(t, c.at, c.text))
		for _, k := range list {
			after[k.ID] = k
		}
		if _, was := before[c.id]; !was {
			t.Errorf("%s is no case", c.id)
		}
		if _, is := after[c.id]; is {
			t.Errorf("%s is a case of %s", c.id, c.text)
		}
		want := Either
		if c.instead == "token.missing" {
			want = Accepted
		}
		if c.instead != "" && after[c.instead].Expect != want {
			t.Errorf("%s is %q, want %q", c.instead, after[c.instead].Expect, want)
		}
	}
}
