package gan

import (
	"github.com/ganymede-gan/ganymede/config"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

// Virtual tells whether a player's batch norm is virtual.
func (t Technique) Virtual(scope string) bool {
	return t.VirtualNorm == "both" || t.VirtualNorm == scope
}

// referred is what a reference batch made of a player, and the nodes of the weights that it was made with.
type referred struct {
	*layers.Reference
	trained bool // by a pass of kind Train
	made    map[string]*Node
}

// Against returns a player's place with virtual batch norm; pass runs the player on its reference batch of so many records, and is not
// called again while the weights that it read are what they were.
//
// A training pass over the reference batch makes what a training pass makes beside the batch's statistics (a step of the power
// iteration of spectral norm), so that the pass against it finds the same weights and makes none.
func (r *Turn) Against(net Net, scope string, records int, pass func(net Net)) Net {
	key := r.under[scope] + scope
	have := r.referred[key]
	if have == nil || net.Pass() == layers.Train && !have.trained || r.stale(have) {
		have = &referred{trained: net.Pass() == layers.Train, made: map[string]*Node{}}
		read := r.bind.Watch(func() { have.Reference = layers.Refer(net, records, pass) })
		if have.Empty() {
			panic(config.Refuse("technique.virtual-batch-norm", "the %s has no batch norm that could be virtual; leave the %s out of it, or choose a model or a norm with batch norm", scope, scope))
		}
		for path := range read {
			have.made[path] = r.bind.Value(path)
		}
		r.referred[key] = have
	}
	if net.Pass() == layers.Train {
		net = net.With(layers.Batch)
	}
	return net.Against(have.Reference)
}

// stale tells whether a weight has changed since. Asking reads the weights: what is made against the reference was made from them.
func (r *Turn) stale(have *referred) bool {
	stale := false
	for path, node := range have.made {
		stale = r.bind.Value(path) != node || stale
	}
	return stale
}

// fixed is a need of a player's reference batch: drawn once for all of training, and kept with the player's weights.
func fixed(net Net, need Need, records int) *Node {
	var init layers.Init
	switch need.Kind {
	case Gaussian:
		init = layers.Normal(0, 1)
	case Flat:
		init = layers.Flat()
	default:
		init = layers.Whole(need.Classes)
	}
	node := net.In("reference").Statistic(need.Name, init, append([]int{records}, need.Shape...)...)
	return whole(node, need)
}

// whole is what a variable holds of a need: whole numbers where it is one of those.
func whole(node *Node, need Need) *Node {
	if need.Int {
		return graph.ConvertDType(node, dtypes.Int32)
	}
	return node
}

// generated makes records of what the generator is told.
func (p *pairPlay) generated(r *Turn, told, y *Node) *Node {
	net := r.Net(GeneratorScope)
	if p.o.Technique.Virtual(GeneratorScope) {
		net = r.Against(net, GeneratorScope, p.o.Optim.Batch, func(net Net) {
			codes := make([]*Node, len(p.Codes))
			for i, need := range p.Codes {
				codes[i] = p.spoken(fixed(net, need, p.o.Optim.Batch), need)
			}
			var y *Node
			if p.Classes > 0 {
				y = fixed(net, Labels("classes", p.Classes), p.o.Optim.Batch)
			}
			p.Generator(net, p.told(fixed(net, p.Latent, p.o.Optim.Batch), codes), y)
		})
	}
	return p.Generator(net, told, y)
}

// scored is the critic's score of records.
func (p *pairPlay) scored(r *Turn, pass layers.Pass, x, y *Node) *Node {
	net := r.Net(CriticScope).With(pass)
	if p.o.Technique.Virtual(CriticScope) {
		records, labels := p.keptRecords(r, x)
		net = r.Against(net, CriticScope, records.Shape().Dimensions[0], func(net Net) { p.Critic(net, records, labels) })
	}
	return p.Critic(net, x, y)
}

// keptRecords are the critic's reference batch: the real records, with their labels, of the first batch that it is trained on. like are
// other records as it sees them.
func (p *pairPlay) keptRecords(r *Turn, like *Node) (x, y *Node) {
	records := p.Record
	records.Shape = like.Shape().Dimensions[1:]
	n := p.o.Optim.Batch / p.o.Technique.Packing
	x = r.Kept(CriticScope, records, n, func() *Node { return p.real(r).Records })
	if p.Classes > 0 {
		y = r.Kept(CriticScope, RecordLabels("labels", p.Classes), n, func() *Node { return p.real(r).Labels })
	}
	return x, y
}

// Kept is a field of a player's reference batch that is taken from records: n of those of the first batch that the player is trained on,
// kept with the player's weights ever after. Before that, and where nobody is trained, it is what the weights have.
func (r *Turn) Kept(scope string, field Need, n int, now func() *Node) *Node {
	path := scope + "/reference/" + field.Name
	stored := r.State(path, layers.Constant(0), append([]int{n}, field.Shape...)...)
	if r.move != nil && !r.keeps[path] {
		r.keeps[path] = true
		filled := r.State(path+"/kept", layers.Constant(0)) // 1 from the first batch on
		is := graph.GreaterThan(filled, graph.Scalar(filled.Graph(), filled.DType(), 0.5))
		first := graph.ConvertDType(now(), stored.DType())
		r.Set(path, graph.Where(graph.BroadcastToDims(is, stored.Shape().Dimensions...), stored, first))
		r.Set(path+"/kept", graph.OnesLike(filled))
	}
	return whole(r.Value(path), field)
}
