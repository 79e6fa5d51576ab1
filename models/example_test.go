package models_test

import (
	"fmt"

	"github.com/ganymede-gan/ganymede/models"
)

// A system is found by its name, and a name that is nearly one is understood.
func Example() {
	model, _ := models.Find("dcgan")
	fmt.Printf("%s: %s\n", model.Title, model.For)
	_, err := models.Find("dgcan")
	fmt.Println(err.Error()[:len(`models: there is no "dgcan"; did you mean dcgan?`)])
	// Output:
	// DCGAN: pictures of 16 to 256: the first choice on a laptop
	// models: there is no "dgcan"; did you mean dcgan?
}
