package vec

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// interpret is what a program means: every value of every element, one step at a time. Reductions are returned as the
// lists of their elements.
func interpret(p *Program, args *Args, n int) (out [][]float32, outB [][]bool, red [][][]float32) {
	f := make([][]float32, len(p.nodes))
	t := make([][]bool, len(p.nodes))
	for v := range p.nodes {
		f[v], t[v] = make([]float32, n), make([]bool, n)
	}
	for k, v := range p.inputs {
		for i := range n {
			at := i
			if nd := p.nodes[v]; !nd.full() {
				at = nd.span.at(i)
			}
			if p.nodes[v].truth {
				t[v][i] = args.In[k].B[at]
			} else {
				f[v][i] = args.In[k].F[at]
			}
		}
	}
	k := tables[Portable]
	for v, nd := range p.nodes {
		a, b, c := nd.args[0], nd.args[1], nd.args[2]
		switch nd.code {
		case opConst:
			Fill(f[v], nd.constant)
		case opUnary:
			k.unary[nd.op](f[v], f[a])
		case opBinary:
			k.binary[nd.op](f[v], f[a], f[b])
		case opFma:
			k.fma(f[v], f[a], f[b], f[c])
		case opCompare:
			k.compare[nd.op](t[v], f[a], f[b])
		case opFinite:
			k.isFinite(t[v], f[a])
		case opLogic:
			for i := range n {
				t[v][i] = [numLogic]bool{t[a][i] && t[b][i], t[a][i] || t[b][i], t[a][i] != t[b][i]}[nd.op]
			}
		case opNot:
			for i := range n {
				t[v][i] = !t[a][i]
			}
		case opSelect:
			k.selectVV(f[v], t[a], f[b], f[c])
		case opOver:
			k.over(f[v], f[a], f[b], f[c][0])
		case opGate:
			k.gate(f[v], f[a], f[b], f[c][0])
		case opSplat:
			f[v], t[v] = f[a], t[a]
		}
	}
	for _, v := range p.outputs {
		out, outB = append(out, f[v]), append(outB, t[v])
	}
	for _, r := range p.reductions {
		lists := make([][]float32, r.span.Mid)
		for i := range n {
			x := f[r.v][i]
			if r.dot >= 0 {
				x *= f[r.dot][i]
			}
			lists[r.span.at(i)] = append(lists[r.span.at(i)], x)
		}
		red = append(red, lists)
	}
	return out, outB, red
}

// randomProgram builds a program of random steps over random arguments.
func randomProgram(rng *rand.Rand, n int) (*Builder, *Args) {
	b := &Builder{Exact: rng.IntN(2) == 0}
	args := &Args{}
	var nums, truths []Value
	span := func() Span {
		return []Span{One, {1, 3}, {1, 64}, {1, 100}, {1, 5000}, {7, 3}, {300, 5}, {4000, 2}}[rng.IntN(8)]
	}
	randomBools := func(n int) []bool {
		m := make([]bool, n)
		for i := range m {
			m[i] = rng.IntN(2) == 0
		}
		return m
	}
	for range 2 + rng.IntN(3) {
		nums = append(nums, b.Input())
		args.In = append(args.In, Array{F: normals(rng, n)})
		s := span()
		nums = append(nums, b.Small(s))
		args.In = append(args.In, Array{F: normals(rng, s.Mid)})
		truths = append(truths, b.Bools())
		args.In = append(args.In, Array{B: randomBools(n)})
		s = span()
		truths = append(truths, b.SmallBools(s))
		args.In = append(args.In, Array{B: randomBools(s.Mid)})
	}
	nums = append(nums, b.Const(1.25), b.Const(-0.5), b.Scalar())
	args.In = append(args.In, Array{F: normals(rng, 1)})
	num := func() Value { return nums[rng.IntN(len(nums))] }
	truth := func() Value { return truths[rng.IntN(len(truths))] }
	for range 5 + rng.IntN(25) {
		switch rng.IntN(9) {
		case 0:
			nums = append(nums, b.Unary([]Unary{Neg, Abs, Tanh, Floor, Sign}[rng.IntN(5)], num()))
		case 1, 2, 3:
			nums = append(nums, b.Binary([]Binary{Add, Sub, Mul, Max, Min}[rng.IntN(5)], num(), num()))
		case 4:
			nums = append(nums, b.Fma(num(), num(), num()))
		case 5:
			truths = append(truths, b.Compare(Compare(rng.IntN(int(numCompare))), num(), num()))
		case 6:
			truths = append(truths, b.Logic(Logic(rng.IntN(int(numLogic))), truth(), truth()))
		case 7:
			truths = append(truths, b.Not(truth()), b.IsFinite(num()))
		case 8:
			nums = append(nums, b.Select(truth(), num(), num()))
		}
	}
	for range rng.IntN(4) {
		b.Store(num())
		args.Out = append(args.Out, Array{F: make([]float32, n)})
	}
	for range rng.IntN(2) {
		b.Store(truth())
		args.Out = append(args.Out, Array{B: make([]bool, n)})
	}
	for range rng.IntN(4) {
		r, s := Reduction(rng.IntN(int(numReductions))), span()
		b.Reduce(r, num(), s)
		red := make([]float32, s.Mid)
		Fill(red, r.Identity())
		args.Reductions = append(args.Reductions, red)
	}
	return b, args
}

