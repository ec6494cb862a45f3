package dir

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"path/filepath"
	"syscall"
)

// The directories below the root.
const (
	objectsDir = "objects"
	tempDir    = "tmp"
)

// objectPath is where the object of a key lies, relative to the root.
func objectPath(key string) string {
	sum := sha256.Sum256([]byte(key))
	return filepath.Join(objectsDir, hex.EncodeToString(sum[:1]), fileName(key))
}

// isFull says whether an error means that the disk or a quota is used up.
func isFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}
