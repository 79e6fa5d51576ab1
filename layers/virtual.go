package layers

import (
	"fmt"

	"github.com/gomlx/gomlx/core/graph"
)

// Reference is what a network makes of a reference batch: the moments at each of its batch norms. By it batch norm becomes virtual
// (Salimans 2016, 1606.03498, section 3.4): each record is normalised by the statistics of the reference batch and of itself, so that
// it does not depend on the other records of its batch, in training as in sampling. There are no running statistics.
type Reference struct {
	records float64
	at      map[string]moment // by the place of the batch norm
}

// moment holds mean and variance of each channel, [channels].
type moment struct{ mean, variance *graph.Node }

// Refer runs a network on a reference batch of so many records, at net: pass applies it, and what it returns is of no use but for the
// moments on the way. The reference batch is normalised by its own statistics alone. What a network draws for each pass is drawn for
// the reference batch once, and kept as the statistic NAME/reference.
func Refer(net Net, records int, pass func(net Net)) *Reference {
	reference := &Reference{records: float64(records), at: map[string]moment{}}
	net.reference, net.collecting = reference, true
	net.binding.Noted(func() { pass(net) }) // what it notes is nobody's
	return reference
}

// Empty tells that the network has no batch norm.
func (r *Reference) Empty() bool { return len(r.at) == 0 }

// Against returns the same place with batch norm that is virtual, by a reference batch that went through the network before.
func (n Net) Against(reference *Reference) Net {
	n.reference, n.collecting = reference, false
	return n
}

// moments returns mean and variance of x at a batch norm: those of the reference batch itself, [channels], and of others for each record
// those of the reference batch with the record beside it, [batch, 1, ..., channels].
func (r *Reference) moments(net Net, x *graph.Node) (mean, variance *graph.Node) {
	of, known := r.at[net.path]
	if net.collecting {
		if known {
			panic(fmt.Errorf("batch norm at %s is applied twice in a pass, and virtual batch norm has one reference a place", net.path))
		}
		mean, variance = moments(x, allBut(x, x.Rank()-1)...)
		r.at[net.path] = moment{mean, variance}
		return mean, variance
	}
	if !known {
		panic(fmt.Errorf("virtual batch norm at %s: the reference batch did not come by", net.path))
	}
	mean, variance = x, graph.ZerosLike(x)
	if places := allBut(x, 0); len(places) > 1 {
		places = places[:len(places)-1] // the last axis counts the channels
		mean = graph.ReduceAndKeep(x, graph.ReduceMean, places...)
		variance = graph.ReduceAndKeep(graph.Square(graph.Sub(x, mean)), graph.ReduceMean, places...)
	}
	// The moments of both together, by their distances from the common mean: differences of large squares would lose digits.
	share := 1 / (r.records + 1)
	theirs, spread := broadcast(of.mean, mean), broadcast(of.variance, mean)
	common := graph.Add(graph.MulScalar(mean, share), graph.MulScalar(theirs, 1-share))
	around := func(variance, mean *graph.Node) *graph.Node {
		return graph.Add(variance, graph.Square(graph.Sub(mean, common)))
	}
	return common, graph.Add(graph.MulScalar(around(variance, mean), share), graph.MulScalar(around(spread, theirs), 1-share))
}
