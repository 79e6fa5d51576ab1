package vec

import (
	"encoding/json"
	"os"
	"strconv"
	"testing"
)

func TestPhiloxEqualsXLA(t *testing.T) {
	raw, err := os.ReadFile("testdata/philox.json") // made by testdata/philox.py
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Cases []struct {
			Type              string
			State, Next, Bits []string
		}
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Cases) < 40 {
		t.Fatalf("only %d cases", len(file.Cases))
	}
	parse := func(text []string) []uint64 {
		v := make([]uint64, len(text))
		for i := range v {
			if v[i], err = strconv.ParseUint(text[i], 10, 64); err != nil {
				t.Fatal(err)
			}
		}
		return v
	}
	eachVariant(t, func(t *testing.T) {
		for _, c := range file.Cases {
			want, got := parse(c.Bits), make([]uint64, len(c.Bits))
			var next [3]uint64
			if state := [3]uint64(parse(c.State)); c.Type == "ui64" {
				next = Philox64(state, got)
			} else {
				words := make([]uint32, len(got))
				next = Philox(state, words)
				Convert(got, words)
			}
			for i := range want {
				if got[i] != want[i] {
					t.Fatalf("%s from %v: word %d of %d is %d, want %d", c.Type, c.State, i, len(want), got[i], want[i])
				}
			}
			if next != [3]uint64(parse(c.Next)) {
				t.Fatalf("%s from %v: next state %v, want %v", c.Type, c.State, next, c.Next)
			}
		}
	})
}

func TestPhiloxPartsEqualTheWhole(t *testing.T) {
	state := [3]uint64{1, 1<<64 - 30, 5}
	eachVariant(t, func(t *testing.T) {
		whole := make([]uint32, 1031)
		end := Philox(state, whole)
		for _, cut := range []int{0, 4, 64, 68, 128, 516, 1028} {
			parts := make([]uint32, len(whole))
			Philox(state, parts[:cut])
			if got := Philox(Skip(state, uint64(cut/4)), parts[cut:]); got != end {
				t.Fatalf("cut at %d: ends in %v, want %v", cut, got, end)
			}
			for i := range whole {
				if parts[i] != whole[i] {
					t.Fatalf("cut at %d: word %d differs", cut, i)
				}
			}
		}
	})
}
