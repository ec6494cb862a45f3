package page

import (
	"math"

	"github.com/ostlerdev/ostler/internal/fault"
)

// Window bounds a list to rows whose sort key lies between Min and Max, both
// included.
type Window struct{ Min, Max int64 }

// Everything is the Window that bounds nothing.
var Everything = Window{math.MinInt64, math.MaxInt64}

// Check refuses a cursor whose place lies outside of the window: there, the
// page it leads to means nothing (Managed Agents API: pagination).
func (w Window) Check(c *Cursor) error {
	if c != nil && (c.Key.Sort < w.Min || c.Key.Sort > w.Max) {
		return fault.At("page", "the cursor lies outside of the time window of this request")
	}
	return nil
}
