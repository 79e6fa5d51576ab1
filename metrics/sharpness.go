package metrics

import "fmt"

// LaplacianVariance tells how sharp grey pictures [n, height, width] are: the variance, over the places of a picture that have four
// neighbours, of the sum of these less four times itself, averaged over the pictures. Blurred pictures have little of it.
func LaplacianVariance(grey []float32, height, width int) (float64, error) {
	size := height * width
	if height < 3 || width < 3 || len(grey) == 0 || len(grey)%size != 0 {
		return 0, fmt.Errorf("metrics: %d numbers are no pictures of %d x %d with places inside", len(grey), height, width)
	}
	total := 0.0
	for start := 0; start < len(grey); start += size {
		picture := grey[start : start+size]
		var sum, squares float64
		for y := 1; y < height-1; y++ {
			for x := 1; x < width-1; x++ {
				i := y*width + x
				l := float64(picture[i-1]) + float64(picture[i+1]) + float64(picture[i-width]) + float64(picture[i+width]) - 4*float64(picture[i])
				sum += l
				squares += l * l
			}
		}
		places := float64((height - 2) * (width - 2))
		mean := sum / places
		total += squares/places - mean*mean
	}
	return total / float64(len(grey)/size), nil
}

// MeanDifference is the mean absolute difference of two arrays of one size, over the elements for which counts is true; nil counts
// all.
func MeanDifference(x, y []float32, counts []bool) (float64, error) {
	if len(x) != len(y) || counts != nil && len(counts) != len(x) {
		return 0, fmt.Errorf("metrics: %d and %d numbers are compared, of which %d are marked", len(x), len(y), len(counts))
	}
	sum, n := 0.0, 0
	for i := range x {
		if counts == nil || counts[i] {
			d := float64(x[i]) - float64(y[i])
			sum += max(d, -d)
			n++
		}
	}
	if n == 0 {
		return 0, fmt.Errorf("metrics: there is nothing to compare")
	}
	return sum / float64(n), nil
}
