package handstest

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/ostlerdev/ostler/internal/hands"
)

// benchAdopt is the time to the end of the first command of a session that
// takes a sandbox which was started before.
func benchAdopt(b *testing.B, d hands.Driver, dir string, start func(*testing.B, int) hands.Sandbox) {
	adopter, ok := d.(hands.Adopter)
	if !ok {
		b.Skip("the driver's sandboxes can't be adopted")
	}
	var times []time.Duration
	for i := 0; b.Loop(); i++ {
		b.StopTimer()
		s := start(b, i)
		to := filepath.Join(dir, "adopted", b.Name(), strconv.Itoa(i))
		if err := os.MkdirAll(to, 0o755); err != nil {
			b.Fatal(err)
		}
		<-time.After(300 * time.Millisecond) // the shell is there
		b.StartTimer()
		began := time.Now()
		if err := adopter.Move(s, to); err != nil {
			b.Fatal(err)
		}
		if err := adopter.Adopt(b.Context(), s, hands.Spec{ID: newID(), Dir: to, Env: map[string]string{"KEY": "x"}}); err != nil {
			b.Fatal(err)
		}
		call(b, s, "bash", `{"command":"echo x"}`)
		times = append(times, time.Since(began))
		b.StopTimer()
		if err := s.Close(b.Context()); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	percentiles(b, times)
}
