package config_test

import (
	"fmt"

	"github.com/ganymede-gan/ganymede/config"
)

// Options of a model, and of a penalty that any model takes.
type Options struct {
	Latent int     `toml:"latent" default:"100"  min:"1"      help:"size of z; the paper uses 100"`
	Side   int     `toml:"side"   default:"64"   in:"28,64"   help:"side of the square pictures"`
	Rate   float64 `toml:"rate"   default:"2e-4" above:"0"    help:"learning rate of both players"`
}

type Penalty struct {
	R1 float64 `toml:"r1" default:"0" min:"0" help:"weight of R1; 0: none"`
}

func Example() {
	var options Options
	var penalty Penalty
	c, err := config.New(config.At("", &options), config.At("penalty", &penalty))
	if err != nil {
		fmt.Println(err)
		return
	}
	file := config.TOML("my.toml", []byte("latent = 64\n[penalty]\nr1 = 10\n"))
	fmt.Println(c.Load(file, config.Flags([]string{"latnet=32", "side=65"})))
	if err := c.Load(file, config.Flags([]string{"side=28"})); err != nil {
		fmt.Println(err)
	}
	fmt.Printf("%+v %+v\n", options, penalty)
	fmt.Printf("%s", c.TOML())
	// Output:
	// config: 2 things are wrong:
	// 	latnet = 32 (--set): there is no such option; did you mean latent?
	// 	side = 65 (--set): must be one of 28, 64
	// {Latent:64 Side:28 Rate:0.0002} {R1:10}
	// latent = 64
	// side = 28
	// rate = 0.0002
	//
	// [penalty]
	// r1 = 10.0
}
