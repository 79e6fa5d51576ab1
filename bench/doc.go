// Package bench measures how fast the engine is, alone and side by side with peers: PyTorch, JAX, NumPy and GoMLX's own Go backend.
//
// In go the names of rows and where the peers are; out comes a Report, which prints as JSON, as lines and as docs/benchmarks.md. It knows
// nothing of flags and terminals, and nothing is chosen by what it measures.
//
//	suite.go      all rows, in their order                        report.go   what comes out, as JSON
//	row_*.go      one kind of work a file: what it is, how ours   bars.go     what is required and what is aimed at
//	              does it, what a peer is told                    page.go     docs/benchmarks.md
//	contest.go    bursts in turn, A B A B, and their ratios       profile.go  a round by kernel, and as a Chrome trace
//	worker.go     a peer: a process that reads commands and       peers/      the other side of worker.go, in Python and Go
//	              answers seconds
//
// Every row is done by the engine through GoMLX, as a user's program would: graph, executable, buffers. Every peer computes the same
// function of the same shapes on the same number of threads, in its own best layout.
package bench
