package vec

// portable is the reference: what the other variants must equal, and what serves where they do not run.
func portable() *kernels {
	k := &kernels{
		variant: Portable,
		unary: [numUnary]func(dst, x []float32){
			Neg: negGo, Abs: absGo, Sign: signGo, Sqrt: sqrtGo, Rsqrt: rsqrtGo, Recip: recipGo,
			Floor: floorGo, Ceil: ceilGo, Round: roundGo,
			Exp: mapped(expOf), Expm1: mapped(expm1Of), Log: mapped(logOf), Log1p: mapped(log1pOf),
			Tanh: mapped(tanhOf), Logistic: mapped(logisticOf), Erf: mapped(erfOf), Sin: mapped(sinOf), Cos: mapped(cosOf),
		},
		isFinite: isFiniteGo,
		selectVV: selectVVGo, selectVS: selectVSGo, selectSV: selectSVGo,
		fma: fmaGo, fmaVSV: fmaVSVGo, fmaVSS: fmaVSSGo, fmaVVS: fmaVVSGo,
		sum: sumGo, max: maxGo, min: minGo, dot: dotGo,
		columnSum: columnSumGo, columnMax: columnsGo(maxOf), columnMin: columnsGo(minOf),
		prefetch:  func([]float32) {},
		transpose: transposeGo,
		philox:    philoxGo,
	}
	for op, f := range [numBinary]func(a, b float32) float32{
		Add: addOf, Sub: subOf, Mul: mulOf, Div: divOf, Max: maxOf, Min: minOf, Pow: powOf, Rem: remOf, Atan2: atan2Of} {
		binaryGo(k, Binary(op), f)
	}
	for op, f := range [numCompare]func(a, b float32) bool{
		Eq: func(a, b float32) bool { return a == b },
		Ne: func(a, b float32) bool { return a != b },
		Lt: func(a, b float32) bool { return a < b },
		Le: func(a, b float32) bool { return a <= b },
		Gt: func(a, b float32) bool { return a > b },
		Ge: func(a, b float32) bool { return a >= b },
	} {
		compareGo(k, Compare(op), f)
	}
	return k
}
