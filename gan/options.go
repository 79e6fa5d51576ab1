package gan

import (
	"errors"
	"math"

	"github.com/ganymede-gan/ganymede/config"
)

// Options are what every model of two players shares. A model names its paper's values; the user may change any.
type Options struct {
	Objective string    `toml:"objective" default:"nonsaturating" in:"minimax,nonsaturating,lsgan,wasserstein,hinge,relativistic" help:"what the players want"`
	Penalty   Penalty   `toml:"penalty"`
	Optim     Optim     `toml:"optim"`
	Technique Technique `toml:"technique"`
}

// Penalty holds what keeps the critic in bounds.
type Penalty struct {
	GP         float64 `toml:"gp" default:"0" min:"0" help:"weight of the gradient penalty between real and generated records (WGAN-GP uses 10); 0 is off"`
	GPTarget   float64 `toml:"gp-target" default:"1" min:"0" help:"slope that the gradient penalty asks for"`
	GPSide     string  `toml:"gp-side" default:"both" in:"both,upper" help:"penalise slopes on both sides of the target, or only steeper ones"`
	R1         float64 `toml:"r1" default:"0" min:"0" help:"weight gamma of the slope at real records; 0 is off"`
	R2         float64 `toml:"r2" default:"0" min:"0" help:"weight gamma of the slope at generated records; 0 is off"`
	SlopesEnd  float64 `toml:"slopes-end" default:"1" min:"0" help:"share of the weights of R1 and R2 that is left at the end of optim.schedule (R3GAN: 0.1)"`
	Dragan     float64 `toml:"dragan" default:"0" min:"0" help:"weight of the gradient penalty around the data (its paper uses 10); 0 is off"`
	Every      int     `toml:"every" default:"1" min:"1" help:"lazy R1 and R2: their own step every so many rounds, with that many times the weight"`
	Path       float64 `toml:"path" default:"0" min:"0" help:"weight of path length regularisation, of a generator with styles (StyleGAN2 uses 2); 0 is off"`
	PathEvery  int     `toml:"path-every" default:"4" min:"1" help:"path length: its own step every so many rounds, with that many times the weight"`
	PathShrink int     `toml:"path-shrink" default:"2" min:"1" help:"path length: a batch is so many times smaller than others"`
	Drift      float64 `toml:"drift" default:"0" min:"0" help:"weight of the squared score of real records, which holds scores near 0 (Progressive GAN uses 0.001); 0 is off"`
	Clip       float64 `toml:"clip" default:"0" min:"0" help:"hold the critic's weights in [-clip, clip] (WGAN uses 0.01); 0 is off"`
	Smoothing  float64 `toml:"smoothing" default:"0" min:"0" below:"0.5" help:"one-sided label smoothing: the target of real records is 1 less this (Salimans 2016 uses 0.1)"`
	Noise      float64 `toml:"noise" default:"0" min:"0" help:"standard deviation of instance noise on what the critic sees, at the start; 0 is off"`
	NoiseEnd   float64 `toml:"noise-end" default:"0.5" above:"0" max:"1" help:"share of the run after which the instance noise has faded to 0"`
}

// slopes tells that R1 or R2 is on.
func (p Penalty) slopes() bool { return p.R1 > 0 || p.R2 > 0 }

// lazy tells that R1 and R2 are a step of their own.
func (p Penalty) lazy() bool { return p.slopes() && p.Every > 1 }

// betweenSlopes is how many rounds lie between two steps on R1 and R2 alone, 0 if there are none.
func (p Penalty) betweenSlopes() int {
	if p.lazy() {
		return p.Every
	}
	return 0
}

// betweenPaths is how many rounds lie between two steps on the path length, 0 if there are none.
func (p Penalty) betweenPaths() int {
	if p.Path > 0 {
		return p.PathEvery
	}
	return 0
}

// Optim holds how the players step.
type Optim struct {
	Batch      int     `toml:"batch" default:"64" min:"1" max:"4096" help:"records in a batch"`
	Algorithm  string  `toml:"algorithm" default:"adam" in:"adam,rmsprop,sgd" help:"optimiser of both players"`
	Rate       float64 `toml:"rate" default:"0.0002" above:"0" max:"1" help:"learning rate of the generator, and of the critic unless critic-rate says otherwise"`
	CriticRate float64 `toml:"critic-rate" default:"0" min:"0" max:"1" help:"learning rate of the critic (TTUR, Heusel 2017); 0 is the generator's"`
	Beta1      float64 `toml:"beta1" default:"0.5" min:"0" below:"1" help:"Adam's decay of the first moment"`
	Beta2      float64 `toml:"beta2" default:"0.999" min:"0" below:"1" help:"Adam's decay of the second moment"`
	Decay      float64 `toml:"decay" default:"0.99" above:"0" below:"1" help:"RMSProp's decay"`
	Momentum   float64 `toml:"momentum" default:"0" min:"0" below:"1" help:"momentum of gradient descent"`
	Schedule   string  `toml:"schedule" default:"constant" in:"constant,linear,cosine" help:"how the learning rates go to 0 from schedule-start to the end of the planned rounds"`
	Start      float64 `toml:"schedule-start" default:"0" min:"0" below:"1" help:"share of the run after which the schedule begins"`
	End        float64 `toml:"schedule-end" default:"0" min:"0" max:"1" help:"share of the learning rates that is left at the end of the schedule"`
	Beta2End   float64 `toml:"beta2-end" default:"0" min:"0" below:"1" help:"Adam's decay of the second moment at the end of the schedule; 0 is beta2 throughout"`
	Critic     int     `toml:"critic-steps" default:"1" min:"1" max:"25" help:"steps of the critic in a round (n_critic)"`
	Pretrain   int     `toml:"pretrain" default:"0" min:"0" help:"rounds at the start in which the critic alone moves"`
	Accumulate int     `toml:"accumulate" default:"1" min:"1" max:"64" help:"batches whose mean gradient makes one step; batch norm still sees one batch at a time"`
	Limit      float64 `toml:"clip-gradient" default:"0" min:"0" help:"scale a player's gradient down to this global norm; 0 is off"`
	Average    float64 `toml:"average" default:"0.999" min:"0" below:"1" help:"decay of the generator's averaged weights, reached in (1+n)/(10+n); 0 keeps none"`
	ShareFake  bool    `toml:"share-fake" default:"false" help:"both players step on one generated batch, as DCGAN's code does; otherwise each draws its own"`
	Statistics string  `toml:"batch-statistics" default:"separate" in:"separate,joint" help:"the critic's batch norm sees real and generated records apart, or in one batch"`
}