// TestProgramsMeanTheirSteps runs random programs whole and in parts, and compares every output with the steps done one
// after another over the whole arrays, bit for bit; reductions against sums in float64, as their order is another.
func TestProgramsMeanTheirSteps(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		for seed := range uint64(150) {
			rng := random(seed)
			n := []int{1, 5, 64, 255, 1024, 3001}[rng.IntN(6)]
			b, args := randomProgram(rng, n)
			p, err := b.Program()
			if err != nil {
				t.Fatal(err)
			}
			out, outB, red := interpret(p, args, n)
			cut := rng.IntN(n + 1)
			p.Run(args, 0, cut)
			p.Run(args, cut, n)
			for k := range out {
				name := fmt.Sprintf("program %d, output %d\n%v", seed, k, p)
				if args.Out[k].F != nil {
					wantSame(t, name, args.Out[k].F, out[k])
				} else {
					wantBools(t, name, args.Out[k].B, outB[k])
				}
			}
			for k, lists := range red {
				for j, list := range lists {
					got, want, size := float64(args.Reductions[k][j]), 0.0, 0.0
					for _, x := range list {
						want += float64(x)
						size += math.Abs(float64(x))
					}
					// An element goes through the additions of its lane, at most n/Lanes, and those of the fold.
					tolerance := size * 0x1p-24 * float64(n/Lanes+16)
					if op := p.reductions[k].op; op != Sum {
						tolerance = 0
						want = float64(op.Run(list))
					}
					if !(math.Abs(got-want) <= tolerance) && got != want {
						t.Fatalf("program %d, reduction %d, element %d: %v, want %v\n%v", seed, k, j, got, want, p)
					}
				}
			}
		}
	})
}

// TestProgramReductionsHaveTheBitsOfRun: a reduction of a run is that of Reduction.Run over the same elements.
// A loop over arrays beyond the caches stores past them, from any place on, what a short one stores.
func TestStoresPastTheCaches(t *testing.T) {
	const n = farSize/8 + 5
	x, y := make([]float32, n), make([]float32, n+1)
	for i := range x {
		x[i] = float32(i % 1000)
	}
	var b Builder
	b.Store(b.Binary(Add, b.Input(), b.Const(1)))
	p, err := b.Program()
	if err != nil {
		t.Fatal(err)
	}
	eachVariant(t, func(t *testing.T) {
		if Active() == Portable {
			t.Skip("it has no such stores")
		}
		for _, shift := range []int{0, 1} {
			Fill(y, -1)
			out := y[shift:][:n]
			p.Run(&Args{In: []Array{{F: x}}, Out: []Array{{F: out}}}, 3, n-7)
			for i, v := range out {
				want := float32(-1)
				if i >= 3 && i < n-7 {
					want = x[i] + 1
				}
				if v != want {
					t.Fatalf("element %d is %v, want %v", i, v, want)
				}
			}
		}
	})
}

// TestRectifiersAreOneStep holds the forms in which graphs spell rectifiers and their gradients to one step, which does the same.
func TestRectifiersAreOneStep(t *testing.T) {
	for name, want := range map[string]string{"relu": "over", "leaky": "gate", "gradient": "gate", "turned": "gate", "other": "select"} {
		var b Builder
		x, g, s := b.Input(), b.Input(), b.Scalar()
		above := b.Compare(Gt, x, b.Const(0))
		factor := b.Select(above, b.Const(1), s)
		switch name {
		case "relu":
			b.Store(b.Select(above, x, b.Const(0)))
		case "leaky":
			b.Store(b.Binary(Mul, x, factor))
		case "gradient":
			b.Store(b.Binary(Mul, g, factor))
		case "turned":
			b.Store(b.Binary(Mul, factor, g))
		case "other":
			b.Store(b.Binary(Mul, b.Select(above, s, b.Const(1)), g))
		}
		p, err := b.Program()
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(p.String(), "= "+want) {
			t.Errorf("%s: want %s in\n%s", name, want, p)
		}
		if want == "select" {
			continue
		}
		if len(p.loop) != 1 {
			t.Errorf("%s takes %d steps:\n%s", name, len(p.loop), p)
		}
	}
}

