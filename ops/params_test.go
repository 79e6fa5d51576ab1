package ops

import (
	"reflect"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/gobackend"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
)

// What this package reads from the unexported fields of GoMLX's nodes is what the nodes were made with. If this fails after GoMLX was
// updated, its fields have new names or meanings: see core/graph/gen_compute_ops.go there.
func TestParams(t *testing.T) {
	g := graph.NewGraph(gobackend.GetBackend(), t.Name())
	x := graph.Zeros(g, shapes.Make(dtypes.Float64, 4, 9, 8, 2))
	indices := graph.Zeros(g, shapes.Make(dtypes.Int32, 3, 2))
	check := func(what string, got, want any) {
		t.Helper()
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: read %+v, made with %+v", what, got, want)
		}
	}

	c := convolution{
		axes: graph.ConvolveAxesConfig{ // x [batch, height, width, channels] to [width, channels, batch, height]
			InputBatch: 0, InputSpatial: []int{1, 2}, InputChannels: 3,
			KernelOutputChannels: 0, KernelSpatial: []int{3, 1}, KernelInputChannels: 2,
			OutputSpatial: []int{3, 0}, OutputChannels: 1, OutputBatch: 2,
		},
		strides: []int{2, 3}, paddings: [][2]int{{1, 2}, {3, -1}},
		inputDilations: []int{2, 1}, kernelDilations: []int{1, 2},
		channelGroups: 2, batchGroups: 1,
	}
	check("ConvGeneral", convolutionOf(c.apply(x, graph.Zeros(g, shapes.Make(dtypes.Float64, 6, 3, 1, 2)))), c)
	check("ConvGeneral, defaults", convolutionOf(graph.Convolve(x, graph.Zeros(g, shapes.Make(dtypes.Float64, 3, 2, 2, 5))).Done()), convolution{
		axes:    channelsLast(2),
		strides: []int{1, 1}, paddings: [][2]int{{}, {}}, inputDilations: []int{1, 1}, kernelDilations: []int{1, 1},
		channelGroups: 1, batchGroups: 1,
	})
	c = convolution{axes: channelsLast(2), strides: []int{1, 1}, paddings: [][2]int{{}, {}}, inputDilations: []int{1, 1}, kernelDilations: []int{1, 1}, channelGroups: 1, batchGroups: 2}
	check("ConvGeneral, batch groups", convolutionOf(c.apply(x, graph.Zeros(g, shapes.Make(dtypes.Float64, 3, 2, 2, 4)))), c)

	config := []graph.PadAxis{{Start: 1, End: 2, Interior: 3}, {Start: 4}}
	check("Pad", paramsOf(graph.Pad(x, graph.ScalarZero(g, x.DType()), config...)).padAxes("axesConfig"), config)
	check("Reverse", paramsOf(graph.Reverse(x, 2, 1)).ints("axes"), []int{2, 1})
	check("ReduceProduct", paramsOf(graph.ReduceMultiply(x, 1, 3)).ints("axes"), []int{1, 3})

	pooled := graph.BackendReduceWindow(x, compute.ReduceOpMax, []int{1, 2, 3, 1}, []int{1, 3, 2, 1}, []int{2, 1, 1, 1}, []int{1, 1, 2, 1}, [][2]int{{}, {1, 2}, {}, {}})
	check("ReduceWindow", windowsOf(pooled), []window{{1, 1, 1, 2, 0, 0}, {2, 3, 1, 1, 1, 2}, {3, 2, 2, 1, 0, 0}, {1, 1, 1, 1, 0, 0}})
	check("ReduceWindow's reduction", paramsOf(pooled).int("reductionType"), int(compute.ReduceOpMax))
	pooled = graph.BackendReduceWindow(x, compute.ReduceOpSum, []int{1, 2, 3, 1}, nil, nil, nil, nil)
	check("ReduceWindow, defaults", windowsOf(pooled), []window{{1, 1, 1, 1, 0, 0}, {2, 2, 1, 1, 0, 0}, {3, 3, 1, 1, 0, 0}, {1, 1, 1, 1, 0, 0}})

	gather := paramsOf(graph.BackendGather(x, indices, 1, []int{1, 2}, []int{0, 3}, []int{1, 3}, []int{1, 5, 8, 1}, true))
	check("Gather's index vector", gather.int("indexVectorAxis"), 1)
	check("Gather's offsets", gather.ints("offsetOutputAxes"), []int{1, 2})
	check("Gather's collapsed axes", gather.ints("collapsedSliceAxes"), []int{0, 3})
	check("Gather's map", gather.ints("startIndexMap"), []int{1, 3})
	check("Gather's sizes", gather.ints("sliceSizes"), []int{1, 5, 8, 1})

	updates := graph.Zeros(g, shapes.Make(x.DType(), 3, 5, 8))
	scatter := paramsOf(graph.BackendScatterSum(x, indices, updates, 1, []int{1, 2}, []int{0, 3}, []int{1, 3}, true, false))
	check("ScatterSum's index vector", scatter.int("indexVectorAxis"), 1)
	check("ScatterSum's windows", scatter.ints("updateWindowAxes"), []int{1, 2})
	check("ScatterSum's inserted axes", scatter.ints("insertedWindowAxes"), []int{0, 3})
	check("ScatterSum's map", scatter.ints("scatterAxesToOperandAxes"), []int{1, 3})
	check("ScatterSum's order", scatter.bool("indicesAreSorted"), true)
}

func TestParamsNamesTheMissingField(t *testing.T) {
	g := graph.NewGraph(gobackend.GetBackend(), t.Name())
	defer func() {
		err, ok := recover().(error) // graph.Exec turns only errors into errors
		if want := `nodeInputsReverse of GoMLX has no field "stride"`; !ok || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}()
	paramsOf(graph.Reverse(graph.Zeros(g, shapes.Make(dtypes.Float32, 2)), 0)).ints("stride")
}
