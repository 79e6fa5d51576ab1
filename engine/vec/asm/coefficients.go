package main

// polynomials are the coefficients of the functions, highest power first, made by fit.py.
var polynomials = []struct {
	name  string
	value []float64
}{
	// eʳ = 1 + r + r²·p(r), |r| <= ln 2 / 2, relative to eʳ; largest weighted error 2^-28.2.
	{"polyExp", []float64{0x1.6a3d100000000p-10, 0x1.1238560000000p-7, 0x1.5558be0000000p-5, 0x1.5554940000000p-3, 0x1.fffffc0000000p-2}},
	// eʳ - 1 = r + r²·p(r), relative to eʳ - 1; largest weighted error 2^-31.1.
	{"polyExpm1", []float64{0x1.9e66b80000000p-13, 0x1.6d3a240000000p-10, 0x1.1112de0000000p-7, 0x1.5554f80000000p-5, 0x1.5555540000000p-3, 0x1.0000000000000p-1}},
	// ln(1 + f) = f - f²/2 + f³·p(f), √½ <= 1 + f <= √2, relative; largest weighted error 2^-27.4.
	{"polyLog", []float64{-0x1.38c97e0000000p-4, 0x1.055eb00000000p-3, -0x1.0d82460000000p-3, 0x1.22d9300000000p-3, -0x1.54728a0000000p-3, 0x1.99a01c0000000p-3, -0x1.0002260000000p-2, 0x1.5555540000000p-2}},
	// tanh x = x + x³·p(x²), |x| <= 0.625, relative; largest weighted error 2^-27.7.
	{"polyTanh", []float64{-0x1.750ce40000000p-8, 0x1.51f8ce0000000p-6, -0x1.b835a40000000p-5, 0x1.1106f60000000p-3, -0x1.5555320000000p-2}},
	// erf x = x + x·p(x²), |x| <= 0.9375, relative; largest weighted error 2^-30.1.
	{"polyErf", []float64{0x1.5a705c0000000p-14, -0x1.a97ffc0000000p-11, 0x1.54b1540000000p-8, -0x1.b80c080000000p-6, 0x1.ce2de60000000p-4, -0x1.8127420000000p-2, 0x1.06eba80000000p-3}},
	// ln(1 - erf x) = x·(p(x)) - x, 0.9375 <= x <= 3.9375, by what it does to erf; largest weighted error 2^-30.5.
	{"polyErfTail", []float64{-0x1.8ee8040000000p-17, 0x1.5967200000000p-12, -0x1.e0f4320000000p-9, 0x1.8641300000000p-6, -0x1.b36b600000000p-4, -0x1.452d3e0000000p-1, -0x1.077e1e0000000p-3}},
	// sin r = r + r³·p(r²), |r| <= π/4, relative; largest weighted error 2^-32.5.
	{"polySin", []float64{0x1.7c2c4e0000000p-19, -0x1.a059540000000p-13, 0x1.1111740000000p-7, -0x1.5555560000000p-3}},
	// cos r = 1 - r²/2 + r⁴·p(r²), |r| <= π/4, relative; largest weighted error 2^-33.0.
	{"polyCos", []float64{0x1.99e80c0000000p-16, -0x1.6c0c280000000p-10, 0x1.55554a0000000p-5}},
}

// doubles are those of the functions that work in float64.
var doubles = []struct {
	name  string
	value []float64
}{
	// log₂((1+s)/(1-s)) = s·p(s²), √½ <= (1+s)/(1-s) <= √2, relative; largest weighted error 2^-42.4.
	{"polyLog2", []float64{0x1.07fd30cf85106p-2, 0x1.0a42adb1d2f3ap-2, 0x1.487253a074e9cp-2, 0x1.a615deb6ad9a8p-2, 0x1.2776c837346aap-1, 0x1.ec709dbf1ce8bp-1, 0x1.71547652b8739p+1}},
	// 2ʳ = p(r), |r| <= ½, relative; largest weighted error 2^-34.5.
	{"polyExp2", []float64{0x1.fe1792a586cbap-17, 0x1.446a215908f17p-13, 0x1.5d8a707f5faa4p-10, 0x1.3b29dc3f15d46p-7, 0x1.c6b08aaf34888p-5, 0x1.ebfbe0a4bf99dp-3, 0x1.62e42ff116218p-1, 0x1.ffffffffabc08p-1}},
}
