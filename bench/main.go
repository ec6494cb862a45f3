// Command bench measures a server in this process and prints the figures of
// docs/performance.md. Its model answers at once unless a figure says
// otherwise, so that what is measured is the server.
//
//	go run ./bench            # all figures
//	go run ./bench -only turn # those whose name begins with turn
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"runtime"
	"strings"

	"github.com/ostlerdev/ostler/internal/hands/roles"
)

// figure is a measurement.
type figure struct {
	name string
	run  func(ctx context.Context) error
}

func main() {
	roles.Dispatch()
	only := flag.String("only", "", "run only the figures whose name begins with this")
	child := flag.Bool("child", false, "serve for another bench until standard input ends")
	flag.Parse()
	if *child {
		if err := serveParent(context.Background()); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		return
	}
	fmt.Printf("%s, %d CPUs, %s/%s\n", runtime.Version(), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH)
	for _, f := range []figure{
		{"turn-latency", turnLatency},
		{"turn-rate-20", func(ctx context.Context) error { return turnRate(ctx, 20) }},
		{"turn-rate-200", func(ctx context.Context) error { return turnRate(ctx, 200) }},
		{"slow-model", slowModel},
		{"bash", bash},
		{"warm-pool", warmPool},
		{"suspended", suspended},
		{"packages", packages},
		{"list", listEvents},
		{"fan-out", fanOut},
		{"streams", openStreams},
	} {
		if !strings.HasPrefix(f.name, *only) {
			continue
		}
		if err := f.run(context.Background()); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", f.name, err)
			os.Exit(1)
		}
	}
}
