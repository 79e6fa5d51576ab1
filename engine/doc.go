// Package engine executes graphs on the CPU: it is a backend for GoMLX, in plain Go.
//
// In goes a graph of operations, built through compute.Function, and then, as often as wanted, arrays for its parameters; out come the
// arrays of its outputs. It knows nothing of games, models, training or files.
//
//	compute.Function      op_*.go        one file an operation: its method, its node, its kernel
//	      |
//	   ir.Graph           ir/            nodes with equal operations and operands are one node; prints as text
//	      |
//	    passes            passes.go      one list in one place; pass_*.go, one file each
//	      |
//	     plan             plan.go        nodes become steps; views (view/) of buffers instead of transposes, slices, broadcasts
//	      |               arena.go       a place for every buffer, by lifetime
//	      |
//	     run              run.go         the steps, one after the other, each on all threads
//	      +-- loop.go, scalar*.go        elementwise operations and reductions: programs over blocks that stay in cache
//	      +-- conv_fast.go, op_dot.go    readings of convolutions and products as what kernel/ has fast code for
//	      +-- op_*.go                    everything else
//
// Results do not depend on the number of threads, to the bit: work is divided by shapes alone, and sums are taken in fixed pieces that are
// added in a fixed order.
//
// An execution that fails, or is interrupted, leaves its inputs as they were. Donated memory is used for the outputs of later executions,
// never for those of the same one.
//
// A new operation is one file: a type with Name, Attrs and lower, and a method of Function that checks shapes and adds the node.
package engine
