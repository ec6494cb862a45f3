//go:build linux

package inside

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/ostlerdev/ostler/internal/hands/box"
)

// engineFiles are the files of /etc that container engines put their own in
// place of; layerEtc is where an image keeps what a layer has of them.
var engineFiles = []string{"hostname", "hosts", "resolv.conf"}

const layerEtc = "run/ostler/etc"

// finish writes what an image can't have, because each sandbox has its own or
// the engine has put something else there, to the file system at root.
func finish(root string, network bool) error {
	etc := box.Etc(network)
	for _, name := range engineFiles {
		text, err := os.ReadFile(filepath.Join(root, layerEtc, name))
		if errors.Is(err, fs.ErrNotExist) {
			text, err = []byte(etc[name]), nil
		}
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(root, "etc", name), text, 0o644); err != nil {
			return err
		}
	}
	ca, err := os.ReadFile(filepath.Join(root, box.InsideCA))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return trust(root, ca)
}

// trust adds an authority to those whom the system trusts.
func trust(root string, ca []byte) error {
	bundle, places, err := box.FindBundles(root)
	if err != nil {
		return err
	}
	if len(bundle) > 0 && !bytes.HasSuffix(bundle, []byte("\n")) {
		bundle = append(bundle, '\n')
	}
	if len(places) == 0 {
		places = []string{box.SystemBundle}
	}
	for _, place := range append(places, box.InsideBundle) {
		full := filepath.Join(root, place)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(full, append(bundle, ca...), 0o644); err != nil {
			return err
		}
	}
	return nil
}
