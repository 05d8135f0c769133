package cases

import (
	"fmt"
	"math/rand/v2"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/schema"
)

// Random draws n further calls from the description. Every second one is broken in a single place. Call k is a function
// of the seed and k alone.
func Random(d *contracts.Description, seed uint64, n int) (list []Case) {
	o := d.Operation()
	for k := range n {
		rng := rand.New(rand.NewPCG(seed, uint64(k)))
		c := Case{ID: fmt.Sprintf("generated.%d-%d", seed, k), Operation: o, Proves: fmt.Sprintf("a random call (seed %d, number %d)", seed, k),
			Expect: Accepted, Method: o.Method, ContentType: jsonType, Random: true}
		// A schema may use keywords that the drawing does not know; what it draws is held against the schema, and drawn anew.
		for range schema.Drawings {
			body := d.Document().Draw(nil, d.RequestSchema(), rng)
			if _, violation := d.ReadRequest(body); violation == nil {
				c.Body = body
				break
			}
		}
		if c.Body == nil {
			continue
		}
		if k%2 == 0 {
			c.Content = contentTypes(d, c.Body)
			list = append(list, described(d, c, nil))
			continue
		}
		var found *contracts.Violation
		broken := schema.Break(c.Body, rng, func(body []byte) bool {
			_, found = d.ReadRequest(body)
			return found != nil
		})
		if broken != nil {
			c.ID, c.Expect, c.Body, c.Rule = c.ID+".negative", Refused, broken, found.Rule
			c.Proves += ": " + found.Message
			list = append(list, described(d, c, found))
		}
	}
	return list
}

// Shrink looks for a smaller body for which a case still fails. It gives fails bodies that are smaller and of the same
// kind: they conform if the case's body does, and break the same rule if it does not. It ends when none of the next
// smaller ones fails, or when fails has been asked so often.
func Shrink(d *contracts.Description, c Case, asks int, fails func(Case) bool) Case {
	root, err := schema.ReadJSON(c.Body)
	if err != nil || c.Method != d.Operation().Method || c.ContentType != jsonType {
		return c
	}
	tried := map[string]bool{string(c.Body): true}
	schema.Shrink(root, func(smaller *schema.Node) bool {
		body := smaller.AppendJSON(nil)
		if asks <= 0 || len(body) >= len(c.Body) || tried[string(body)] {
			return false
		}
		tried[string(body)] = true
		_, violation := d.ReadRequest(body)
		if violation == nil && c.Rule != "" || violation != nil && violation.Rule != c.Rule {
			return false
		}
		next := c
		if next.Body = body; violation == nil {
			next.Content = contentTypes(d, body)
		}
		asks--
		if !fails(next) {
			return false
		}
		c = next
		return true
	})
	return c
}
