// Package vec is the float32 arithmetic of the CPU engine on contiguous memory: elementwise functions, comparisons and
// selections, reductions, moves, conversions, random bits, and programs, which run a chain of such steps over arrays block
// by block. In go slices, out come slices; it knows nothing of graphs, of shapes beyond one period, of threads, or of who
// owns the memory.
//
// # Kernels
//
// A kernel is a loop over slices of one length: Exp.Run(dst, x), Add.Run(dst, a, b), Add.RunRight(dst, a, 2),
// Lt.Run(mask, a, b), Select(dst, mask, a, b), Sum.Run(x), Sum.Columns(dst, x, rows, stride). The length is that of dst,
// any length from 0 on; arguments must be at least as long and may be dst itself. Truth values are Go's bool, a byte each.
// Calls do not allocate. Assembly cannot be interrupted, by a garbage collection either: keep one call below some
// hundred thousand elements.
//
// # Programs
//
// Ten kernels one after another over arrays larger than the cache would move the arrays ten times. A [Program] moves them
// once: [Builder] takes the steps, and [Program.Run] does all of them for one block of at most 1024 elements, then for the
// next. What is between the steps stays in a few registers, which are slices of the length of a block that together fit
// the first-level cache.
//
//	what                          how often                       example
//	steps over single values      once a Run                      1 - β₁ in Adam
//	steps over a short period     once a Run                      γ/√(variance + ε), a value a channel
//	a short period in a step      written out once a Run          that value times x, [rows, channels]
//	other small operands          written out for each block      a value a sample
//	steps over the arrays         once a block                    x·scale + shift
//	stores                        the step writes into the output, or a copy where an input that is read later lies there,
//	                              or past the caches, where the arrays are far beyond them
//	reductions                    lanes or rows of partial results, joined when the Run ends
//
// A product and the sum it goes to become one fused multiply-add, a sum of products a dot product (not with
// [Builder.Exact]). While a block of three or more long inputs is worked on, the next one is asked for from memory, a little
// after every step: Adam over arrays beyond the cache takes 1.35 times what the same traffic takes with next to no
// arithmetic (BenchmarkAdam; without asking ahead 3 times).
//
// A loop is split into parts by calling Run for each; see there for what that means for reductions.
//
// # The same bits everywhere
//
// There are three variants of the kernels: AVX-512, AVX2 with FMA, and portable Go, which is both the fallback and the
// definition of the others. The best one that processor and operating system allow is chosen at start; the environment
// variable GANYMEDE_VEC forces one by name, [Use] does in tests. All give the same bits, so that the machine does not
// decide what a seed leads to. That is because functions are the same polynomials in the same order with the same fused
// multiply-adds (in Go by rounding to odd in float64, which is exact), because [Lanes] fixes the order of sums, and because
// assembly for both register widths is written by one generator (asm). Exceptions: the payload of a NaN; and Sin and Cos
// beyond 2^15, Rem and Atan2, which take float64's way through package math, whose last bit may differ between machines
// (never between variants on one). One test holds all of this to sums of bits that were written down; another compares the
// variants float by float.
//
// # Errors
//
// The largest errors in units of the last place, for one argument over all float32 (Sin and Cos: over all from 2^-13 to
// 2^15; below they are x and 1, above float64's)
// (GANYMEDE_VEC_STEP=1 go test ./engine/vec -run TestFunctionErrors -v -timeout 2h), for Pow over a grid and 400 000 random
// pairs (go test ./engine/vec -run TestPowErrors -v):
//
//	Exp 0.89   Expm1 1.44   Log 0.85   Log1p 0.85   Tanh 1.36   Logistic 1.01   Erf 1.08   Sin 0.84   Cos 0.84   Pow 0.5005
//
// Add, Sub, Mul, Div, Sqrt, Recip, Fma and Round are correctly rounded; Rsqrt is two correctly rounded steps. Subnormal
// numbers are kept, as arguments and as results. Zeros, infinities and NaN give what Go's package math gives.
package vec
