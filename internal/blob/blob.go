// Package blob is the seam for bytes that are too big for the store: uploaded
// and produced files, skill archives, checkpoints. It knows keys and bytes and
// nothing of what they mean; who may read them is decided above.
//
// Every implementation promises the same, and blobtest checks it:
//   - an object is seen whole or not at all: a Put that fails, is cancelled or
//     is cut off by a crash leaves what was there before;
//   - after Put, Copy or Delete returned nil, a crash doesn't undo it;
//   - an object that is open stays readable to its end, whatever happens to its
//     key meanwhile;
//   - all methods are safe for concurrent use; of two writers of one key the
//     last to finish wins.
//
// The package may not import store, api, brain, wire, hands or gate.
package blob

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"iter"
	"time"
)

// Errors of a Store. They come wrapped, with the key: use errors.Is.
var (
	// ErrNotFound says that no object has the key.
	ErrNotFound = errors.New("no such object")
	// ErrTooLarge says that the bytes given to Put were more than its limit.
	ErrTooLarge = errors.New("object is larger than its limit")
	// ErrInvalidKey says that a key breaks the rules of ValidKey.
	ErrInvalidKey = errors.New("invalid object key")
	// ErrNoSpace says that the place where objects are kept is full.
	ErrNoSpace = errors.New("no space left for the object")
)

// Info describes an object.
type Info struct {
	Key  string
	Size int64 // bytes
	// ModTime is not earlier than the moment the key was last written by Put
	// or Copy. Garbage collection leaves young objects alone, because the
	// record that names them may not be committed yet.
	ModTime time.Time
}

// Written describes what a Put stored.
type Written struct {
	Size   int64 // bytes
	SHA256 [sha256.Size]byte
}

// Store keeps objects by key. Keys follow ValidKey; any method given another
// returns ErrInvalidKey.
type Store interface {
	// Put stores the bytes of r under key, replacing an object that is there.
	// It streams: memory use doesn't grow with the object. A maxBytes above
	// zero is a limit; if r has more, the error is ErrTooLarge, and r has been
	// read one byte past the limit at most by the time it is known. An error
	// of r is returned wrapped. ErrNoSpace says the disk or quota is full.
	Put(ctx context.Context, key string, r io.Reader, maxBytes int64) (Written, error)
	// Open opens an object for reading; the caller closes it. ctx bounds the
	// reading too where the bytes come over a network. ErrNotFound if there is
	// none.
	Open(ctx context.Context, key string) (io.ReadSeekCloser, Info, error)
	// Stat describes an object, or returns ErrNotFound.
	Stat(ctx context.Context, key string) (Info, error)
	// Copy makes dst an object of the same bytes as src, replacing what is
	// there, without moving the bytes where the medium can. Afterwards the two
	// are independent. ErrNotFound if there is no src.
	Copy(ctx context.Context, src, dst string) error
	// Delete removes an object. Removing one that isn't there is no error.
	Delete(ctx context.Context, key string) error
	// List yields every object whose key begins with prefix ("" is all), in no
	// particular order. Objects written or removed meanwhile may or may not be
	// seen. After an error it ends.
	List(ctx context.Context, prefix string) iter.Seq2[Info, error]
}
