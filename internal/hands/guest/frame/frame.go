// Package frame is the protocol between a driver and the guest inside its
// sandbox: JSON objects, each after its length in four bytes (big endian), over
// two pipes. The driver's first frame is an [Init], the guest's first an answer
// to it; then requests and responses go past each other in any order.
//
// Promises: a frame is at most [Max] bytes in either direction; every request
// but cancel and stop gets exactly one response with its id. The guest's frames
// come from inside the sandbox and are not to be trusted: whoever shares the
// sandbox with the guest may forge them.
package frame

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Version of the protocol. Both ends are the same binary, so a mismatch means
// that the wrong program was started.
const Version = 1

// Max is the size limit of one frame in bytes. It holds a PDF of 20 MB in
// base64 with room to spare.
const Max = 40 << 20

// ErrTooLarge says that a frame is over [Max] bytes. Nothing was written.
var ErrTooLarge = errors.New("frame: message is too large")

// Init is the driver's first frame: what the guest needs to know.
type Init struct {
	Version int               `json:"version"`
	Env     map[string]string `json:"env,omitempty"`
	Links   []Link            `json:"links,omitempty"`
	// Gate is the path inside of the gate's unix socket, or "".
	Gate string `json:"gate,omitempty"`
	// Shelf says that the guest may mount until an adopt.
	Shelf bool `json:"shelf,omitempty"`
}

// Link is a symbolic link to be made, or removed if Target is "".
type Link struct {
	Path   string `json:"path"`
	Target string `json:"target,omitempty"`
}

// Shelf is what is on the shelf of a sandbox that was started for nobody.
type Shelf struct {
	Path  string `json:"path"` // is seen no more afterwards
	Binds []Bind `json:"binds"`
}

// Bind is a directory to be mounted at another path.
type Bind struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// Op is what a request asks for.
type Op string

// The operations.
const (
	OpRun    Op = "run"    // run Tool with Input
	OpCancel Op = "cancel" // stop the run with the same ID; no response of its own
	OpLink   Op = "link"   // make and remove Links
	OpAdopt  Op = "adopt"  // empty the Shelf, make Links, take Env for the one of Init; before the first run
	OpStop   Op = "stop"   // kill every process but the guest, give Reason to the running command; no response
)

// Request goes from the driver to the guest.
type Request struct {
	ID     uint64          `json:"id"`
	Op     Op              `json:"op"`
	CallID string          `json:"call_id,omitempty"`
	Tool   string          `json:"tool,omitempty"`
	Input  json.RawMessage `json:"input,omitempty"`
	// Frugal asks for a shell in which no file can grow.
	Frugal bool   `json:"frugal,omitempty"`
	Links  []Link `json:"links,omitempty"`
	Reason string `json:"reason,omitempty"`
	// Env and what follows are those of an adopt.
	Env   map[string]string `json:"env,omitempty"`
	Shelf *Shelf            `json:"shelf,omitempty"` // nil if there is none
}

// Response answers the request with the same ID; 0 answers the [Init].
type Response struct {
	ID      uint64  `json:"id"`
	Blocks  []Block `json:"blocks,omitempty"`
	IsError bool    `json:"is_error,omitempty"`
	// Canceled says that the run was stopped by a cancel before it ended.
	Canceled bool `json:"canceled,omitempty"`
	// Failure says why a link, an adopt or the start failed.
	Failure string `json:"failure,omitempty"`
}

// Block is one piece of a result.
type Block struct {
	Kind      Kind   `json:"kind"`
	Text      string `json:"text,omitempty"`
	MediaType string `json:"media_type,omitempty"`
	Data      []byte `json:"data,omitempty"`
}

// Kind of a block.
type Kind string

// The kinds of blocks.
const (
	Text     Kind = "text"
	Image    Kind = "image"
	Document Kind = "document"
)

// Write writes v as one frame with a single call of w.Write. It fails with
// [ErrTooLarge] if v doesn't fit.
func Write(w io.Writer, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("frame: %w", err)
	}
	if len(body) > Max {
		return ErrTooLarge
	}
	buf := make([]byte, 4, 4+len(body))
	binary.BigEndian.PutUint32(buf, uint32(len(body)))
	if _, err := w.Write(append(buf, body...)); err != nil {
		return fmt.Errorf("frame: %w", err)
	}
	return nil
}

// Read reads one frame into v. It returns io.EOF if the stream ended between
// two frames, [ErrTooLarge] if a frame announces more than [Max] bytes.
func Read(r *bufio.Reader, v any) error {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		if errors.Is(err, io.EOF) {
			return io.EOF
		}
		return fmt.Errorf("frame: %w", err)
	}
	size := binary.BigEndian.Uint32(head[:])
	if size > Max {
		return ErrTooLarge
	}
	// The length is a claim: grow with what really comes.
	body, err := io.ReadAll(io.LimitReader(r, int64(size)))
	if err != nil {
		return fmt.Errorf("frame: %w", err)
	}
	if len(body) < int(size) {
		return fmt.Errorf("frame: %w", io.ErrUnexpectedEOF)
	}
	if err := json.Unmarshal(body, v); err != nil {
		return fmt.Errorf("frame: %w", err)
	}
	return nil
}
