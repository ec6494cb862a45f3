package contract

import (
	"fmt"
	"strings"
)

// Violation is one way in which an answer departs from the contract.
type Violation struct {
	Judge string // who says so, such as "sdk v2" or "schema v1"
	Path  string // JSON path, such as data[0].agent.tools; "" is the whole body
	Text  string
}

func (v Violation) String() string {
	path := v.Path
	if path == "" {
		path = "(body)"
	}
	return fmt.Sprintf("%s: %s: %s", v.Judge, path, v.Text)
}

// Violations is the outcome of a check; empty is good. It is an error so that
// it can travel as one: see [Violations.Err].
type Violations []Violation

// Err is nil if nothing was found.
func (vs Violations) Err() error {
	if len(vs) == 0 {
		return nil
	}
	return vs
}

func (vs Violations) Error() string {
	lines := make([]string, len(vs))
	for i, v := range vs {
		lines[i] = v.String()
	}
	return strings.Join(lines, "\n")
}

// by returns the violations with the judge's name put in.
func (vs Violations) by(judge string) Violations {
	for i := range vs {
		vs[i].Judge = judge
	}
	return vs
}

func key(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func index(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }
