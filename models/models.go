// Package models is the table of all systems: one package a paper beneath it, one line each here. In go a system's options
// and the shape of the data, out comes a game. It knows nothing of files, trainers or backends.
package models

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ganymede-gan/ganymede/config"
	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/models/acgan"
	"github.com/ganymede-gan/ganymede/models/began"
	"github.com/ganymede-gan/ganymede/models/biggan"
	"github.com/ganymede-gan/ganymede/models/biggandeep"
	"github.com/ganymede-gan/ganymede/models/cgan"
	"github.com/ganymede-gan/ganymede/models/cyclegan"
	"github.com/ganymede-gan/ganymede/models/dcgan"
	"github.com/ganymede-gan/ganymede/models/infogan"
	"github.com/ganymede-gan/ganymede/models/lsgan"
	"github.com/ganymede-gan/ganymede/models/pix2pix"
	"github.com/ganymede-gan/ganymede/models/progressive"
	"github.com/ganymede-gan/ganymede/models/r3gan"
	"github.com/ganymede-gan/ganymede/models/sagan"
	"github.com/ganymede-gan/ganymede/models/sngan"
	"github.com/ganymede-gan/ganymede/models/stylegan"
	"github.com/ganymede-gan/ganymede/models/stylegan2"
	"github.com/ganymede-gan/ganymede/models/stylegan2ada"
	"github.com/ganymede-gan/ganymede/models/vanilla"
	"github.com/ganymede-gan/ganymede/models/wgan"
	"github.com/ganymede-gan/ganymede/models/wgangp"
)

// Table lists the systems in the order of their papers.
func Table() []gan.Model {
	return []gan.Model{
		vanilla.Model,
		cgan.Model,
		dcgan.Model,
		lsgan.Model,
		infogan.Model,
		acgan.Model,
		pix2pix.Model,
		wgan.Model,
		cyclegan.Model,
		began.Model,
		wgangp.Model,
		progressive.Model,
		sngan.Model,
		stylegan.Model,
		sagan.Model,
		biggan.Model,
		biggandeep.Model,
		stylegan2.Model,
		stylegan2ada.Model,
		r3gan.Model,
	}
}

// Find returns the system of that name; the error suggests the nearest.
func Find(name string) (gan.Model, error) {
	table := Table()
	i := slices.IndexFunc(table, func(m gan.Model) bool { return m.Name == name })
	if i >= 0 {
		return table[i], nil
	}
	var names []string
	for _, m := range table {
		names = append(names, m.Name)
	}
	hint := ";"
	if near := config.Nearest(name, names); near != "" {
		hint = fmt.Sprintf("; did you mean %s?", near)
	}
	return gan.Model{}, fmt.Errorf("models: there is no %q%s there are %s", name, hint, strings.Join(names, ", "))
}
