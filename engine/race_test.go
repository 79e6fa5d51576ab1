//go:build race

package engine_test

// underRace says whether this is a build with -race, in which the stock backend's products fail the pointer checks.
const underRace = true
