// Command asm writes the assembly of package vec with avo, one family of kernels a run:
//
//	go run . -family plain -out ../plain_amd64.s -stubs ../plain_amd64.go -pkg vec
//
// See the go:generate lines in ../generate.go. It lies in a module of its own, so that users of the engine do not depend
// on avo.
package main

import (
	"flag"
	"log"

	. "github.com/mmcloughlin/avo/build"
)

func main() {
	families := map[string]func(v isa){
		"plain":  func(v isa) { writeAll(v, plain()) },
		"reduce": reductions,
		"pow":    func(v isa) { writeAll(v, powKernels()) },
		"memory": memory,
		"philox": philox,
		"math":   func(v isa) { writeAll(v, functionKernels()) },
	}
	family := flag.String("family", "", "which kernels to write")
	coefficients := flag.String("coefficients", "", "write the coefficients of the functions to this Go file instead")
	flag.Parse()
	if *coefficients != "" {
		if err := writeCoefficients(*coefficients); err != nil {
			log.Fatal(err)
		}
		return
	}
	write, ok := families[*family]
	if !ok {
		log.Fatalf("no family %q of kernels", *family)
	}
	ConstraintExpr("amd64")
	for _, wide := range []bool{true, false} {
		write(isa{wide})
	}
	writeConstants()
	Generate()
}

func writeAll(v isa, list []elementwise) {
	for _, e := range list {
		e.write(v)
	}
}

func reductions(v isa) {
	for _, name := range []string{"sum", "max", "min"} {
		lanesKernel(v, name, "x")
		columnKernel(v, name)
	}
	lanesKernel(v, "dot", "x", "y")
}
