package secret

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/ostlerdev/ostler/internal/durable"
)

// Open makes a Box of the key in a file: 64 hexadecimal digits and a newline.
// A file that isn't there is made with a new key and mode 0600; of several
// processes that do so at once, all use the same key. A file that others than
// its owner may read or write is refused. After a Rotate that was cut short the
// Box also opens what is sealed with the key that is not in place yet.
func Open(path string) (*Box, error) {
	key, err := openKey(path)
	if err != nil {
		return nil, err
	}
	switch next, err := readKey(path + nextSuffix); {
	case err == nil:
		return New(key, next)
	case errors.Is(err, fs.ErrNotExist):
		return New(key)
	default:
		return nil, err
	}
}

// openKey reads the key in a file, or makes one.
func openKey(path string) ([]byte, error) {
	key, err := readKey(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := makeKey(path); err != nil {
			return nil, fmt.Errorf("make the key file %s: %w", path, err)
		}
		key, err = readKey(path)
	}
	return key, err
}

func readKey(path string) (key []byte, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("key file %s: %w", path, err)
		}
	}()
	fi, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if fi.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("mode %04o lets others than the owner in: chmod 600 it", fi.Mode().Perm())
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	key, err = hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != keyLen {
		return nil, fmt.Errorf("expected %d hexadecimal digits", 2*keyLen)
	}
	return key, nil
}

// makeKey writes a new key beside path and links it there, so that path is
// never seen half written and the first of several writers wins.
func makeKey(path string) (err error) {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, ".key-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(f.Name())) }()
	key := make([]byte, keyLen)
	rand.Read(key) // never fails: crypto/rand panics instead
	_, err = f.WriteString(hex.EncodeToString(key) + "\n")
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return durable.SyncDir(dir)
}
