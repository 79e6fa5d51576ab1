package reproduce

import (
	"context"
	"fmt"
	"strings"

	"github.com/ganymede-gan/ganymede/data"
	"github.com/ganymede-gan/ganymede/features"
	"github.com/ganymede-gan/ganymede/metrics"
)

// matched is the figure of codesJudge.
const matched = "matched"

// codesJudge asks how well the categories that were found without labels are the classes.
var codesJudge = Judge{
	Headline: []string{matched},
	Protocol: "Each held-out picture is given the category that the recognition network Q, with running statistics, finds likeliest. Matched: the share of pictures whose category is " +
		"the one that belongs to their class, in the best one-to-one match of categories to classes (Chen et al. 2016, section 7.2). Labels are used for nothing else.",
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
	var pairs []string
	for category, class := range match {
		if class >= 0 {
			pairs = append(pairs, fmt.Sprintf("%d is %s", category, classes[class]))
		}
	}
	return Verdict{Figures: Figures{{matched, share}}, Notes: []string{"Categories and classes: " + strings.Join(pairs, ", ") + "."}}, nil
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
