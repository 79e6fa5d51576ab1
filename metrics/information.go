package metrics

import (
	"fmt"
	"math"
)

// InformationBound is a lower bound on the mutual information, in nats, of codes and of what was made from them: H(c) + E log Q(c|x), where
// Q(c|x) is the softmax of a row of logits and each of the Size codes is drawn as often as any other (Chen 2016, 1606.03657, equation 4). It is
// at most ln Size, which says that every code can be read; a Q that guesses has 0.
func InformationBound(logits Rows, codes []int32) (float64, error) {
	if logits.Len() == 0 || logits.Len() != len(codes) {
		return 0, fmt.Errorf("metrics: %d rows of logits and %d codes", logits.Len(), len(codes))
	}
	if err := checkLabels(codes, logits.Size); err != nil {
		return 0, err
	}
	mean := 0.0
	for i, code := range codes {
		row := logits.Values[i*logits.Size:][:logits.Size]
		top := float64(row[0])
		for _, l := range row {
			top = max(top, float64(l))
		}
		sum := 0.0
		for _, l := range row {
			sum += math.Exp(float64(l) - top)
		}
		mean += (float64(row[code]) - top - math.Log(sum)) / float64(len(codes))
	}
	return math.Log(float64(logits.Size)) + mean, nil
}
