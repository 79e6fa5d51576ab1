package metrics

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// Frechet is the squared Frechet distance between the normal distributions fitted to two sets of rows [n, size]:
//
//	|m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2))
//
// (Heusel et al. 2017, 1706.08500, equation 6), with covariances divided by n-1 as the authors' code does. It is 0 where mean and covariance
// agree. On the features of Inception-v3 it would be the FID; on other features, or for other numbers of rows, the values must not
// be compared with published ones: it is biased upward for few rows.
func Frechet(a, b Rows) (float64, error) {
	for what, rows := range map[string]Rows{"first rows": a, "second rows": b} {
		if err := rows.check(what); err != nil {
			return 0, err
		}
		if rows.Len() < 2 {
			return 0, fmt.Errorf("metrics: %s: one row has no covariance; there must be two or more", what)
		}
	}
	if a.Size != b.Size {
		return 0, fmt.Errorf("metrics: rows of %d and of %d numbers cannot be compared", a.Size, b.Size)
	}
	meanA, covarianceA := moments(a)
	meanB, covarianceB := moments(b)
	distance := 0.0
	for i := range meanA {
		distance += (meanA[i] - meanB[i]) * (meanA[i] - meanB[i])
	}
	shared, err := traceOfRoot(covarianceA, covarianceB)
	if err != nil {
		return 0, err
	}
	return max(distance+mat.Trace(covarianceA)+mat.Trace(covarianceB)-2*shared, 0), nil
}

// moments are the mean and the covariance of the rows.
func moments(r Rows) ([]float64, *mat.SymDense) {
	mean := make([]float64, r.Size)
	for i := range r.Len() {
		for k, v := range r.Row(i) {
			mean[k] += float64(v)
		}
	}
	for k := range mean {
		mean[k] /= float64(r.Len())
	}
	centred := mat.NewDense(r.Len(), r.Size, nil)
	for i := range r.Len() {
		for k, v := range r.Row(i) {
			centred.Set(i, k, float64(v)-mean[k])
		}
	}
	covariance := mat.NewSymDense(r.Size, nil)
	covariance.SymOuterK(1/float64(r.Len()-1), centred.T())
	return mean, covariance
}

// traceOfRoot is tr((A B)^(1/2)) of two covariances. A B has the eigenvalues of the symmetric A^(1/2) B A^(1/2), which are not
// negative, so no root of a general matrix is needed.
func traceOfRoot(a, b *mat.SymDense) (float64, error) {
	n := a.SymmetricDim()
	var of mat.EigenSym
	if !of.Factorize(a, true) {
		return 0, fmt.Errorf("metrics: the covariance has no eigenvalues; are there numbers that are not finite?")
	}
	var vectors, root, product mat.Dense
	of.VectorsTo(&vectors)
	roots := of.Values(nil)
	for i, v := range roots {
		roots[i] = math.Sqrt(max(v, 0)) // rounding makes tiny ones negative
	}
	root.Mul(&vectors, mat.NewDiagDense(n, roots))
	root.Mul(&root, vectors.T())
	product.Mul(&root, b)
	product.Mul(&product, &root)
	symmetric := mat.NewSymDense(n, nil)
	for i := range n {
		for k := i; k < n; k++ {
			symmetric.SetSym(i, k, (product.At(i, k)+product.At(k, i))/2)
		}
	}
	if !of.Factorize(symmetric, false) {
		return 0, fmt.Errorf("metrics: the product of the covariances has no eigenvalues; are there numbers that are not finite?")
	}
	trace := 0.0
	for _, v := range of.Values(nil) {
		trace += math.Sqrt(max(v, 0))
	}
	return trace, nil
}
