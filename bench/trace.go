package bench

import (
	"encoding/json"
	"fmt"
)

// traceEvent is a complete event of Chrome's trace format (the Trace Event Format document, "Complete Events"): times in microseconds.
type traceEvent struct {
	Name      string         `json:"name"`
	Category  string         `json:"cat"`
	Phase     string         `json:"ph"`
	Begin     float64        `json:"ts"`
	Duration  float64        `json:"dur"`
	Process   int            `json:"pid"`
	Thread    int            `json:"tid"`
	Arguments map[string]any `json:"args,omitempty"`
}

// WriteTrace writes the calls as a file that chrome://tracing and ui.perfetto.dev show. There is one line: kernels follow each other, each
// on all threads.
func (p *Profile) WriteTrace(path string) error {
	events := make([]traceEvent, 0, len(p.calls))
	for _, c := range p.calls {
		events = append(events, traceEvent{
			Name: kernelText(c.Kernel, c.Method), Category: "kernel", Phase: "X", Process: 1, Thread: 1,
			Begin: float64(c.At.Nanoseconds()) / 1e3, Duration: float64(c.Time.Nanoseconds()) / 1e3,
			Arguments: map[string]any{"flops": c.Flops, "bytes": c.Bytes},
		})
	}
	content, err := json.Marshal(map[string]any{"traceEvents": events, "displayTimeUnit": "ms", "otherData": map[string]any{"name": p.Name, "threads": p.Threads}})
	if err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	return replace(path, content)
}
