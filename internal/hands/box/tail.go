package box

import (
	"strings"
	"sync"
)

// tailSize is how much of what a sandbox's programs say is kept for an error
// message, in bytes.
const tailSize = 4 << 10

// Tail is a writer that keeps the last [tailSize] bytes.
type Tail struct {
	mu  sync.Mutex
	buf []byte
}

// Write implements io.Writer. It takes everything.
func (t *Tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, p...)
	if over := len(t.buf) - tailSize; over > 0 {
		t.buf = append(t.buf[:0], t.buf[over:]...)
	}
	return len(p), nil
}

// String is what was kept, as one line.
func (t *Tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Join(strings.Fields(string(t.buf)), " ")
}
