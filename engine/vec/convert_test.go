package vec

import (
	"math"
	"testing"
)

func TestFloatsBecomeIntegersAsInXLA(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	x := []float32{0, 1.9, -1.9, 127.5, 128, -128.5, -129.5, nan, inf, -inf, 3e9, -3e9, 1e19, 2e19}
	i8, i32, i64, u8, u64 := make([]int8, 14), make([]int32, 14), make([]int64, 14), make([]uint8, 14), make([]uint64, 14)
	Convert(i8, x)
	Convert(i32, x)
	Convert(i64, x)
	Convert(u8, x)
	Convert(u64, x)
	for i, want := range []struct {
		i8  int8
		i32 int32
		i64 int64
		u8  uint8
		u64 uint64
	}{
		{0, 0, 0, 0, 0}, {1, 1, 1, 1, 1}, {-1, -1, -1, 0, 0}, {127, 127, 127, 127, 127}, {127, 128, 128, 128, 128},
		{-128, -128, -128, 0, 0}, {-128, -129, -129, 0, 0}, {0, 0, 0, 0, 0},
		{127, math.MaxInt32, math.MaxInt64, 255, math.MaxUint64}, {-128, math.MinInt32, math.MinInt64, 0, 0},
		{127, math.MaxInt32, 3e9, 255, 3e9}, {-128, math.MinInt32, -3e9, 0, 0},
		{127, math.MaxInt32, math.MaxInt64, 255, 9999999980506447872}, {127, math.MaxInt32, math.MaxInt64, 255, math.MaxUint64},
	} {
		if i8[i] != want.i8 || i32[i] != want.i32 || i64[i] != want.i64 || u8[i] != want.u8 || u64[i] != want.u64 {
			t.Errorf("%v becomes %d %d %d %d %d, want %v", x[i], i8[i], i32[i], i64[i], u8[i], u64[i], want)
		}
	}
	wide := make([]float64, 2)
	Convert(wide, []uint64{math.MaxUint64, 3})
	if wide[0] != 0x1p64 || wide[1] != 3 {
		t.Errorf("uint64 to float64: %v", wide)
	}
}

// TestHalvesRoundToNearestEven holds both formats to the definition: all 65536 values survive, and what lies between two
// neighbours goes to the nearer one, a tie to the even one.
func TestHalvesRoundToNearestEven(t *testing.T) {
	formats := map[string]struct {
		from func([]float32, []uint16)
		to   func([]uint16, []float32)
		inf  uint16
	}{
		"float16":  {FromFloat16[uint16], ToFloat16[uint16], 0x7c00},
		"bfloat16": {FromBFloat16[uint16], ToBFloat16[uint16], 0x7f80},
	}
	for name, f := range formats {
		all := make([]uint16, 1<<16)
		for i := range all {
			all[i] = uint16(i)
		}
		wide, back := make([]float32, 1<<16), make([]uint16, 1<<16)
		f.from(wide, all)
		f.to(back, wide)
		for i := range all {
			if nan := uint16(i)&0x7fff > f.inf; nan != (wide[i] != wide[i]) || !nan && back[i] != all[i] || nan && back[i]&0x7fff <= f.inf {
				t.Fatalf("%s: %#x becomes %v, then %#x", name, i, wide[i], back[i])
			}
		}
		one := make([]uint16, 1)
		for i := uint16(0); i+1 < f.inf; i++ {
			middle := wide[i]/2 + wide[i+1]/2 // exact in float32
			even := i + i&1
			for _, c := range []struct {
				x    float32
				want uint16
			}{{middle, even}, {math.Nextafter32(middle, 0), i}, {math.Nextafter32(middle, math.MaxFloat32), i + 1}} {
				if f.to(one, []float32{c.x}); one[0] != c.want && wide[i] != middle {
					t.Fatalf("%s: %v becomes %#x, want %#x", name, c.x, one[0], c.want)
				}
				if f.to(one, []float32{-c.x}); one[0] != c.want|0x8000 && wide[i] != middle {
					t.Fatalf("%s: %v becomes %#x, want %#x", name, -c.x, one[0], c.want|0x8000)
				}
			}
		}
		if f.to(one, []float32{3.4e38}); one[0] != f.inf {
			t.Errorf("%s: 3.4e38 becomes %#x, want infinity", name, one[0])
		}
	}
	truth := make([]bool, 4)
	ToBool(truth, []float32{0, float32(math.Copysign(0, -1)), float32(math.NaN()), 1e-45})
	wantBools(t, "tobool", truth, []bool{false, false, true, true})
	ones := make([]float32, 2)
	FromBool(ones, []bool{true, false})
	wantSame(t, "frombool", ones, []float32{1, 0})
}
