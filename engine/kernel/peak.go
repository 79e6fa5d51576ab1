package kernel

import "time"

// Peak measures what one core can do in multiply-adds at a level, in floating point operations a second: the most of
// several short runs, since clocks float and machines are shared. It takes some ten milliseconds. On the portable level it
// returns 0: there is no such limit to measure in plain Go.
func Peak(level Level) float64 {
	if level == Auto || level > Best() {
		level = Best()
	}
	k := level.kernels()
	if k.fma == nil {
		return 0
	}
	const rounds = 20000
	most := 0.0
	for range 25 {
		start := time.Now()
		k.fma(rounds)
		seconds := time.Since(start).Seconds()
		most = max(most, float64(rounds*2*k.rows*2*k.lanes)/seconds)
	}
	return most
}
