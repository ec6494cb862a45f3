package modeltest_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/modeltest"
)

// BenchmarkInstant is the cost of the upstream itself, asked by a client that
// costs next to nothing.
func BenchmarkInstant(b *testing.B) {
	in, err := modeltest.StartInstant(0, modeltest.Text("The answer is short."))
	if err != nil {
		b.Fatal(err)
	}
	body := request(`"stream":true`)
	ask := []byte(fmt.Sprintf("POST /v1/messages HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body))
	b.RunParallel(func(pb *testing.PB) {
		c, err := net.Dial("tcp", strings.TrimPrefix(in.URL, "http://"))
		if err != nil {
			b.Error(err)
			return
		}
		defer c.Close() //nolint:errcheck // the benchmark is over
		r := bufio.NewReader(c)
		for pb.Next() {
			if _, err := c.Write(ask); err != nil {
				b.Error(err)
				return
			}
			res, err := http.ReadResponse(r, nil)
			if err != nil {
				b.Error(err)
				return
			}
			if _, err := io.Copy(io.Discard, res.Body); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "req/s")
	if err := in.Close(); err != nil {
		b.Error(err)
	}
}
