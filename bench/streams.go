package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/ostlerdev/ostler/internal/modeltest"
)

// listEvents is the time to list 10,000 events, page by page.
func listEvents(ctx context.Context) (err error) {
	r, err := newRig(ctx, 0, modeltest.Text("Hello."))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	id, err := r.session(ctx)
	if err != nil {
		return err
	}
	s, err := r.stream(ctx, id)
	if err != nil {
		return err
	}
	defer s.body.Close()
	for n := 0; n < 10000; n += 9 { // a plain turn is nine events
		if _, err := r.turn(ctx, id, s); err != nil {
			return err
		}
	}
	var times []time.Duration
	for range 20 {
		start := time.Now()
		page := ""
		for {
			b, err := r.call(ctx, "GET", "/v1/sessions/"+id+"/events?limit=1000&order=asc"+page, "")
			if err != nil {
				return err
			}
			_, next, _ := bytes.Cut(b[max(0, len(b)-200):], []byte(`"next_page":"`))
			cursor, _, found := strings.Cut(string(next), `"`)
			if !found {
				break
			}
			page = "&page=" + cursor
		}
		times = append(times, time.Since(start))
	}
	spread("list 10,000 events", times)
	return nil
}

// fanOut is the time from POST to a user.interrupt on the streams of 1,000
// readers of one idle session.
func fanOut(ctx context.Context) (err error) {
	r, err := newRig(ctx, 0, modeltest.Text("Hello."))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	id, err := r.session(ctx)
	if err != nil {
		return err
	}
	const readers, rounds = 1000, 10
	times := make(chan time.Duration, readers*rounds)
	starts := make([]time.Time, rounds)
	var wg, arrived sync.WaitGroup
	for range readers {
		s, err := r.stream(ctx, id)
		if err != nil {
			return err
		}
		wg.Go(func() {
			defer s.body.Close()
			for i := range rounds {
				if s.until("user.interrupt") != nil {
					return
				}
				times <- time.Since(starts[i])
				arrived.Done()
			}
		})
	}
	for i := range rounds {
		arrived.Add(readers)
		starts[i] = time.Now()
		if _, err := r.call(ctx, "POST", "/v1/sessions/"+id+"/events", `{"events":[{"type":"user.interrupt"}]}`); err != nil {
			return err
		}
		arrived.Wait()
	}
	wg.Wait()
	close(times)
	var all []time.Duration
	for d := range times {
		all = append(all, d)
	}
	spread("one event to 1,000 readers", all)
	return nil
}

// openStreams is the memory and CPU of a server, in a process of its own, with
// 10,000 open streams on idle sessions.
func openStreams(ctx context.Context) (err error) {
	child, r, err := startChild(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, child.stop()) }()
	ids := make([]string, 100)
	for i := range ids {
		if ids[i], err = r.session(ctx); err != nil {
			return err
		}
	}
	before := child.resident()
	const streams, span = 10000, 5 * time.Second
	for i := range streams {
		conn, err := r.rawStream(ids[i%len(ids)])
		if err != nil {
			return fmt.Errorf("stream %d: %w", i, err)
		}
		defer conn.Close()
	}
	cpu := child.cpu()
	time.Sleep(span)
	used := child.resident()
	fmt.Printf("%-34s RSS %d MiB, %.1f KiB for each; CPU %.2f%% of one core\n", "10,000 open streams", used>>20,
		float64(used-before)/streams/1024, (child.cpu()-cpu).Seconds()/span.Seconds()*100)
	return nil
}