func TestProgramReductionsHaveTheBitsOfRun(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		const n = 7000
		x := normals(random(4), n)
		var b Builder
		v := b.Input()
		b.Reduce(Sum, v, One)
		b.Reduce(Sum, v, Span{700, 10})
		b.Reduce(Sum, v, Span{10, 700})
		b.Reduce(Sum, b.Binary(Mul, v, v), One)
		p, err := b.Program()
		if err != nil {
			t.Fatal(err)
		}
		args := Args{In: []Array{{F: x}}, Reductions: [][]float32{make([]float32, 1), make([]float32, 10), make([]float32, 700), {0}}}
		p.Run(&args, 0, n)
		wantSame(t, "all", args.Reductions[0], []float32{Sum.Run(x)})
		wantSame(t, "stretches", args.Reductions[1], naive(10, func(i int) float32 { return Sum.Run(x[i*700:][:700]) }))
		wantSame(t, "short stretches", args.Reductions[2], naive(700, func(i int) float32 { return Sum.Run(x[i*10:][:10]) }))
		wantSame(t, "squares", args.Reductions[3], []float32{SumSquares(x)})
	})
}

// TestPartsKeepToTheirPlaces reduces parts of a loop: what no element of a part belongs to is not written, since other parts may be at work
// there. Negative zeros are left as they are only if nothing is added to them, not even zero.
func TestPartsKeepToTheirPlaces(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		const n = 600
		for _, span := range []Span{{Inner: 1, Mid: n}, {Inner: 4, Mid: n / 4}, {Inner: 1, Mid: n / 2}} {
			var b Builder
			b.Reduce(Sum, b.Input(), span)
			p, err := b.Program()
			if err != nil {
				t.Fatal(err)
			}
			const from, to = 200, 320
			red := make([]float32, span.Mid)
			Fill(red, float32(math.Copysign(0, -1)))
			p.Run(&Args{In: []Array{{F: normals(random(5), n)}}, Reductions: [][]float32{red}}, from, to)
			own := map[int]bool{}
			for i := from; i < to; i++ {
				own[span.at(i)] = true
			}
			for i, v := range red {
				if written := math.Float32bits(v) != 1<<31; written != own[i] {
					t.Fatalf("%+v: place %d is written: %t, of the part: %t", span, i, written, own[i])
				}
			}
		}
	})
}

// TestProgramInPlace lets outputs be the arrays of inputs that are read later, in every order.
func TestProgramInPlace(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		const n = 2500
		var b Builder
		x, y := b.Input(), b.Input()
		sum := b.Binary(Add, x, y)
		difference := b.Binary(Sub, x, y)
		b.Store(sum)
		b.Store(difference)
		b.Store(x)
		p, err := b.Program()
		if err != nil {
			t.Fatal(err)
		}
		for _, order := range [][3]int{{0, 1, 2}, {1, 0, 2}, {2, 0, 1}, {2, 1, 0}, {0, 2, 1}, {1, 2, 0}} {
			a, c := normals(random(1), n), normals(random(2), n)
			want := [3][]float32{make([]float32, n), make([]float32, n), append([]float32(nil), a...)}
			for i := range n {
				want[0][i], want[1][i] = a[i]+c[i], a[i]-c[i]
			}
			places := [3][]float32{a, c, make([]float32, n)}
			args := Args{In: []Array{{F: a}, {F: c}}, Out: []Array{{F: places[order[0]]}, {F: places[order[1]]}, {F: places[order[2]]}}}
			p.Run(&args, 0, n)
			for o := range want {
				wantSame(t, fmt.Sprint("order ", order, " output ", o), args.Out[o].F, want[o])
			}
		}
	})
}

func TestBuilderReportsMistakes(t *testing.T) {
	for want, build := range map[string]func(b *Builder){
		"truth value true, want false": func(b *Builder) { b.Binary(Add, b.Input(), b.Bools()) },
		"truth value false, want true": func(b *Builder) { b.Select(b.Input(), b.Input(), b.Input()) },
		"value 99 is not of this":      func(b *Builder) { b.Unary(Neg, 99) },
		"must be at least 1":           func(b *Builder) { b.Small(Span{0, 3}) },
		"a reduction needs numbers":    func(b *Builder) { b.Reduce(Sum, b.Bools(), One) },
	} {
		var b Builder
		build(&b)
		if _, err := b.Program(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q in it", err, want)
		}
	}
}
