package reproduce

import (
	"context"
	"fmt"

	"github.com/ganymede-gan/ganymede/data"
	"github.com/ganymede-gan/ganymede/features"
	"github.com/ganymede-gan/ganymede/metrics"
)

// The figures of distributions, on the classifier's features.
const (
	frechet   = "Frechet"
	sliced    = "sliced Wasserstein"
	precision = "precision"
	recall    = "recall"
)

const (
	compared   = 2000 // pictures on either side
	directions = 512  // of the sliced Wasserstein distance
	neighbour  = 3    // the paper's, of precision and recall
)

// familyJudge compares distributions, so that systems can stand side by side.
var familyJudge = Judge{
	Headline: []string{frechet, precision, recall},
	Samples:  compared,
	Protocol: "2,000 samples of seed 0 from the averaged weights beside the held-out pictures (at most 2,000, at even steps), on the 128 features of a small classifier that the project trains on the training pictures. " +
		"Frechet: squared distance of the fitted normal distributions. Sliced Wasserstein: mean over 512 directions of seed 0. Precision and recall: Kynkäänniemi et al. 2019 with the third neighbour. " +
		"Of the class: called what was asked for (real: what they are). Smallest and largest class: shares of the calls. " +
		"Nearest training: mean Euclidean distance on pixels in [-1, 1] of 1,000 pictures at even steps to the nearest training picture; closest: the smallest of them. " +
		"Real: 2,000 training pictures at even steps in place of the samples, which is what a perfect model would reach; its distance to the nearest training picture is that of the held-out pictures. " +
		"None of these numbers can be compared with a published FID.",
	Judge: judgeFamily,
}

func judgeFamily(ctx context.Context, exhibit Exhibit) (verdict Verdict, err error) {
	classifier, err := exhibit.Studio.classifier(ctx, exhibit.Set)
	if err != nil {
		return verdict, err
	}
	defer classifier.Close()
	held, err := features.All(ctx, exhibit.Set.HeldOut)
	if err != nil {
		return verdict, err
	}
	known, err := someOf(ctx, exhibit.Set.Train, compared)
	if err != nil {
		return verdict, err
	}
	reference, err := classifier.Judge(ctx, evenly(held[data.Pictures], compared))
	if err != nil {
		return verdict, err
	}
	compare := func(pictures data.Array, labels []int32) (Figures, error) {
		return distances(ctx, classifier, pictures, labels, reference.Features)
	}
	if verdict.Figures, err = compare(exhibit.Samples[data.Pictures], exhibit.Asked); err != nil {
		return verdict, err
	}
	if verdict.Real, err = compare(known[data.Pictures], known[data.Labels].Int); err != nil {
		return verdict, err
	}
	_, near, err := nearestTraining(ctx, exhibit.Set, evenly(exhibit.Samples[data.Pictures], neighbours))
	if err != nil {
		return verdict, err
	}
	_, nearReal, err := nearestTraining(ctx, exhibit.Set, evenly(held[data.Pictures], neighbours))
	if err != nil {
		return verdict, err
	}
	verdict.Figures, verdict.Real = append(verdict.Figures, near...), append(verdict.Real, nearReal...)
	verdict.Notes = []string{fmt.Sprintf("The classifier has a test accuracy of %.2f %% (%d pictures).", 100*classifier.Accuracy, classifier.Tested)}
	verdict.Pictures, err = sheets(ctx, exhibit, held[data.Pictures])
	return verdict, err
}

// distances are the figures of pictures beside the features of real ones. labels are what they are or were asked to be, nil if nobody
// asked.
func distances(ctx context.Context, classifier *features.Classifier, pictures data.Array, labels []int32, real metrics.Rows) (Figures, error) {
	judged, err := classifier.Judge(ctx, pictures)
	if err != nil {
		return nil, err
	}
	distance, err := metrics.Frechet(judged.Features, real)
	if err != nil {
		return nil, err
	}
	slices, err := metrics.SlicedWasserstein(judged.Features, real, directions, 0)
	if err != nil {
		return nil, err
	}
	both, err := metrics.PrecisionRecallOf(ctx, judged.Features, real, neighbour)
	if err != nil {
		return nil, err
	}
	calls, err := metrics.Call(judged.Logits)
	if err != nil {
		return nil, err
	}
	balance, err := metrics.BalanceOf(calls.Labels, classifier.Classes)
	if err != nil {
		return nil, err
	}
	figures := Figures{{frechet, distance}, {sliced, slices}, {precision, both.Precision}, {recall, both.Recall}, {smallest, balance.Min}, {largest, balance.Max}}
	if labels != nil {
		share, err := calls.Agreement(labels)
		if err != nil {
			return nil, err
		}
		figures = append(figures, Figure{agreement, share})
	}
	return figures, nil
}

// someOf reads up to n records of a source at even steps.
func someOf(ctx context.Context, source data.Source, n int) (data.Batch, error) {
	n = min(n, source.Len())
	indices := make([]int, n)
	for i := range indices {
		indices[i] = i * source.Len() / n
	}
	batch := data.Batch{}
	return batch, source.Read(ctx, indices, batch)
}
