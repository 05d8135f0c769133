package contracts

import (
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/kaizenautomation/andon/contracts/jsontext"
	"github.com/kaizenautomation/andon/contracts/schema"
)

// loosened judges by the description without what kin-openapi cannot judge: what is held against a number that a
// float64 rounds. On the rest the two have to agree.
type loosened struct {
	mutex    sync.Mutex // a compiler is for one at a time
	compiler *jsonschema.Compiler
}

func newLoosened(read *schema.Document, o Operation) (*loosened, error) {
	c, err := newCompiler(rewritten(read, o, func(_ *schema.Document, s *schema.Node) { forgetRounded(s) }))
	return &loosened{compiler: c}, err
}

// turns reports whether what was taken out is what a verdict on a body comes from: it is the opposite without. The
// schema is given as it was compiled of the whole description.
func (l *loosened) turns(body []byte, whole *jsonschema.Schema) bool {
	value, bad := jsontext.Decode(body)
	if bad != nil {
		return false
	}
	l.mutex.Lock()
	defer l.mutex.Unlock()
	s, err := l.compiler.Compile(whole.Location)
	if err != nil {
		panic(err) // it says less than the description, which has been loaded
	}
	return (validate(s, value) == nil) != (validate(whole, value) == nil)
}
