package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ostlerdev/ostler/internal/modeltest"
)

// turnLatency is the time from POST to session.status_idle on the stream, one
// turn at a time.
func turnLatency(ctx context.Context) (err error) {
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
	var times []time.Duration
	for i := range 550 {
		d, err := r.turn(ctx, id, s)
		if err != nil {
			return err
		}
		if i >= 50 {
			times = append(times, d)
		}
	}
	spread("turn, one at a time", times)
	return nil
}

// turnRate is how many turns end in a second while so many sessions each have
// one under way.
func turnRate(ctx context.Context, sessions int) (err error) {
	r, err := newRig(ctx, 0, modeltest.Text("Hello."))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	var times []time.Duration
	var mu sync.Mutex
	elapsed, err := r.many(ctx, sessions, 5*time.Second, func(d time.Duration) {
		mu.Lock()
		times = append(times, d)
		mu.Unlock()
	})
	if err != nil {
		return err
	}
	spread(fmt.Sprintf("turn, %d sessions at once", sessions), times)
	fmt.Printf("%-34s %.0f turns/s\n", "", float64(len(times))/elapsed.Seconds())
	return nil
}

// many runs turns in so many sessions side by side for a while.
func (r *rig) many(ctx context.Context, sessions int, span time.Duration, done func(time.Duration)) (time.Duration, error) {
	var wg sync.WaitGroup
	var failed atomic.Pointer[error]
	ready, start := make(chan struct{}, sessions), make(chan struct{})
	var end time.Time
	for range sessions {
		wg.Go(func() {
			err := func() error {
				id, err := r.session(ctx)
				if err != nil {
					return err
				}
				s, err := r.stream(ctx, id)
				if err != nil {
					return err
				}
				defer s.body.Close()
				ready <- struct{}{}
				<-start
				for time.Now().Before(end) {
					d, err := r.turn(ctx, id, s)
					if err != nil {
						return err
					}
					done(d)
				}
				return nil
			}()
			if err != nil {
				failed.Store(&err)
				ready <- struct{}{}
			}
		})
	}
	for range sessions {
		<-ready
	}
	begin := time.Now()
	end = begin.Add(span)
	close(start)
	wg.Wait()
	if p := failed.Load(); p != nil {
		return 0, *p
	}
	return time.Since(begin), nil
}

// slowModel is 200 turns at once with a model that takes two seconds.
func slowModel(ctx context.Context) (err error) {
	r, err := newRig(ctx, 2*time.Second, modeltest.Text("Hello."))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	var times []time.Duration
	var mu sync.Mutex
	_, err = r.many(ctx, 200, time.Second, func(d time.Duration) {
		mu.Lock()
		times = append(times, d)
		mu.Unlock()
	})
	if err == nil {
		spread("turn, 200 at once, model 2 s", times)
	}
	return err
}

// bash is a turn with one bash call: the first of a session, which makes the
// sandbox, and later ones.
func bash(ctx context.Context) (err error) {
	r, err := newRig(ctx, 0, modeltest.ToolUse("bash", map[string]any{"command": "echo hello"}), modeltest.Text("Done."))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	var first, later []time.Duration
	for range 20 {
		id, err := r.session(ctx)
		if err != nil {
			return err
		}
		s, err := r.stream(ctx, id)
		if err != nil {
			return err
		}
		for i := range 11 {
			d, err := r.turn(ctx, id, s)
			if err != nil {
				return err
			}
			if i == 0 {
				first = append(first, d)
			} else {
				later = append(later, d)
			}
		}
		s.body.Close()
		if _, err := r.call(ctx, "POST", "/v1/sessions/"+id+"/archive", ""); err != nil {
			return err
		}
	}
	spread("turn with bash, first of a session", first)
	spread("turn with bash, later", later)
	return nil
}
