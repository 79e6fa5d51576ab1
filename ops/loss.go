package ops

import (
	"github.com/gomlx/gomlx/core/graph"
)

// SigmoidCrossEntropy returns -label*log(p) - (1-label)*log(1-p) with p = sigmoid(logit), for each element and with full precision
// for any logit. Labels are probabilities, of the shape of the logits; PyTorch calls it binary_cross_entropy_with_logits.
func SigmoidCrossEntropy(logits, labels *graph.Node) *graph.Node {
	if !logits.Shape().Equal(labels.Shape()) {
		fail("SigmoidCrossEntropy: logits %v and labels %v must have one shape", logits.Shape(), labels.Shape())
	}
	return graph.Sub(Softplus(logits), graph.Mul(logits, labels))
}

// LogSumExp returns log(sum(exp(x))) over the last axis, which is dropped: [..., classes] to [...].
func LogSumExp(x *graph.Node) *graph.Node {
	largest := graph.StopGradient(graph.ReduceMax(x, -1)) // the value does not depend on it
	shifted := graph.Sub(x, graph.InsertAxes(largest, -1))
	return graph.Add(largest, graph.Log(graph.ReduceSum(graph.Exp(shifted), -1)))
}

// SoftmaxCrossEntropy returns -sum(label*log(softmax(logits))) over the last axis, which is dropped: [..., classes] to [...].
// Labels are probabilities of the shape of the logits: one-hot classes, or smoothed ones.
func SoftmaxCrossEntropy(logits, labels *graph.Node) *graph.Node {
	if !logits.Shape().Equal(labels.Shape()) {
		fail("SoftmaxCrossEntropy: logits %v and labels %v must have one shape; make classes one-hot", logits.Shape(), labels.Shape())
	}
	surprise := graph.Sub(graph.InsertAxes(LogSumExp(logits), -1), logits) // -log(softmax)
	return graph.ReduceSum(graph.Mul(labels, surprise), -1)
}
