//go:build !amd64

package vec

var tables = [numVariants]*kernels{Portable: portable()}

func supported(v Variant) bool { return tables[v] != nil }
