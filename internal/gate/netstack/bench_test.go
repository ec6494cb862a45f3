package netstack

import (
	"io"
	"net"
	"runtime"
	"testing"
)

// BenchmarkStack is the cost of a sandbox that does nothing: the time to start
// and end its Stack, and what it keeps meanwhile.
func BenchmarkStack(b *testing.B) {
	g := newFake(nil)
	const kept = 100
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	goroutines := runtime.NumGoroutine()
	var ends []io.Closer
	for range kept {
		ours, theirs := wire(b)
		s, err := New(ours, g)
		if err != nil {
			b.Fatal(err)
		}
		ends = append(ends, s, theirs)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	goroutines = runtime.NumGoroutine() - goroutines
	for _, e := range ends {
		if err := e.Close(); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		ours, theirs := wire(b)
		s, err := New(ours, g)
		if err != nil {
			b.Fatal(err)
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
		if err := theirs.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(after.HeapInuse+after.StackInuse-before.HeapInuse-before.StackInuse)/kept/1024, "KiB/stack")
	b.ReportMetric(float64(goroutines)/kept, "goroutines/stack")
}

// BenchmarkDownload is the way of bytes to a sandbox.
func BenchmarkDownload(b *testing.B) {
	block := make([]byte, 32<<10)
	_, box := start(b, newFake(func(c net.Conn) {
		for err := error(nil); err == nil; {
			_, err = c.Write(block)
		}
	}))
	c := box.mustDial("8.8.8.8:80")
	buf := make([]byte, len(block))
	b.SetBytes(int64(len(buf)))
	for b.Loop() {
		if _, err := io.ReadFull(c, buf); err != nil {
			b.Fatal(err)
		}
	}
}
