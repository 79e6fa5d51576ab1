package reproduce

import (
	"context"
	"fmt"

	"github.com/ganymede-gan/ganymede/config"
	"github.com/ganymede-gan/ganymede/data"
	"github.com/ganymede-gan/ganymede/data/images"
	"github.com/ganymede-gan/ganymede/features"
	"github.com/ganymede-gan/ganymede/metrics"
	"github.com/ganymede-gan/ganymede/train"
)

// The figures of labelled pictures.
const (
	confident = "confident"        // share of pictures called with more than 0.9
	smallest  = "smallest class"   // its share of the calls
	largest   = "largest class"    //
	agreement = "of the class"     // share of pictures called what was asked for, or what they are
	spread    = "spread"           // least ratio over the classes of mean distance within, samples to real
	nearest   = "nearest training" // mean distance to the nearest training picture
	closest   = "closest"          // the smallest of these distances
)

const (
	sure       = 0.9  // what the classifier must say for a picture to count as confident
	pairsOf    = 1000 // pictures of a class whose pairwise distances are taken
	neighbours = 1000 // pictures whose nearest training picture is looked for
)

// classesJudge has a classifier look at samples.
var classesJudge = Judge{
	Headline: []string{confident, agreement},
	Samples:  10000,
	Protocol: "10,000 samples of seed 0 from the averaged weights, called by a small classifier that the project trains on the training pictures. Confident: called with a probability over 0.9. " +
		"Smallest and largest class: shares of the calls. Of the class: called what was asked for (real: what they are). " +
		"Spread: within each called class, the mean pairwise distance of up to 1,000 pictures on the classifier's 128 features, divided by that of real test pictures; the smallest over the classes. " +
		"Nearest training: mean Euclidean distance on pixels in [-1, 1] of 1,000 pictures at even steps to the nearest training picture; closest: the smallest of them. Real: all test pictures.",
	Judge: judgeClasses,
}

// classifier is the one that judges pictures of the set, trained on it when it is first asked for.
func (s *Studio) classifier(ctx context.Context, set *data.Set) (*features.Classifier, error) {
	return features.Cached(ctx, s.Cache, s.Backend, set, config.Default[features.Options](), func(r train.Result, rounds int) {
		if r.Round%500 == 0 {
			s.Say("the classifier that judges: round %d of %d", r.Round, rounds)
		}
	})
}

func judgeClasses(ctx context.Context, exhibit Exhibit) (verdict Verdict, err error) {
	classifier, err := exhibit.Studio.classifier(ctx, exhibit.Set)
	if err != nil {
		return verdict, err
	}
	defer classifier.Close()
	held, err := features.All(ctx, exhibit.Set.HeldOut)
	if err != nil {
		return verdict, err
	}
	genuine, err := look(ctx, classifier, exhibit.Set, held[data.Pictures], held[data.Labels].Int)
	if err != nil {
		return verdict, err
	}
	samples, err := look(ctx, classifier, exhibit.Set, exhibit.Samples[data.Pictures], exhibit.Asked)
	if err != nil {
		return verdict, err
	}
	ratio, err := leastRatio(samples.spreads, genuine.spreads)
	if err != nil {
		return verdict, err
	}
	verdict.Figures = append(samples.figures, Figure{spread, ratio})
	verdict.Real = append(genuine.figures, Figure{spread, 1})
	verdict.Notes = []string{fmt.Sprintf("The classifier has a test accuracy of %.2f %% (%d pictures).", 100*classifier.Accuracy, classifier.Tested)}
	verdict.Pictures, err = sheets(ctx, exhibit, held[data.Pictures])
	return verdict, err
}

// seen is what the classifier and the training pictures say of pictures.
type seen struct {
	figures Figures
	spreads []metrics.Spread
}

