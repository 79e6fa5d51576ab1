//go:build !amd64

package vec

var tables = [numVariants]*kernels{Portable: portable()}

func supported(v Variant) bool { return tables[v] != nil }

func (k *kernels) accumulate(r Reduction, acc *lanes, x []float32) { accumulateGo(r, acc, x) }

func (k *kernels) accumulateDot(acc *lanes, x, y []float32) { accumulateDotGo(acc, x, y) }
