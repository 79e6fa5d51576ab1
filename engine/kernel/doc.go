// Package kernel multiplies matrices and convolves, in float32 and, more simply, in float64 (conv64.go, matmul64.go).
//
// In go slices and descriptions of their shapes (Matrix, Conv); out come products, written to a slice of the caller's. The
// package knows nothing of graphs, tensors, training or files. Wrong shapes panic with an error that says what was given.
//
// # Layout
//
// Images are [batch, height, width, channels], kernels [height, width, in, out], all dense; matrices have any strides. So
// what one output pixel meets of an image is, for each row of taps, one run of neighbouring numbers.
//
// # Tiles
//
// All time is spent in two forms of micro-kernel, which hold a tile of the result in registers while they run along k
// (tile.go in Go, asm/ for the generator of the assembly):
//
//   - rows: each row of A starts anywhere and is read in place along k, in segments that all rows share; B is read in
//     panels as wide as a tile, [k][columns]. Matrix products, strided convolutions, the phases of transposed ones and the
//     products of short convolutions are all this one form with other offsets. 12 x 32 numbers (AVX-512), 6 x 16 (AVX2).
//   - columns: step k reads neighbouring numbers of A and of B: transposed A, and gradients by the kernel. With few rows, up
//     to 6 x 64 or 3 x 32. AVX-512 reads both in place. The tiles of AVX2 take half as long for a step and would wait for lines
//     that lie apart, which also drive each other out of the first cache: both are copied, B for all tiles of a block and A for
//     all columns.
//
// Any number of rows is cut into tiles of nearly equal height, which all exist. Tiles that stick out at the right are
// computed in a small buffer and copied. Nothing is ever read or written beyond an operand.
//
// # Blocks
//
// B is packed into panels once (weights by the caller, if he likes, for any number of uses: [Packed], [Filter]). A block of work is some
// 24 to 200 rows of A with all panels: a panel of at most 1024 steps (128 KB; 64 on AVX2) is fetched into the second cache once for a
// block, and the rows of the block stay there for all panels. Convolutions copy the input rows of a block, with their
// padding, to the worker's memory first; that is 1 to 3 % of the time and the only copy of activations. Gradients by the
// kernel are summed over 512 pixels at a time (256 where they are copied) and skip taps in the padding; with few output channels x and dy change roles.
//
// Tiles fetch ahead: the next panel of B, the lines of C that they will write, and what the worker's next block will read
// (fetch.go), a few lines at a time: a core waits for some two dozen lines at once, and more of them would be in A's and
// B's way. Large memory is on large pages where the system has them (package pages).
//
// # Methods
//
// A convolution is computed by one of six methods, chosen from its shape and its Algorithm (conv.go):
//
//   - direct.go: implicit matrix multiplication. Convolutions with dilated inputs, and so all gradients by the input of
//     strided ones, are split into phases without dilation first (geometry.go).
//   - short.go: the short convolutions of Winograd and Toom, also for stride 2 and its transposes, if Algorithm allows them.
//   - narrow.go: one to four output channels, as at the RGB end of a generator.
//   - dots.go: the same with a 1x1 kernel, as inner products.
//   - spread.go: one to four input channels, with a 1x1 kernel.
//   - dense.go: kernels that cover the whole input, as matrix products.
//
// # Errors
//
// The errors of short convolutions of numbers evenly spread over -1 to 1, root mean square and largest, as multiples of those
// of Exact, both against float64; the ranges are over the shapes of shortCases. Balanced takes what stays at or below 2 and
// 4; Fast takes all. (go test -v -run TestShortConvolutionIsAsAccurate ./engine/kernel)
//
//	form     products   for                            results            by kernel
//	F(2,2)   9/16       2x2, 4x4 or 3x3 of stride 2    1.0-1.3, 0.7-1.8   1.0-1.2, 0.6-1.2
//	F(3,2)   16/36      the same                       0.9-1.1, 0.5-1.2   0.6-0.7, 0.3-0.7
//	F(4,2)   25/64      the same                       2.1-2.8, 1.5-4.7   1.3-1.8, 0.8-1.4
//	F(2,3)   16/36      3x3, 6x6 or 5x5 of stride 2    0.6-0.7, 0.3-0.5   0.9-1.0, 0.6-0.9
//	F(3,3)   25/81      the same                       1.4-1.7, 1.2-2.1   1.6-1.7, 1.4-2.1
//	F(2,4)   25/64      4x4                            1.2-1.3, 0.7-0.8   2.4-2.4, 3.5-3.5
//
// Of taps that are one fewer than a form has, at stride 2, 25/36 of the products are left by F(2,2), 49/81 by F(3,2), 49/100 by F(2,3).
//
// # The same bits
//
// Each result has one sum, of fused multiply-adds in an order that follows from the shapes (of the products or taps, for
// short and narrow convolutions, or sixteen lanes in dots, and then of these). Work is split by results, never along k. So
// the result does not depend on the number of threads, nor on whether it ran on AVX2 or AVX-512. Plain Go sums in the same
// order; on processors for which its compiler fuses multiply-adds, as arm64, it gives the same bits too, which one test holds
// to a sum that is written down. On an amd64 without FMA it rounds each product and differs in the last bits.
package kernel
