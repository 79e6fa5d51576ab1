package vec

// Unary names a function of one argument.
type Unary uint8

// The functions of one argument. NaN gives NaN, and special values are those of Go's package math unless said.
const (
	Neg      Unary = iota // -x
	Abs                   // |x|
	Sign                  // 1, -1, or x itself for ±0 and NaN
	Sqrt                  // √x, correctly rounded
	Rsqrt                 // 1/√x, each step correctly rounded
	Recip                 // 1/x, correctly rounded
	Floor                 // largest integer not above x
	Ceil                  // smallest integer not below x
	Round                 // nearest integer, halves to even
	Exp                   // eˣ
	Expm1                 // eˣ - 1
	Log                   // ln x
	Log1p                 // ln(1 + x)
	Tanh                  // hyperbolic tangent
	Logistic              // 1/(1 + e⁻ˣ)
	Erf                   // error function
	Sin                   // sine, of any size of argument
	Cos                   // cosine, of any size of argument
	numUnary
)

var unaryNames = [numUnary]string{"neg", "abs", "sign", "sqrt", "rsqrt", "recip", "floor", "ceil", "round",
	"exp", "expm1", "log", "log1p", "tanh", "logistic", "erf", "sin", "cos"}

func (op Unary) String() string { return unaryNames[op] }

// Binary names a function of two arguments.
type Binary uint8

// The functions of two arguments. Max and Min are those of the Go language: NaN if either is NaN, and -0 < +0.
const (
	Add   Binary = iota // a + b
	Sub                 // a - b
	Mul                 // a · b
	Div                 // a / b, correctly rounded
	Max                 // the larger
	Min                 // the smaller
	Pow                 // aᵇ
	Rem                 // the remainder of a/b with the sign of a, as math.Mod
	Atan2               // the angle of the point (b, a), as math.Atan2(a, b)
	numBinary
)

var binaryNames = [numBinary]string{"add", "sub", "mul", "div", "max", "min", "pow", "rem", "atan2"}

func (op Binary) String() string { return binaryNames[op] }

// Compare names a comparison of two numbers. Any comparison with NaN is false, except Ne, which is true.
type Compare uint8

// The comparisons.
const (
	Eq Compare = iota // a == b
	Ne                // a != b
	Lt                // a < b
	Le                // a <= b
	Gt                // a > b
	Ge                // a >= b
	numCompare
)

var compareNames = [numCompare]string{"eq", "ne", "lt", "le", "gt", "ge"}

func (op Compare) String() string { return compareNames[op] }

// swapped is the comparison with its sides exchanged: a op b = b op.swapped() a.
func (op Compare) swapped() Compare { return [numCompare]Compare{Eq, Ne, Gt, Ge, Lt, Le}[op] }

// Logic names an operation on truth values.
type Logic uint8

// The operations on truth values.
const (
	And Logic = iota
	Or
	Xor
	numLogic
)

var logicNames = [numLogic]string{"and", "or", "xor"}

func (op Logic) String() string { return logicNames[op] }
