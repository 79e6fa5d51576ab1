package engine

import "math/cmplx"

// complexKernel has the operations of a complex type T with parts of type F.
func complexKernel[T complexT, F floating](name string) binder {
	via := func(fn func(complex128) complex128) binder {
		return each(func(a T) T { return T(fn(complex128(a))) })
	}
	switch name {
	case "div":
		return pair(func(a, b T) T { return a / b })
	case "pow":
		return pair(func(a, b T) T { return T(cmplx.Pow(complex128(a), complex128(b))) })
	case "abs":
		return each(func(a T) F { return F(cmplx.Abs(complex128(a))) })
	case "sign":
		return each(func(a T) T {
			if a == 0 {
				return 0
			}
			return a / T(complex(cmplx.Abs(complex128(a)), 0))
		})
	case "real":
		return each(func(a T) F { return F(real(complex128(a))) })
	case "imag":
		return each(func(a T) F { return F(imag(complex128(a))) })
	case "conj":
		return via(cmplx.Conj)
	case "exp":
		return via(cmplx.Exp)
	case "expm1":
		return via(func(a complex128) complex128 { return cmplx.Exp(a) - 1 })
	case "log":
		return via(cmplx.Log)
	case "log1p":
		return via(func(a complex128) complex128 { return cmplx.Log(1 + a) })
	case "sqrt":
		return via(cmplx.Sqrt)
	case "rsqrt":
		return via(func(a complex128) complex128 { return 1 / cmplx.Sqrt(a) })
	case "sin":
		return via(cmplx.Sin)
	case "cos":
		return via(cmplx.Cos)
	case "tanh":
		return via(cmplx.Tanh)
	case "logistic":
		return via(func(a complex128) complex128 { return 1 / (1 + cmplx.Exp(-a)) })
	case "isfinite":
		return each(func(a T) bool { return !cmplx.IsInf(complex128(a)) && !cmplx.IsNaN(complex128(a)) })
	case "isnan":
		return each(func(a T) bool { return cmplx.IsNaN(complex128(a)) })
	}
	return numberKernel[T](name)
}

// complexOf joins two parts.
func complexOf[T complexT, F floating]() binder {
	return func(dst int, arg []int) instr {
		re, im := arg[0], arg[1]
		return func(f *frame, n int) {
			d, a, b := block[T](f, dst, n), block[F](f, re, n), block[F](f, im, n)
			for i := range d {
				d[i] = T(complex(float64(a[i]), float64(b[i])))
			}
		}
	}
}
