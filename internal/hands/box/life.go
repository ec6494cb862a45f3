package box

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/ostlerdev/ostler/internal/hands"
)

// life is what every sandbox does from the moment its guest answers until it is
// gone. It has the methods of [hands.Sandbox].
type life struct {
	conn   *conn
	disk   *disk
	memory *meter          // nil if the limit is somebody else's to keep
	end    func()          // has everything inside ended; may be called often
	dead   <-chan struct{} // closed when everything inside has ended
	done   chan struct{}   // closed when in addition all is released

	mu     sync.Mutex
	reason error // why it was ended, if we did
}

var errClosed = errors.New("it was closed")

// kill ends the sandbox, once; reason is what calls that meet it report.
func (l *life) kill(reason error) {
	l.mu.Lock()
	if l.reason == nil {
		l.reason = reason
	}
	l.mu.Unlock()
	l.end()
}

// stopAll kills everything inside but the guest; the running command, or the
// next, gets reason as its result.
func (l *life) stopAll(reason string) {
	if err := l.conn.stop(reason); err != nil {
		l.kill(err)
	}
}

func (l *life) gone() <-chan struct{} { return l.dead }

// Run implements [hands.Sandbox].
func (l *life) Run(ctx context.Context, call hands.Call) (hands.Result, error) {
	if err := ctx.Err(); err != nil {
		return hands.Result{}, err
	}
	defer l.disk.begin()()
	if l.memory != nil {
		defer l.memory.begin()()
	}
	room, advice, err := l.disk.room()
	if err != nil {
		return hands.Result{}, l.lost(fmt.Errorf("%w: %w", hands.ErrLost, err))
	}
	if !room && (call.Tool == "write" || call.Tool == "edit") {
		return textResult(call.Tool + ": " + advice), nil
	}
	result, err := l.conn.run(ctx, call, !room)
	return result, l.lost(err)
}

// Link implements [hands.Sandbox].
func (l *life) Link(ctx context.Context, links []hands.Link) error {
	return l.lost(l.conn.link(ctx, links))
}

// lost makes sure that a sandbox that failed a call is gone, and says why.
func (l *life) lost(err error) error {
	if err == nil || !errors.Is(err, hands.ErrLost) {
		return err
	}
	l.kill(err)
	<-l.done
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.reason != nil && !errors.Is(l.reason, hands.ErrLost) {
		return fmt.Errorf("%w: %w", hands.ErrLost, l.reason)
	}
	return err
}

// Done implements [hands.Sandbox].
func (l *life) Done() <-chan struct{} { return l.done }

// Close implements [hands.Sandbox].
func (l *life) Close(ctx context.Context) error {
	l.kill(errClosed)
	select {
	case <-l.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
