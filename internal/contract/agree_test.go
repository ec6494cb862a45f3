package contract

import (
	"fmt"
	"testing"
)

func answers(t *testing.T, d *Description, route string) []*Sample {
	t.Helper()
	s := d.Answers(route)
	if len(s) == 0 {
		t.Fatalf("the description has no %s", route)
	}
	return s
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
			for i, s := range answers(t, d2, route) {
				body := s.Body()
				found, err := checkRoute(route, body)
				if err != nil {
					t.Fatal(err)
				}
				if len(found) > 0 {
					t.Fatalf("sample %d (variant %d):\n%v\n%s", i, s.pick, found, clip(body))
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
