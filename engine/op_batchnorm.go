package engine

import (
	"fmt"

	"github.com/gomlx/compute"

	"github.com/ganymede-gan/ganymede/engine/ir"
)

// Batch normalisation (Ioffe and Szegedy 2015, arXiv:1502.03167) is made of other operations here, which fusion then joins.

// norm helps to write formulas: the first error stops it.
type norm struct {
	f    *Function
	dims []int
	axis int // of features
	over []int
	err  error
}

func (f *Function) newNorm(op string, axis int, operand ir.Value, vectors ...ir.Value) (*norm, error) {
	shape := operand.Shape()
	if axis < 0 || axis >= shape.Rank() {
		return nil, fmt.Errorf("engine: %s of %s: feature axis %d is out of range", op, shape, axis)
	}
	m := &norm{f: f, dims: shape.Dimensions, axis: axis}
	for _, v := range vectors {
		s := v.Shape()
		if s.DType != shape.DType || s.Rank() != 1 || s.Dimensions[0] != shape.Dimensions[axis] {
			return nil, fmt.Errorf("engine: %s: a vector has shape %s, want one of %d features of %s", op, s, shape.Dimensions[axis], shape)
		}
	}
	for a := range shape.Rank() {
		if a != axis {
			m.over = append(m.over, a)
		}
	}
	return m, nil
}

func (m *norm) do(op string, a, b ir.Value) ir.Value {
	if m.err != nil {
		return ir.Value{}
	}
	if a.Shape().Rank() < b.Shape().Rank() {
		a = m.spread(a)
	}
	if b.Shape().Rank() < a.Shape().Rank() {
		b = m.spread(b)
	}
	var v ir.Value
	if m.err == nil {
		v, m.err = m.f.scalar(op, a.Shape(), a, b)
	}
	return v
}

// spread repeats a vector of features over the other axes, a scalar over everything.
func (m *norm) spread(v ir.Value) ir.Value {
	if v.Shape().Rank() != 1 || len(m.dims) == 1 || m.err != nil {
		return v
	}
	v, m.err = m.f.broadcastAxis(v, m.dims, m.axis)
	return v
}

func (m *norm) rsqrt(v ir.Value) ir.Value {
	if m.err == nil {
		v, m.err = m.f.scalar("rsqrt", v.Shape(), v)
	}
	return v
}

func (m *norm) sum(v ir.Value) ir.Value {
	if m.err == nil && len(m.over) > 0 {
		v, m.err = m.f.reduce("sum", v, m.over)
	}
	return v
}

// number is a constant as a vector of features, so that it meets no other ranks.
func (m *norm) number(like ir.Value, x float64) ir.Value {
	if m.err != nil {
		return ir.Value{}
	}
	v, err := m.f.scalarConst(like.Shape().DType, x)
	if err == nil {
		s := plain(like.Shape())
		s.Dimensions = []int{m.dims[m.axis]}
		v, err = m.f.add(broadcastOp{}, s, v)
	}
	m.err = err
	return v
}

// count is how many elements a feature has.
func (m *norm) count() float64 {
	n := 1.0
	for _, a := range m.over {
		n *= float64(m.dims[a])
	}
	return n
}

// normalised is (x - mean) / sqrt(variance + epsilon).
func (m *norm) normalised(x, mean, variance ir.Value, epsilon float32) (normal, inverse ir.Value) {
	inverse = m.rsqrt(m.do("add", variance, m.number(x, float64(epsilon))))
	return m.do("mul", m.do("sub", x, mean), inverse), inverse
}

// BatchNormForInference implements compute.Function.
func (f *Function) BatchNormForInference(operand, scale, offset, mean, variance compute.Value, epsilon float32, featureAxis int) (compute.Value, error) {
	in, err := f.in("BatchNormForInference", operand, scale, offset, mean, variance)
	if err != nil {
		return nil, err
	}
	m, err := f.newNorm("BatchNormForInference", featureAxis, in[0], in[1:]...)
	if err != nil {
		return nil, err
	}
	normal, _ := m.normalised(in[0], in[3], in[4], epsilon)
	y := m.do("add", m.do("mul", normal, in[1]), in[2])
	if m.err != nil {
		return nil, m.err
	}
	return f.value(y), nil
}

// BatchNormForTraining implements compute.Function: mean and variance (the biased one) are those of the batch.
func (f *Function) BatchNormForTraining(operand, scale, offset compute.Value, epsilon float32, featureAxis int) (
	normalized, batchMean, batchVariance compute.Value, err error) {
	in, err := f.in("BatchNormForTraining", operand, scale, offset)
	if err != nil {
		return nil, nil, nil, err
	}
	m, err := f.newNorm("BatchNormForTraining", featureAxis, in[0], in[1:]...)
	if err != nil {
		return nil, nil, nil, err
	}
	x := in[0]
	share := m.number(x, 1/m.count())
	mean := m.do("mul", m.sum(x), share)
	centred := m.do("sub", x, mean)
	variance := m.do("mul", m.sum(m.do("mul", centred, centred)), share)
	normal, _ := m.normalised(x, mean, variance, epsilon)
	y := m.do("add", m.do("mul", normal, in[1]), in[2])
	if m.err != nil {
		return nil, nil, nil, m.err
	}
	return f.value(y), f.value(mean), f.value(variance), nil
}

// BatchNormGradient implements compute.Function.
func (f *Function) BatchNormGradient(operand, scale, mean, variance, gradOutput compute.Value, epsilon float32, featureAxis int) (
	gradOperand, gradScale, gradOffset compute.Value, err error) {
	in, err := f.in("BatchNormGradient", operand, scale, mean, variance, gradOutput)
	if err != nil {
		return nil, nil, nil, err
	}
	m, err := f.newNorm("BatchNormGradient", featureAxis, in[0], in[1:4]...)
	if err != nil {
		return nil, nil, nil, err
	}
	x, dy := in[0], in[4]
	if !dy.Shape().Equal(x.Shape()) {
		return nil, nil, nil, fmt.Errorf("engine: BatchNormGradient: gradient has shape %s, operand %s", dy.Shape(), x.Shape())
	}
	normal, inverse := m.normalised(x, in[2], in[3], epsilon)
	dScale := m.sum(m.do("mul", dy, normal))
	dOffset := m.sum(dy)
	share := m.number(x, 1/m.count())
	centred := m.do("sub", dy, m.do("mul", dOffset, share))
	centred = m.do("sub", centred, m.do("mul", normal, m.do("mul", dScale, share)))
	dx := m.do("mul", centred, m.do("mul", in[1], inverse))
	if m.err != nil {
		return nil, nil, nil, m.err
	}
	return f.value(dx), f.value(dScale), f.value(dOffset), nil
}
