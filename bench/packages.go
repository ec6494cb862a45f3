package main

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/ostlerdev/ostler/internal/modeltest"
	"github.com/ostlerdev/ostler/internal/server"
)

// packages is the first turn with a bash call in an environment with a pip
// package: where it must be installed, and where that has been done. The
// registry is one of this process, so that the network doesn't count.
func packages(ctx context.Context) (err error) {
	index, err := pipIndex()
	if err != nil {
		return err
	}
	defer index.Close()
	r, err := newRigWith(ctx, func(c *server.Config) {
		c.GateHosts = "pip.test=" + index.Listener.Addr().String()
		c.Registries = []string{"pip=http://pip.test/"}
	}, 0, modeltest.ToolUse("bash", map[string]any{"command": "python3 -c 'import ostler_bench'"}), modeltest.Text("Done."))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	var first, second []time.Duration
	for i := range 5 {
		r.env, err = r.create(ctx, "/v1/environments", fmt.Sprintf(`{"name":"packages %d","config":{"type":"cloud","packages":{"pip":["ostler-bench"]}}}`, i))
		if err != nil {
			return err
		}
		for j := range 5 {
			d, err := r.firstTurn(ctx)
			if err != nil {
				return err
			}
			if j == 0 {
				first = append(first, d)
			} else {
				second = append(second, d)
			}
		}
	}
	spread("first turn, a package to install", first)
	spread("first turn, it is installed", second)
	return nil
}

// firstTurn is a turn in a new session.
func (r *rig) firstTurn(ctx context.Context) (time.Duration, error) {
	id, err := r.session(ctx)
	if err != nil {
		return 0, err
	}
	s, err := r.stream(ctx, id)
	if err != nil {
		return 0, err
	}
	defer s.body.Close()
	d, err := r.turn(ctx, id, s)
	if err == nil {
		_, err = r.call(ctx, "POST", "/v1/sessions/"+id+"/archive", "")
	}
	return d, err
}

// pipIndex serves one small package.
func pipIndex() (*httptest.Server, error) {
	const name, info = "ostler_bench-1.0-py3-none-any.whl", "ostler_bench-1.0.dist-info/"
	var wheel bytes.Buffer
	z := zip.NewWriter(&wheel)
	for _, f := range [][2]string{
		{"ostler_bench.py", ""},
		{info + "METADATA", "Metadata-Version: 2.1\nName: ostler-bench\nVersion: 1.0\n"},
		{info + "WHEEL", "Wheel-Version: 1.0\nGenerator: bench\nRoot-Is-Purelib: true\nTag: py3-none-any\n"},
		{info + "RECORD", "ostler_bench.py,,\n" + info + "METADATA,,\n" + info + "WHEEL,,\n" + info + "RECORD,,\n"},
	} {
		w, err := z.Create(f[0])
		if err != nil {
			return nil, err
		}
		if _, err := w.Write([]byte(f[1])); err != nil {
			return nil, err
		}
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ostler-bench/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, `<!DOCTYPE html><a href="/%s">%s</a>`, name, name)
	})
	mux.HandleFunc("GET /"+name, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(wheel.Bytes()) })
	return httptest.NewServer(mux), nil
}
