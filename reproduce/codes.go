package reproduce

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/ganymede-gan/ganymede/data"
	"github.com/ganymede-gan/ganymede/data/images"
	"github.com/ganymede-gan/ganymede/features"
	"github.com/ganymede-gan/ganymede/metrics"
)

// The figures of codesJudge.
const (
	matched  = "matched"
	bound    = "bound"                 // in nats
	ofCodes  = "bound, of its ceiling" // ln 10 of ten categories
	asked    = 1000                    // samples of each category that the bound is taken from
	traverse = 10                      // rows of a traversal
)

// codesJudge asks how well the categories that were found without labels are the classes.
var codesJudge = Judge{
	Headline: []string{matched},
	Protocol: "Each held-out picture is given the category that the recognition network Q, with running statistics, finds likeliest. Matched: the share of pictures whose category is " +
		"the one that belongs to their class, in the best one-to-one match of categories to classes (Chen et al. 2016, section 7.2). Labels are used for nothing else. " +
		"Bound: ln 10 + E log Q(c|x) in nats over 1,000 samples of each category (equation 4; other continuous codes 0, latents of seed 0). " +
		"In the pictures named code a row is one latent: the categories in turn, and continuous codes from -2 to 2.",
	Judge: judgeCodes,
}

func judgeCodes(ctx context.Context, exhibit Exhibit) (verdict Verdict, err error) {
	held, err := features.All(ctx, exhibit.Set.HeldOut)
	if err != nil {
		return verdict, err
	}
	read, err := exhibit.Read(ctx, held[data.Pictures])
	if err != nil {
		return verdict, err
	}
	labels, classes := held[data.Labels].Int, exhibit.Set.Codec.Classes()
	counts, err := confusion(read["codes"], labels, len(classes))
	if err != nil {
		return verdict, err
	}
	match, share, err := metrics.BestMatch(counts)
	if err != nil {
		return verdict, err
	}
	known, err := boundOf(ctx, exhibit, len(classes))
	if err != nil {
		return verdict, err
	}
	if verdict.Pictures, err = traversals(ctx, exhibit); err != nil {
		return verdict, err
	}
	var pairs []string
	for category, class := range match {
		if class >= 0 {
			pairs = append(pairs, fmt.Sprintf("%d is %s", category, classes[class]))
		}
	}
	verdict.Figures = Figures{{matched, share}, {bound, known}, {ofCodes, known / math.Log(float64(len(classes)))}}
	verdict.Notes = []string{"Categories and classes: " + strings.Join(pairs, ", ") + "."}
	return verdict, nil
}

// boundOf is the bound on the mutual information of the categorical code, the first, and samples.
func boundOf(ctx context.Context, exhibit Exhibit, categories int) (float64, error) {
	samples, frames, err := exhibit.Traverse(ctx, 1, sampleSeed, asked)
	if err != nil {
		return 0, err
	}
	if frames != categories {
		return 0, fmt.Errorf("reproduce: the first code has %d values; it must be categorical, with %d", frames, categories)
	}
	read, err := exhibit.Read(ctx, samples[data.Pictures])
	if err != nil {
		return 0, err
	}
	codes := read["codes"]
	logits, drawn := metrics.Rows{Size: categories}, make([]int32, codes.Len())
	for i := range drawn {
		logits.Values = append(logits.Values, codes.Float[i*codes.Shape[1]:][:categories]...)
		drawn[i] = int32(i % categories)
	}
	return metrics.InformationBound(logits, drawn)
}

// traversals are pictures along each code.
func traversals(ctx context.Context, exhibit Exhibit) (map[string][]byte, error) {
	codec, ok := exhibit.Set.Codec.(images.Codec)
	if !ok {
		return nil, fmt.Errorf("%s are no pictures", exhibit.Set.Name)
	}
	drawn := map[string][]byte{}
	for code := 1; code <= exhibit.Codes; code++ {
		samples, frames, err := exhibit.Traverse(ctx, code, sampleSeed, traverse)
		if err != nil {
			return nil, err
		}
		if drawn[fmt.Sprintf("code%d", code)], err = codec.SheetPNG(samples[data.Pictures], frames); err != nil {
			return nil, err
		}
	}
	return drawn, nil
}

// confusion counts pictures by category (rows), the largest of the first logits, and class. There are as many categories as classes; what
// stands behind their logits are continuous codes.
func confusion(codes data.Array, labels []int32, classes int) ([][]int, error) {
	if codes.Len() != len(labels) || len(codes.Shape) != 2 || codes.Shape[1] < classes {
		return nil, fmt.Errorf("reproduce: codes of shape %v for %d pictures of %d classes; the categorical code must have as many values as there are classes", codes.Shape, len(labels), classes)
	}
	counts := make([][]int, classes)
	for i := range counts {
		counts[i] = make([]int, classes)
	}
	for i, label := range labels {
		logits := codes.Float[i*codes.Shape[1]:][:classes]
		likeliest := 0
		for category, logit := range logits {
			if logit > logits[likeliest] {
				likeliest = category
			}
		}
		counts[likeliest][label]++
	}
	return counts, nil
}
