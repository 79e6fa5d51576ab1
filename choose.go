package ganymede

import (
	"fmt"
	"slices"

	"github.com/ganymede-gan/ganymede/data/sets"
	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/models"
)

// mostClasses is how many classes a conditional model is chosen for without being asked.
const mostClasses = 100

// chooseModel finds the model that was asked for, or one that fits the data, with the reason.
func chooseModel(request Request, found *sets.Found) (model gan.Model, why string, err error) {
	switch {
	case request.Custom != nil:
		return *request.Custom, "", nil
	case request.Game != nil:
		return gan.Model{Name: "game", Title: "A game of its own"}, "", nil
	case request.Model != "":
		if model, err = models.Find(request.Model); err != nil {
			err = wrong{err}
		}
		return model, "", err
	}
	name := "dcgan"
	switch {
	case found.Couple != nil && found.Couple.Paired():
		name, why = "pix2pix", "every picture has a partner of its name in the other folder"
	case found.Couple != nil:
		name, why = "cyclegan", "the data are pictures of two kinds without partners"
	case found.Survey == nil:
		name, why = "wgan-gp", "the data are points, and it finds every mode"
	case len(found.Survey.Classes) >= 2 && len(found.Survey.Classes) <= mostClasses:
		name, why = "cgan", fmt.Sprintf("the data are pictures of %d classes, and it makes the class that you ask for", len(found.Survey.Classes))
	default:
		why = "the data are pictures without classes"
	}
	model, err = models.Find(name)
	return model, why, err
}

// couple makes the data what the model learns from: pairs of pictures that lie side by side, where it translates and nobody named a
// second kind; and tells which pictures have no partner, where it needs pairs.
func couple(model gan.Model, found *sets.Found) error {
	if model.Domains != gan.One && found.Couple == nil {
		found.Halve()
	}
	if model.Domains == gan.Pairs && found.Couple != nil {
		return found.Couple.Partners()
	}
	return nil
}

// chooseSide settles the side of the pictures: the one asked for, else the largest that the model can do and the data fills.
// Data fill a side that is theirs, or at most a seventh more: 32 for pictures of 28, where the model cannot do 28.
func chooseSide(model gan.Model, asked int, found *sets.Found) int {
	if asked != 0 || found.Survey == nil || len(model.Sides) == 0 {
		return asked
	}
	own := found.Survey.Side()
	if found.Couple != nil {
		own = found.Couple.Side()
	}
	if slices.Contains(model.Sides, own) {
		return own
	}
	side := model.Sides[0]
	for _, s := range model.Sides {
		if 7*s <= 8*own {
			side = s
		}
	}
	return side
}
