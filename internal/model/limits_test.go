package model_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ostlerdev/ostler/internal/model"
	"github.com/ostlerdev/ostler/internal/modeltest"
)

// An upstream that falls silent is given up, whenever it does.
func TestSilence(t *testing.T) {
	for _, c := range []struct {
		name        string
		events      int
		first, idle time.Duration
	}{
		{"before anything", 0, 20 * time.Millisecond, time.Minute},
		{"in the middle", 4, time.Minute, 20 * time.Millisecond},
		{"in the middle, first byte unlimited", 4, -1, 20 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := modeltest.New(t)
			hang := modeltest.NewHang()
			d.Queue(modeltest.Text("one two three").HangAt(c.events, hang))
			table := newTable(t, d, func(cfg *model.Config) { cfg.FirstByteTimeout, cfg.IdleTimeout = c.first, c.idle })
			e := fail(t, table, hello(opus))
			if e.Kind != model.KindUnknown || !e.Retryable || !strings.Contains(e.Message, "sent nothing for 20ms") {
				t.Errorf("got %+v", e)
			}
			<-hang.Gone()
		})
	}
}

// A slow answer is no silence: bytes start the wait anew.
func TestSlowAnswer(t *testing.T) {
	d := modeltest.New(t)
	hang := modeltest.NewHang()
	d.Queue(modeltest.Text("one two three").HangAt(4, hang))
	table := newTable(t, d, func(cfg *model.Config) { cfg.FirstByteTimeout, cfg.IdleTimeout = -1, -1 })
	go func() { <-hang.Arrived(); hang.Release() }()
	if res, _ := stream(t, table, hello(opus)); res.StopReason != "end_turn" {
		t.Errorf("got %+v", res)
	}
}

func TestTooLarge(t *testing.T) {
	d := modeltest.New(t)
	d.Queue(modeltest.Text(strings.Repeat("long ", 1000)).Chunk(100), modeltest.Text("short"))
	table := newTable(t, d, func(cfg *model.Config) { cfg.MaxAnswerBytes = 3000 })
	if e := fail(t, table, hello(opus)); e.Kind != model.KindRequestFailed || e.Retryable || !strings.Contains(e.Message, "too large") {
		t.Errorf("got %+v", e)
	}
	stream(t, table, hello(opus))
}

// When the context ends, its error comes back and the upstream sees the
// client leave.
func TestContext(t *testing.T) {
	for _, events := range []int{0, 4} {
		d := modeltest.New(t)
		hang := modeltest.NewHang()
		d.Queue(modeltest.Text("one two three").HangAt(events, hang))
		ctx, cancel := context.WithCancel(context.Background())
		go func() { <-hang.Arrived(); cancel() }()
		if res, err := newTable(t, d).Stream(ctx, hello(opus), nil); !errors.Is(err, context.Canceled) {
			t.Errorf("answer %+v, error %v", res, err)
		}
		<-hang.Gone()
	}
	d := modeltest.New(t)
	hang := modeltest.NewHang()
	d.Queue(modeltest.Text("x").HangAt(0, hang))
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if _, err := newTable(t, d).Stream(ctx, hello(opus), nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
}

// Connections are used again, also after errors.
func TestConnections(t *testing.T) {
	d := modeltest.New(t)
	peers := map[string]bool{}
	d.Func(func(r modeltest.Request) modeltest.Reply {
		peers[r.Peer] = true
		if len(d.Requests())%3 == 0 {
			return modeltest.Error(529, "overloaded_error", "busy")
		}
		return modeltest.Text("x")
	})
	table := newTable(t, d)
	for range 30 {
		_, err := table.Stream(context.Background(), hello(opus), nil)
		var e *model.Error
		if err != nil && !errors.As(err, &e) {
			t.Fatal(err)
		}
	}
	if len(peers) != 1 {
		t.Errorf("%d connections", len(peers))
	}
}
