package kernel

// Scratch is work memory that is reused from call to call, so that only the first call of a kind allocates. The zero
// value is ready. One Scratch may serve concurrent calls.
type Scratch struct {
	// Level selects the instructions; the default is the best that the machine has.
	Level Level
}

// Level is a family of instructions that the kernels are written in.
type Level uint8

// The levels, from the slowest to the fastest.
const (
	Auto     Level = iota // the best that the machine has
	Portable              // plain Go
	AVX2                  // AVX2 and FMA
	AVX512                // AVX-512 F, VL, DQ and BW
)
