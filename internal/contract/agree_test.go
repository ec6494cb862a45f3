package contract

import (
	"fmt"
	"testing"
)

// variants is more than any union of the API has.
const variants = 44

// samples makes bodies for a route that take every variant of every union at
// least once, with and without optional members.
func samples(t *testing.T, d *Description, route string) []*sampled {
	t.Helper()
	s, ok := d.responses[route]
	if !ok {
		t.Fatalf("the description has no %s", route)
	}
	var out []*sampled
	seen := map[string]bool{}
	for _, optional := range []bool{false, true} {
		for pick := range variants {
			g := &sampler{spec: d, pick: pick, optional: optional}
			v := g.value(s, route)
			if body := encode(v); !seen[string(body)] {
				seen[string(body)] = true
				out = append(out, &sampled{v, g})
			}
		}
	}
	return out
}

type sampled struct {
	value any
	*sampler
}

func descriptions(t *testing.T) (d1, d2 *Description) {
	t.Helper()
	d1, err := DescriptionV1()
	if err != nil {
		t.Fatal(err)
	}
	d2, err = DescriptionV2()
	if err != nil {
		t.Fatal(err)
	}
	return d1, d2
}

// TestJudgesAgree makes answers from the descriptions and shows them to the
// SDKs' types: the table of routes is right and no judge is stricter than the
// other where both are right.
func TestJudgesAgree(t *testing.T) {
	_, d2 := descriptions(t)
	for _, route := range routes() {
		t.Run(route, func(t *testing.T) {
			for i, s := range samples(t, d2, route) {
				body := encode(s.value)
				found, err := checkRoute(route, body)
				if err != nil {
					t.Fatal(err)
				}
				if len(found) > 0 {
					t.Fatalf("sample %d (variant %d, optional %v):\n%v\n%s", i, s.pick, s.optional, found, clip(body))
				}
			}
		})
	}
}

func clip(b []byte) string {
	if len(b) > 3000 {
		return fmt.Sprintf("%s… (%d bytes)", b[:3000], len(b))
	}
	return string(b)
}
