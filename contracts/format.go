package contracts

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/netip"
	"net/url"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/kaizenautomation/andon/contracts/pattern"
	"github.com/kaizenautomation/andon/contracts/schema"
)

// documentURL is what the compiler calls the document. A relative one would be one of a file in the folder where andon
// was started, which fails where the folder's name has characters that a URL escapes.
const documentURL = "andon://description"

// newCompiler makes a compiler of validators for the schemas of a document.
func newCompiler(root *schema.Node) (*jsonschema.Compiler, error) {
	c := bareCompiler()
	return c, c.AddResource(documentURL, root.Value())
}

// bareCompiler has no document yet.
func bareCompiler() *jsonschema.Compiler {
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	c.UseRegexpEngine(func(text string) (jsonschema.Regexp, error) {
		p, err := pattern.Compile(text)
		return judgedPattern{p}, err
	})
	for _, f := range formats() {
		c.RegisterFormat(f)
	}
	return c
}

// formats are those that OpenAPI has beyond JSON Schema, and that providers hold calls to, and those of which the
// validator takes what their specifications do not allow.
func formats() []*jsonschema.Format {
	// The validator's own is not exported.
	validatorsEmail := sync.OnceValue(func() *jsonschema.Schema {
		c := jsonschema.NewCompiler()
		c.AssertFormat()
		if err := c.AddResource(documentURL, map[string]any{"format": "email"}); err != nil {
			panic(err) // it is a schema
		}
		return c.MustCompile(documentURL)
	})
	whole := func(bits int) func(any) error {
		limit := new(big.Int).Lsh(big.NewInt(1), uint(bits-1))
		most, least := new(big.Rat).SetInt(limit), new(big.Rat).SetInt(new(big.Int).Neg(limit))
		return func(v any) error {
			var n *big.Rat
			switch v := v.(type) {
			case json.Number:
				n, _ = new(big.Rat).SetString(string(v))
			case float64:
				n = new(big.Rat).SetFloat64(v)
			}
			if n != nil && (n.Cmp(least) < 0 || n.Cmp(most) >= 0) {
				return fmt.Errorf("it does not fit into %d bits", bits)
			}
			return nil
		}
	}
	return []*jsonschema.Format{
		{Name: "byte", Validate: ofText(func(s string) error {
			_, err := base64.StdEncoding.DecodeString(s)
			return err
		})},
		{Name: "regex", Validate: ofText(func(s string) error {
			_, err := pattern.Compile(s)
			return err
		})},
		{Name: "email", Validate: ofText(func(s string) error {
			if strings.HasPrefix(s, "@") {
				return errors.New("it has nothing before the @")
			}
			return validatorsEmail().Validate(s)
		})},
		{Name: "uri", Validate: ofText(func(s string) error {
			u, err := reference(s)
			if err == nil && !u.IsAbs() {
				err = errors.New("it has no scheme")
			}
			return err
		})},
		{Name: "uri-reference", Validate: ofText(func(s string) error {
			_, err := reference(s)
			return err
		})},
		{Name: "int32", Validate: whole(32)},
		{Name: "int64", Validate: whole(64)},
	}
}

// ofText is a format of texts, which says nothing of other values.
func ofText(check func(string) error) func(any) error {
	return func(v any) error {
		if s, ok := v.(string); ok {
			return check(s)
		}
		return nil
	}
}

// reference is a URI or a relative one. Those of RFC 3986 have no spaces, quotes and letters beyond ASCII, which Go
// takes in passing.
func reference(s string) (*url.URL, error) {
	if strings.ContainsFunc(s, func(c rune) bool { return c <= ' ' || c >= 0x7f || strings.ContainsRune("\"<>\\^`{|}", c) }) {
		return nil, errors.New("it has a character that stands in no URI")
	}
	u, err := url.Parse(s)
	if err == nil && strings.Contains(u.Hostname(), ":") {
		// What stands in brackets is an IPv6 address.
		if ip, bad := netip.ParseAddr(u.Hostname()); bad != nil || !ip.Is6() || ip.Zone() != "" || !strings.Contains(u.Host, "[") {
			return nil, errors.New("its host is no IPv6 address in brackets")
		}
	}
	return u, err
}

// judgedPattern is a pattern as the validator takes it, which knows of no pattern that cannot be told: there the
// judgement ends with a panic of type tooSlow.
type judgedPattern struct{ *pattern.Pattern }

type tooSlow struct{ error }

func (p judgedPattern) MatchString(text string) bool {
	found, err := p.Match(text)
	if err != nil {
		panic(tooSlow{err})
	}
	return found
}

// validate holds a value against a schema. The error is none of the validator's where a pattern could not be told.
func validate(validator *jsonschema.Schema, v any) (err error) {
	defer func() {
		switch slow := recover().(type) {
		case nil:
		case tooSlow:
			err = slow.error
		default:
			panic(slow)
		}
	}()
	return validator.Validate(v)
}

// sharedFormats are andon's formats of these names, for kin-openapi, which knows few and takes some of them otherwise.
// Two tools can only agree on a schema whose words mean the same to both.
func sharedFormats(names map[string]bool) (map[string]openapi3.StringFormatValidator, error) {
	shared := map[string]openapi3.StringFormatValidator{}
	for name := range names {
		c := bareCompiler()
		if err := c.AddResource(documentURL, map[string]any{"format": name}); err != nil {
			return nil, err
		}
		validator, err := c.Compile(documentURL)
		if err != nil {
			return nil, err
		}
		shared[name] = openapi3.NewCallbackValidator(func(s string) error {
			if validate(validator, s) != nil {
				return errors.New("it does not have the format " + name)
			}
			return nil
		})
	}
	return shared, nil
}