// optimizer returns the optimiser that the options name.
func (o Optim) optimizer() Optimizer {
	switch o.Algorithm {
	case "rmsprop":
		return RMSProp{Decay: o.Decay}
	case "sgd":
		return SGD{Momentum: o.Momentum}
	default:
		if o.Beta2End > 0 {
			return Adam{Beta1: o.Beta1, Beta2Knob: beta2Knob}
		}
		return Adam{Beta1: o.Beta1, Beta2: o.Beta2}
	}
}

// lazily returns the optimiser of a move that shares its state with a penalty made every so many rounds, and the share of the rate
// that it has: of every+1 steps in so many rounds, one is the penalty's, and Adam is to move as far and remember as long as without
// it (Karras 2019, 1912.04958, appendix B). Every 0 is no such penalty.
func (o Optim) lazily(every int) (optimizer Optimizer, share float64) {
	adam, ok := o.optimizer().(Adam)
	if every == 0 || !ok {
		return o.optimizer(), 1
	}
	share = float64(every) / float64(every+1)
	adam.Beta1, adam.Beta2, adam.power = math.Pow(adam.Beta1, share), math.Pow(adam.Beta2, share), share
	return adam, share
}

// rate returns the knob of a learning rate that starts at value and follows the schedule.
func (o Optim) rate(name string, value float64) Knob { return o.scheduled(name, value, value*o.End) }

// scheduled returns a knob that goes from a value to another as the schedule has it, where the schedule begins.
func (o Optim) scheduled(name string, from, to float64) Knob {
	return Knob{Name: name, Value: from, At: func(p Progress) float64 {
		over := (p.Done() - o.Start) / (1 - o.Start) // of the stretch in which it changes
		switch {
		case o.Schedule == "constant" || over <= 0:
			return from
		case o.Schedule == "cosine":
			return to + (from-to)*(1+math.Cos(math.Pi*over))/2
		default:
			return from + (to-from)*over
		}
	}}
}

// mostPasses is how many passes of the critic a round's graph may hold: the time to build it grows with the square.
const mostPasses = 128

// check refuses, all at once, combinations that make no sense for a critic. docs/combinations.md has the matrix and the reasons.
func (o Options) check(p Pair) error {
	objective, err := FindObjective(o.Objective)
	if err != nil {
		return err
	}
	var errs []error
	refuse := func(key, format string, args ...any) { errs = append(errs, config.Refuse(key, format, args...)) }
	if objective.Unbounded && o.Penalty.Clip == 0 && o.Penalty.GP == 0 && o.Penalty.Dragan == 0 {
		refuse("objective", "%s has no lower bound unless the critic is Lipschitz; set penalty.clip, penalty.gp or penalty.dragan", o.Objective)
	}
	if o.Penalty.Smoothing > 0 && !objective.Labels {
		refuse("penalty.smoothing", "it lowers the target of real records, and objective=%s has no targets; leave it at 0", o.Objective)
	}
	if o.Penalty.GP > 0 && p.Mixes && !o.Technique.Virtual(CriticScope) {
		refuse("penalty.gp", "it is a penalty on each record's own slope, and this critic's batch norm ties each score to the whole batch "+
			"(Gulrajani 2017, section 4); set critic-norm=layer or none, of pix2pix norm=instance, or technique.virtual-batch-norm=critic")
	}
	if err := o.Technique.fits(p); err != nil {
		errs = append(errs, err)
	}
	if o.Penalty.Path > 0 && len(p.Stages) > 0 {
		refuse("penalty.path", "networks that grow have no path length here; take stylegan2, or leave it at 0")
	}
	if o.Penalty.Path > 0 && p.Styled == nil {
		refuse("penalty.path", "it is a penalty on how a picture changes with its styles, and this generator has none; take stylegan or stylegan2, or leave it at 0")
	}
	if passes := o.Optim.Critic * o.Optim.Accumulate; passes > mostPasses {
		refuse("optim.accumulate", "%d parts in each of %d critic steps make a round of %d passes in one graph; %d is the most", o.Optim.Accumulate, o.Optim.Critic, passes, mostPasses)
	}
	return errors.Join(append(errs, o.Technique.check(p, o.Optim.Batch, o.Penalty.GP > 0))...)
}
