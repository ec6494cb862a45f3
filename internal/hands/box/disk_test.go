package box

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// fakeBox counts what meters have done to it.
type fakeBox struct {
	stopped int
	dead    chan struct{}
}

func (b *fakeBox) kill(error)            {}
func (b *fakeBox) stopAll(string)        { b.stopped++ }
func (b *fakeBox) gone() <-chan struct{} { return b.dead }

// What grows beyond the limit in small steps, as directories do, is stopped
// again and again.
func TestDiskStops(t *testing.T) {
	b := &fakeBox{}
	d := newDisk(b, "", 1000)
	var got []int
	for _, used := range []int64{900, 1000, 1010, 1050, 1100, 1130, 1137, 1200, 1250, 1290, 1100, 1200, 900, 1001} {
		d.see(used)
		got = append(got, b.stopped)
	}
	if diff := cmp.Diff([]int{0, 0, 1, 1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 4}, got); diff != "" {
		t.Error(diff)
	}
}

// A meter is read when its sandbox begins, not when it has been at work for a
// while.
func TestMeterReadsAtOnce(t *testing.T) {
	b := &fakeBox{dead: make(chan struct{})}
	d := newDisk(b, "", 1000)
	read := make(chan struct{}, 1)
	d.used = func() (int64, error) {
		select {
		case read <- struct{}{}:
		default:
		}
		return 2000, nil
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		d.watch()
	}()
	<-read
	close(b.dead)
	<-done
	if b.stopped != 1 {
		t.Errorf("stopped %d times", b.stopped)
	}
}
