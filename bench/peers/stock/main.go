// Command stock is a peer of `ganymede bench`: GoMLX's own Go backend, which is fastest when it is built with GOEXPERIMENT=simd:
//
//	GOEXPERIMENT=simd go build -o bench/.venv/bin/stock ./bench/peers/stock
//
// It takes the number of threads, reads requests on its input and answers on its output (bench.Serve). Its operations run one after the other:
// side by side they can wait for each other for ever.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"

	"github.com/ganymede-gan/ganymede/bench"
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/gobackend"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("stock: ")
	if len(os.Args) != 2 {
		log.Fatal("usage: stock THREADS")
	}
	threads, err := strconv.Atoi(os.Args[1])
	if err != nil || threads < 1 {
		log.Fatalf("the number of threads is %q", os.Args[1])
	}
	runtime.GOMAXPROCS(threads)
	answers := os.Stdout
	os.Stdout = os.Stderr // the backend prints what it is set to
	open := func() (compute.Backend, error) {
		return gobackend.New(fmt.Sprintf("ops_sequential,parallelism=%d", threads))
	}
	if err := bench.Serve(context.Background(), os.Stdin, answers, about(), open); err != nil {
		log.Fatal(err)
	}
}

// about tells the backend's version and how it was built.
func about() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "gomlx's go backend, " + runtime.Version()
	}
	text := runtime.Version()
	for _, m := range info.Deps {
		if m.Path == "github.com/gomlx/compute" {
			text = m.Path + " " + m.Version + ", " + text
		}
	}
	for _, s := range info.Settings {
		if s.Key == "GOEXPERIMENT" {
			text += ", GOEXPERIMENT=" + s.Value
		}
	}
	return text
}
