package models_test

import (
	"fmt"

	"github.com/ganymede-gan/ganymede/models"
)

// The systems in the order of their papers.
func Example() {
	for _, model := range models.Table() {
		fmt.Printf("%-8s %s\n", model.Name, model.For)
	}
	_, err := models.Find("dgcan")
	fmt.Println(err)
	// Output:
	// vanilla  the original, on small pictures and points: what every later system is measured against
	// cgan     pictures with classes: ask for the class you want
	// dcgan    pictures of 16 to 256: the first choice on a laptop
	// lsgan    pictures of 16 to 256, steadier than DCGAN: the loss does not saturate
	// wgan     a loss that falls as samples get better; superseded by wgan-gp
	// wgan-gp  points and pictures where every mode counts; slow but steady
	// sngan    pictures, with or without classes, where training must not diverge: no penalty, one norm for every layer
	// models: there is no "dgcan"; did you mean dcgan? there are vanilla, cgan, dcgan, lsgan, wgan, wgan-gp, sngan
}
