package handstest

import (
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/ostlerdev/ostler/internal/hands"
)

// Bench measures a driver: the first command of a new sandbox, cold; later
// commands; file tools; and the end of a sandbox. The bars are 160 ms for the
// first command and 5 ms over the command itself for later ones.
func Bench(b *testing.B, driver New) {
	d, err := driver(b.TempDir(), "")
	if err != nil {
		b.Fatal(err)
	}
	dir := b.TempDir()
	start := func(b *testing.B, i int) hands.Sandbox {
		b.Helper()
		sandbox, err := d.Start(b.Context(), hands.Spec{ID: newID(), Dir: filepath.Join(dir, b.Name(), strconv.Itoa(i))})
		if err != nil {
			b.Fatal(err)
		}
		return sandbox
	}
	b.Run("first command", func(b *testing.B) {
		var times []time.Duration
		for i := 0; b.Loop(); i++ {
			began := time.Now()
			s := start(b, i)
			call(b, s, "bash", `{"command":"echo x"}`)
			times = append(times, time.Since(began))
			b.StopTimer()
			if err := s.Close(b.Context()); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
		}
		percentiles(b, times)
	})
	b.Run("adopted", func(b *testing.B) { benchAdopt(b, d, dir, start) })
	for name, c := range map[string][2]string{
		"later command": {"bash", `{"command":"echo x"}`},
		"program":       {"bash", `{"command":"/bin/true"}`},
		"write":         {"write", `{"file_path":"f","content":"x"}`},
		"read":          {"read", `{"file_path":"f"}`},
	} {
		b.Run(name, func(b *testing.B) {
			s := start(b, 0)
			call(b, s, "bash", `{"command":"echo x > f"}`)
			var times []time.Duration
			for b.Loop() {
				began := time.Now()
				call(b, s, c[0], c[1])
				times = append(times, time.Since(began))
			}
			percentiles(b, times)
			if err := s.Close(b.Context()); err != nil {
				b.Fatal(err)
			}
		})
	}
	b.Run("suspend", func(b *testing.B) { benchSuspend(b, d, dir) })
	b.Run("close", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			b.StopTimer()
			s := start(b, i)
			b.StartTimer()
			if err := s.Close(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func call(b *testing.B, s hands.Sandbox, tool, input string) {
	b.Helper()
	result, err := s.Run(b.Context(), hands.Call{Tool: tool, Input: []byte(input)})
	if err != nil || result.IsError {
		b.Fatalf("%s: %s, %v", tool, result.Content, err)
	}
}

func percentiles(b *testing.B, times []time.Duration) {
	for _, p := range []int{50, 95} {
		b.ReportMetric(percentile(times, p), "ms/p"+strconv.Itoa(p))
	}
}

// percentile is in milliseconds. It sorts times.
func percentile(times []time.Duration, p int) float64 {
	slices.Sort(times)
	return float64(times[len(times)*p/100].Microseconds()) / 1000
}
