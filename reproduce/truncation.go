package reproduce

import (
	"context"
	"fmt"
	"math"

	"github.com/ganymede-gan/ganymede/data"
	"github.com/ganymede-gan/ganymede/data/images"
	"github.com/ganymede-gan/ganymede/features"
	"github.com/ganymede-gan/ganymede/metrics"
)

// thresholds of the latents, from none down.
var thresholds = []float64{math.Inf(1), 1, 0.7, 0.5, 0.3, 0.1}

// The figures of a curve, beside precision and recall at each threshold.
const (
	gained = "precision gained"    // at the last threshold over none
	lost   = "recall lost"         //
	rises  = "precision's order"   // rank correlation with the order of the thresholds
	falls  = "recall's order down" // minus that of the recall
)

// curveBars say that precision rises and recall falls as the threshold drops: from end to end by more than chance gives, and in this order
// on the way. The difference of two shares of 2,000 has a standard deviation of at most 0.016, so 0.05 is three of them. Six thresholds in
// random order have a rank correlation over 0.82 in 3 % of all orders.
var curveBars = []Bar{{Figure: gained, Least: 0.05}, {Figure: lost, Least: 0.05}, {Figure: rises, Least: 0.82}, {Figure: falls, Least: 0.82}}

// truncation is BigGAN's trade of variety for fidelity. Filters and rounds are what eight minutes on one thread give.
func truncation() Experiment {
	return Experiment{
		Name: "truncation", Title: "BigGAN's truncated samples on Fashion-MNIST at 32x32",
		Claim: "Brock et al. 2018 (BigGAN, 1809.11096, section 3.1 and figure 17) show that samples of truncated latents are better and less various the smaller the threshold: their Inception score, " +
			"akin to precision, rises at once, and their FID, which punishes lost variety, turns. Precision and recall in its place are Kynkäänniemi et al. 2019 (1904.06991, figure 5). The bars are ours.",
		Data: []string{"fashion"}, Set: []string{"data.side=32"}, Judge: truncationJudge,
		Parts: []Part{{
			Name: "biggan", Model: "biggan", Rounds: 2000, Seeds: seeds(), Bars: curveBars,
			Set: []string{"filters=8", "critic-filters=8"},
		}},
	}
}

var truncationJudge = Judge{
	Headline: []string{gained, lost},
	Protocol: "2,000 samples of seed 0 from the averaged weights at each threshold (a number of z beyond it is drawn again), each class in turn, batch norm's statistics standing ones of samples at that threshold, " +
		"for none too, beside the held-out pictures (at most 2,000, at even steps), on the 128 features of a small classifier that the project trains on the training pictures. " +
		"Precision and recall: Kynkäänniemi et al. 2019 with the third neighbour. Gained and lost: the last threshold against none. " +
		"Order: Spearman's correlation of the precision, or of minus the recall, with the thresholds from none down. " +
		"Real, under none: 2,000 training pictures at even steps in place of the samples. In the pictures named truncation a row has one threshold, and a column one class.",
	Judge: judgeTruncation,
}

func judgeTruncation(ctx context.Context, exhibit Exhibit) (verdict Verdict, err error) {
	codec, ok := exhibit.Set.Codec.(images.Codec)
	if !ok {
		return verdict, fmt.Errorf("%s are no pictures", exhibit.Set.Name)
	}
	classifier, err := exhibit.Studio.classifier(ctx, exhibit.Set)
	if err != nil {
		return verdict, err
	}
	defer classifier.Close()
	held, err := features.All(ctx, exhibit.Set.HeldOut)
	if err != nil {
		return verdict, err
	}
	reference, err := classifier.Judge(ctx, evenly(held[data.Pictures], compared))
	if err != nil {
		return verdict, err
	}
	compare := func(pictures data.Array) (metrics.PrecisionRecall, error) {
		judged, err := classifier.Judge(ctx, pictures)
		if err != nil {
			return metrics.PrecisionRecall{}, err
		}
		return metrics.PrecisionRecallOf(ctx, judged.Features, reference.Features, neighbour)
	}
	at := func(figure string, threshold float64) string {
		if math.IsInf(threshold, 1) {
			return figure + ", none"
		}
		return fmt.Sprintf("%s, %g", figure, threshold)
	}
	var curve []metrics.PrecisionRecall
	var rows data.Array
	for i, threshold := range thresholds {
		samples, err := exhibit.Truncate(ctx, sampleSeed, compared, threshold)
		if err != nil {
			return verdict, err
		}
		pictures := samples[data.Pictures]
		exhibit.Studio.Say("%s: judging %d samples %s", exhibit.Experiment, compared, at("at threshold", threshold))
		both, err := compare(pictures)
		if err != nil {
			return verdict, err
		}
		curve = append(curve, both)
		if i == 0 {
			exhibit.Samples = samples
		}
		row := first(pictures, max(len(codec.Classes()), 8))
		rows.Shape = append([]int{rows.Len() + row.Len()}, row.Shape[1:]...)
		rows.Float = append(rows.Float, row.Float...)
	}
	for i, both := range curve {
		verdict.Figures = append(verdict.Figures, Figure{at(precision, thresholds[i]), both.Precision})
	}
	for i, both := range curve {
		verdict.Figures = append(verdict.Figures, Figure{at(recall, thresholds[i]), both.Recall})
	}
	shape, err := shapeOf(curve)
	if err != nil {
		return verdict, err
	}
	verdict.Figures = append(verdict.Figures, shape...)

	known, err := someOf(ctx, exhibit.Set.Train, compared)
	if err != nil {
		return verdict, err
	}
	both, err := compare(known[data.Pictures])
	if err != nil {
		return verdict, err
	}
	verdict.Real = Figures{{at(precision, thresholds[0]), both.Precision}, {at(recall, thresholds[0]), both.Recall}}
	verdict.Notes = []string{fmt.Sprintf("The classifier has a test accuracy of %.2f %% (%d pictures).", 100*classifier.Accuracy, classifier.Tested)}
	if verdict.Pictures, err = sheets(ctx, exhibit, held[data.Pictures]); err != nil {
		return verdict, err
	}
	verdict.Pictures["truncation"], err = codec.SheetPNG(rows, rows.Len()/len(thresholds))
	return verdict, err
}

// shapeOf says how a curve goes whose thresholds drop.
func shapeOf(curve []metrics.PrecisionRecall) (Figures, error) {
	var order, up, down []float64
	for i, both := range curve {
		order, up, down = append(order, float64(i)), append(up, both.Precision), append(down, -both.Recall)
	}
	rise, err := metrics.Spearman(order, up)
	if err != nil {
		return nil, err
	}
	fall, err := metrics.Spearman(order, down)
	if err != nil {
		return nil, err
	}
	last := len(curve) - 1
	return Figures{{gained, up[last] - up[0]}, {lost, down[last] - down[0]}, {rises, rise}, {falls, fall}}, nil
}
