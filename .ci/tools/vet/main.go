// Command vet is go vet, except that it reads types from source: nothing has to be compiled for a system on which none of
// it is run, and what is compiled there for go vet is of use to nobody else.
package main

import (
	"golang.org/x/tools/go/analysis/multichecker"
	"golang.org/x/tools/go/analysis/suite/vet"
)

func main() { multichecker.Main(vet.Suite...) }
