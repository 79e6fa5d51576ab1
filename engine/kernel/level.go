package kernel

// Level is a family of instructions that the kernels are written in.
type Level uint8

// The levels, from the slowest to the fastest.
const (
	Auto     Level = iota // the best that the machine has
	Portable              // plain Go
	AVX2                  // AVX2 and FMA
	AVX512                // AVX-512 F, VL, DQ and BW
)

// Best returns the fastest level of this machine.
func Best() Level { return best() }

// String returns the level's usual name.
func (l Level) String() string { return [...]string{"auto", "portable", "AVX2", "AVX-512"}[l] }
