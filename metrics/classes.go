package metrics

import (
	"fmt"
	"math"
)

// Balance tells how samples are spread over classes.
type Balance struct {
	Shares   []float64 // of each class, in [0, 1]; they sum to 1
	Min, Max float64   // of the shares
	Entropy  float64   // -sum p ln p in nats, from 0 (one class) to ln(classes) (all alike)
}

// BalanceOf counts labels, each in [0, classes).
func BalanceOf(labels []int32, classes int) (Balance, error) {
	if len(labels) == 0 || classes < 1 {
		return Balance{}, fmt.Errorf("metrics: %d labels of %d classes have no balance", len(labels), classes)
	}
	if err := checkLabels(labels, classes); err != nil {
		return Balance{}, err
	}
	b := Balance{Shares: make([]float64, classes), Min: 1}
	for _, label := range labels {
		b.Shares[label]++
	}
	for k := range b.Shares {
		b.Shares[k] /= float64(len(labels))
		b.Min, b.Max = min(b.Min, b.Shares[k]), max(b.Max, b.Shares[k])
		if p := b.Shares[k]; p > 0 {
			b.Entropy -= p * math.Log(p)
		}
	}
	return b, nil
}

// Divergence is the Kullback-Leibler divergence sum p ln(p/q) in nats of shares p from shares q, 0 where they are equal. It is
// infinite where p has a class that q lacks. With p the shares of samples and q those of real records it tells how much balance
// was lost (MNIST and stacked MNIST in Metz et al. 2016, 1611.02163).
func Divergence(p, q []float64) (float64, error) {
	if len(p) != len(q) || len(p) == 0 {
		return 0, fmt.Errorf("metrics: shares of %d and %d classes cannot be compared", len(p), len(q))
	}
	sum := 0.0
	for k := range p {
		switch {
		case p[k] == 0: // x ln x goes to 0
		case q[k] == 0:
			return math.Inf(1), nil
		default:
			sum += p[k] * math.Log(p[k]/q[k])
		}
	}
	return sum, nil
}

// Calls are what a classifier says of each sample.
type Calls struct {
	Labels     []int32   // the likeliest class
	Confidence []float64 // its probability (softmax of the logits), in (0, 1]
}

// Call reads logits [n, classes]. Of equal logits the first class is called.
func Call(logits Rows) (Calls, error) {
	if err := logits.check("logits"); err != nil {
		return Calls{}, err
	}
	var c Calls
	for i := range logits.Len() {
		row := logits.Row(i)
		best := 0
		for k, v := range row {
			if v > row[best] {
				best = k
			}
		}
		sum := 0.0
		for _, v := range row {
			sum += math.Exp(float64(v - row[best]))
		}
		c.Labels, c.Confidence = append(c.Labels, int32(best)), append(c.Confidence, 1/sum)
	}
	return c, nil
}

// Confident is the share of samples that are called with a probability above the bound, in [0, 1].
func (c Calls) Confident(above float64) float64 {
	n := 0
	for _, p := range c.Confidence {
		if p > above {
			n++
		}
	}
	return float64(n) / float64(len(c.Confidence))
}

// Agreement is the share of samples that are called what was asked for, in [0, 1]: accuracy on real records, class agreement on
// a conditional model's.
func (c Calls) Agreement(asked []int32) (float64, error) {
	if len(asked) != len(c.Labels) || len(asked) == 0 {
		return 0, fmt.Errorf("metrics: %d samples are called and %d labels asked for", len(c.Labels), len(asked))
	}
	n := 0
	for i, label := range c.Labels {
		if label == asked[i] {
			n++
		}
	}
	return float64(n) / float64(len(asked)), nil
}

func checkLabels(labels []int32, classes int) error {
	for i, label := range labels {
		if label < 0 || int(label) >= classes {
			return fmt.Errorf("metrics: label %d of sample %d is none of the %d classes", label, i, classes)
		}
	}
	return nil
}
