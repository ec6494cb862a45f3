package secret

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/ostlerdev/ostler/internal/durable"
)

// nextSuffix names the file of a key that a rotation is about to put in place.
const nextSuffix = ".next"

// Rotate replaces the key in a file by a new one. reseal is given a Box that
// opens what the old key sealed and seals with the new one; it must return nil
// only when every secret is sealed anew and on disk. Nothing else may seal with
// the file's key meanwhile.
//
//	1  the new key is written beside the file
//	2  reseal
//	3  the new key takes the file's place, which destroys the old one
//
// It may be killed, or fail, at any moment: until the last step Open reads
// both keys, so that every secret can be read, and a Rotate later goes on with
// the same new key. An error of reseal is returned and changes no key.
func Rotate(path string, reseal func(*Box) error) error {
	old, err := readKey(path)
	if err != nil {
		return err
	}
	next, err := openKey(path + nextSuffix)
	if err != nil {
		return err
	}
	box, err := New(next, old)
	if err != nil {
		return err
	}
	if err := reseal(box); err != nil {
		return err
	}
	if err := os.Rename(path+nextSuffix, path); err != nil {
		return fmt.Errorf("put the new key in place: %w", err)
	}
	return durable.SyncDir(filepath.Dir(path))
}
