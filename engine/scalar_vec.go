package engine

import (
	"github.com/ganymede-gan/ganymede/engine/vec"
)

// vecUnary, vecBinary, vecCompare and vecLogic are the operations of package vec by the names used here.
var (
	vecUnary = map[string]vec.Unary{
		"neg": vec.Neg, "abs": vec.Abs, "sign": vec.Sign, "sqrt": vec.Sqrt, "rsqrt": vec.Rsqrt, "floor": vec.Floor, "ceil": vec.Ceil,
		"round": vec.Round, "exp": vec.Exp, "expm1": vec.Expm1, "log": vec.Log, "log1p": vec.Log1p, "tanh": vec.Tanh,
		"logistic": vec.Logistic, "erf": vec.Erf, "sin": vec.Sin, "cos": vec.Cos,
	}
	vecBinary = map[string]vec.Binary{
		"add": vec.Add, "sub": vec.Sub, "mul": vec.Mul, "div": vec.Div, "max": vec.Max, "min": vec.Min, "pow": vec.Pow, "rem": vec.Rem, "atan2": vec.Atan2,
	}
	vecCompare = map[string]vec.Compare{
		"equal": vec.Eq, "notequal": vec.Ne, "less": vec.Lt, "lessequal": vec.Le, "greater": vec.Gt, "greaterequal": vec.Ge,
	}
	vecLogic  = map[string]vec.Logic{"and": vec.And, "or": vec.Or, "xor": vec.Xor}
	vecReduce = map[string]vec.Reduction{"sum": vec.Sum, "max": vec.Largest, "min": vec.Least}
)

// float32Kernel is the vectorised kernel of an operation on float32, or nil.
func float32Kernel(name string) binder {
	if op, ok := vecUnary[name]; ok {
		return unary(func(dst, a []float32) { op.Run(dst, a) })
	}
	if op, ok := vecBinary[name]; ok {
		return binary(func(dst, a, b []float32) { op.Run(dst, a, b) })
	}
	if op, ok := vecCompare[name]; ok {
		return binary(func(dst []bool, a, b []float32) { op.Run(dst, a, b) })
	}
	switch name {
	case "where":
		return ternary(func(dst []float32, c []bool, a, b []float32) { vec.Select(dst, c, a, b) })
	case "isfinite":
		return unary(func(dst []bool, a []float32) { vec.IsFinite(dst, a) })
	}
	return nil
}

// float32Reduction is the vectorised keeper of a reduction of float32, or nil.
func float32Reduction(reduce string) keeper {
	op, ok := vecReduce[reduce]
	if !ok {
		return nil
	}
	join := op.Binary()
	return &reduction[float32]{
		empty:  op.Identity(),
		merge:  func(a, b float32) float32 { x := [1]float32{a}; join.Run(x[:], x[:], []float32{b}); return x[0] },
		fold:   op.Run,
		accrue: func(acc, x []float32) { join.Run(acc[:len(x)], acc, x) },
	}
}
