package journal

import (
	"context"
	"testing"
)

func TestAwaitReader(t *testing.T) {
	j := New(nil, nil)
	reader := j.Subscribe("a")
	j.AwaitReader(t.Context(), "a") // there is one

	come := make(chan struct{})
	for range 2 {
		go func() {
			j.AwaitReader(t.Context(), "b")
			come <- struct{}{}
		}()
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	j.AwaitReader(ended, "b")
	second := j.Subscribe("b")
	<-come
	<-come

	reader.Close()
	second.Close()
	j.AwaitReader(ended, "b") // none any more, and nobody comes
	if n := len(j.hub.awaited); n != 0 {
		t.Errorf("%d sessions are still waited for", n)
	}
}