// look judges pictures; labels are what they are or were asked to be, nil if nobody asked.
func look(ctx context.Context, classifier *features.Classifier, set *data.Set, pictures data.Array, labels []int32) (s seen, err error) {
	judged, err := classifier.Judge(ctx, pictures)
	if err != nil {
		return s, err
	}
	calls, err := metrics.Call(judged.Logits)
	if err != nil {
		return s, err
	}
	balance, err := metrics.BalanceOf(calls.Labels, classifier.Classes)
	if err != nil {
		return s, err
	}
	s.figures = Figures{{confident, calls.Confident(sure)}, {smallest, balance.Min}, {largest, balance.Max}}
	if labels != nil {
		share, err := calls.Agreement(labels)
		if err != nil {
			return s, err
		}
		s.figures = append(s.figures, Figure{agreement, share})
	}
	if s.spreads, err = metrics.WithinClass(judged.Features, calls.Labels, classifier.Classes, pairsOf); err != nil {
		return s, err
	}
	_, distances, err := nearestTraining(ctx, set, evenly(pictures, neighbours))
	s.figures = append(s.figures, distances...)
	return s, err
}

// leastRatio is the smallest ratio of spreads over the classes; a class without samples has 0.
func leastRatio(samples, real []metrics.Spread) (float64, error) {
	least := 0.0
	for k := range real {
		if real[k].Distance == 0 {
			return 0, fmt.Errorf("class %d has %d real pictures that differ; there must be two", k, real[k].Used)
		}
		if ratio := samples[k].Distance / real[k].Distance; k == 0 || ratio < least {
			least = ratio
		}
	}
	return least, nil
}

// nearestTraining finds the training picture that each picture is most like.
func nearestTraining(ctx context.Context, set *data.Set, pictures data.Array) ([]metrics.Neighbour, Figures, error) {
	known, err := features.All(ctx, set.Train)
	if err != nil {
		return nil, nil, err
	}
	size := len(pictures.Float) / max(pictures.Len(), 1)
	found, err := metrics.Nearest(ctx, metrics.Rows{Size: size, Values: pictures.Float}, metrics.Rows{Size: size, Values: known[data.Pictures].Float})
	if err != nil {
		return nil, nil, err
	}
	sum, least := 0.0, found[0].Distance
	for _, n := range found {
		sum, least = sum+n.Distance, min(least, n.Distance)
	}
	return found, Figures{{nearest, sum / float64(len(found))}, {closest, least}}, nil
}

// real is the name of the sheet of held-out pictures.
const real = "real"

// onSheet is how many pictures a contact sheet shows.
const onSheet = 64

// sheetJudge shows samples beside real pictures and the training pictures that they are most like.
var sheetJudge = Judge{
	Samples: onSheet,
	Protocol: "The first 64 samples of seed 0 from the averaged weights, none left out; 64 held-out pictures at even steps; for each sample the nearest training picture. " +
		"Nearest training: mean Euclidean distance on pixels in [-1, 1] to the nearest training picture; closest: the smallest of them. Real: the 64 held-out pictures.",
	Judge: judgeSheet,
}

func judgeSheet(ctx context.Context, exhibit Exhibit) (verdict Verdict, err error) {
	held, err := features.All(ctx, exhibit.Set.HeldOut)
	if err != nil {
		return verdict, err
	}
	if _, verdict.Figures, err = nearestTraining(ctx, exhibit.Set, exhibit.Samples[data.Pictures]); err != nil {
		return verdict, err
	}
	if _, verdict.Real, err = nearestTraining(ctx, exhibit.Set, evenly(held[data.Pictures], onSheet)); err != nil {
		return verdict, err
	}
	verdict.Pictures, err = sheets(ctx, exhibit, held[data.Pictures])
	return verdict, err
}

// sheets draws 64 samples, 64 real pictures and the training picture nearest to each of the samples.
func sheets(ctx context.Context, exhibit Exhibit, held data.Array) (map[string][]byte, error) {
	codec, ok := exhibit.Set.Codec.(images.Codec)
	if !ok {
		return nil, fmt.Errorf("%s are no pictures", exhibit.Set.Name)
	}
	samples := first(exhibit.Samples[data.Pictures], onSheet)
	found, _, err := nearestTraining(ctx, exhibit.Set, samples)
	if err != nil {
		return nil, err
	}
	indices := make([]int, len(found))
	for i, n := range found {
		indices[i] = n.Index
	}
	known := data.Batch{}
	if err := exhibit.Set.Train.Read(ctx, indices, known); err != nil {
		return nil, err
	}
	drawn := map[string][]byte{}
	for name, pictures := range map[string]data.Array{"samples": samples, real: evenly(held, onSheet), "nearest": known[data.Pictures]} {
		if drawn[name], err = codec.SheetPNG(pictures, 8); err != nil {
			return nil, err
		}
	}
	return drawn, nil
}
