package vec

// folder collects one reduction during a run.
//
//	One value in all (Mid 1)      lanes over all elements of the run
//	Inner 1, a period of Mid      a row of partial results as wide as whole periods make at least columnWidth
//	runs of Inner elements        lanes over the elements of each stretch, joined to its result when the stretch ends
type folder struct {
	op    Reduction
	span  Span
	acc   lanes
	used  int // how many elements of the open stretch came so far
	open  int // its place in the result
	width []float32
}

// columnWidth is how wide rows of partial results are made for short periods, so that the column kernel has enough to do.
const columnWidth = 256

func newFolder(op Reduction, span Span) folder {
	f := folder{op: op, span: span}
	if span != One && span.Inner == 1 {
		f.width = make([]float32, span.Mid*((columnWidth+span.Mid-1)/span.Mid))
	}
	return f
}

func (f *folder) start() {
	f.acc.start(f.op)
	f.used = 0
	Fill(f.width, f.op.Identity())
}

// add takes elements i, ... of a run that began at from.
func (f *folder) add(k *kernels, dst, x []float32, from, i int) {
	switch {
	case f.span == One:
		k.accumulate(f.op, &f.acc, x) // blocks are whole rounds of the lanes but for the last
	case f.span.Inner == 1:
		f.addColumns(k, x, (i-from)%len(f.width))
	default:
		f.addStretches(k, dst, x, i)
	}
}

// addColumns adds x to the row of partial results, going around from place at.
func (f *folder) addColumns(k *kernels, x []float32, at int) {
	columns, w := k.columns(f.op), len(f.width)
	if at > 0 {
		n := min(w-at, len(x))
		columns(f.width[at:at+n], x[:n], 1, n)
		x = x[n:]
	}
	if rows := len(x) / w; rows > 0 {
		columns(f.width, x[:rows*w], rows, w)
		x = x[rows*w:]
	}
	if len(x) > 0 {
		columns(f.width[:len(x)], x, 1, len(x))
	}
}

// addStretches adds x, which begins with element i of the loop, stretch by stretch.
func (f *folder) addStretches(k *kernels, dst, x []float32, i int) {
	for len(x) > 0 {
		left := f.span.Inner - i%f.span.Inner
		n := min(left, len(x))
		f.addLanes(k, x[:n])
		f.open = f.span.at(i)
		if n == left {
			f.endStretch(dst)
		}
		x, i = x[n:], i+n
	}
}

// addLanes adds x to the lanes of the open stretch, going on at the lane where the last call ended.
func (f *folder) addLanes(k *kernels, x []float32) {
	for len(x) > 0 && f.used%Lanes != 0 {
		at := &f.acc[f.used%Lanes]
		*at = join(f.op, *at, x[0])
		x = x[1:]
		f.used++
	}
	k.accumulate(f.op, &f.acc, x)
	f.used += len(x)
}

func (f *folder) endStretch(dst []float32) {
	at := &dst[f.open]
	*at = join(f.op, *at, f.acc.fold(f.op, f.used))
	f.acc.start(f.op)
	f.used = 0
}

// finish joins what the run of elements from up to to has collected to dst. Places that none of them belongs to are left alone: another
// run may be at work there.
func (f *folder) finish(dst []float32, from, to int) {
	switch {
	case f.span == One:
		dst[0] = join(f.op, dst[0], f.acc.fold(f.op, Lanes))
	case f.span.Inner == 1:
		// Whole periods are folded in halves, the last one waiting where their number is odd.
		mid := f.span.Mid
		for periods := len(f.width) / mid; periods > 1; periods = (periods + 1) / 2 {
			half := (periods + 1) / 2 * mid
			f.op.Binary().Run(f.width[:periods*mid-half], f.width, f.width[half:periods*mid])
		}
		for j, v := range f.width[:min(mid, to-from)] {
			at := &dst[(from+j)%mid]
			*at = join(f.op, *at, v)
		}
	case f.used > 0: // the run ended inside a stretch
		f.endStretch(dst)
	}
}
