package kernel

// axis is a convolution along one spatial axis: output o and tap k meet input i where
// o*stride + k*tapDilation - before = i*inDilation.
type axis struct {
	in, taps, out                   int
	stride, inDilation, tapDilation int
	before                          int
}

// newAxis returns the axis with the number of outputs that the padding leaves room for.
func newAxis(in, taps, stride, inDilation, tapDilation, before, after int) axis {
	a := axis{in: in, taps: taps, stride: max(stride, 1), inDilation: max(inDilation, 1), tapDilation: max(tapDilation, 1), before: before}
	room := (in-1)*a.inDilation + before + after - (taps-1)*a.tapDilation
	if in > 0 && taps > 0 && room >= 0 {
		a.out = room/a.stride + 1
	}
	return a
}

// transposed returns the axis on which input and output have changed places. Its taps are those of a in reverse order.
//
// With k' = taps-1-k the equation of a reads i*inDilation + k'*tapDilation - ((taps-1)*tapDilation - before) = o*stride.
func (a axis) transposed() axis {
	return axis{
		in: a.out, taps: a.taps, out: a.in,
		stride: a.inDilation, inDilation: a.stride, tapDilation: a.tapDilation,
		before: (a.taps-1)*a.tapDilation - a.before,
	}
}

// single says that each output meets the input in its place, and nothing else.
func (a axis) single() bool {
	return a.taps == 1 && a.stride == 1 && a.inDilation == 1 && a.before == 0 && a.out == a.in
}

// input returns the input that an output and a tap meet, or -1 if there is none.
func (a axis) input(output, tap int) int {
	at := output*a.stride + tap*a.tapDilation - a.before
	if at < 0 || at%a.inDilation != 0 || at/a.inDilation >= a.in {
		return -1
	}
	return at / a.inDilation
}

// phase is a part of an axis without input dilation: outputs first, first+step, ... and taps tap, tap+tapStep, ... with
// output u of the phase and tap t of the phase meeting input u*stride + t*dilation - before.
type phase struct {
	first, step, outs  int
	tap, tapStep, taps int
	stride, dilation   int
	before             int
}

// phases splits an axis by the remainder of the output: only every so many taps meet an input there, so that a
// convolution with dilated input is several small ones without. An axis without input dilation is one phase. Stride,
// step and dilation of all phases are the same.
func (a axis) phases() []phase {
	n := a.inDilation / gcd(a.stride, a.inDilation)
	tapStep := a.inDilation / gcd(a.tapDilation, a.inDilation)
	var all []phase
	for first := range min(n, a.out) {
		p := phase{
			first: first, step: n, outs: (a.out - first + n - 1) / n,
			tapStep: tapStep, stride: a.stride * n / a.inDilation, dilation: a.tapDilation * tapStep / a.inDilation,
		}
		for k := range min(tapStep, a.taps) {
			if at := first*a.stride + k*a.tapDilation - a.before; at%a.inDilation == 0 {
				p.tap, p.taps, p.before = k, (a.taps-1-k)/tapStep+1, -at/a.inDilation
				break
			}
		}
		all = append(all, p)
	}
	return all
}

// span returns the inputs, from lo up to but not including hi, that outputs from u0 up to u1 meet, padding included.
func (p phase) span(u0, u1 int) (lo, hi int) {
	return u0*p.stride - p.before, (u1-1)*p.stride + (p.taps-1)*p.dilation - p.before + 1
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// roundUp returns the smallest multiple of m that is not less than n.
func roundUp(n, m int) int { return (n + m - 1) / m * m }

// cut returns where part i begins when n things are cut into parts, whose sizes differ by one at most. The larger ones come first: the
// threads that take them in turn end together.
func cut(n, parts, i int) int { return i*(n/parts) + min(i, n%parts) }
