package outputs

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"strings"
	"sync"
)

// manifestFile is beside uploads/, where no sandbox sees it.
const manifestFile = "uploads.json"

// manifest says which file lies at which path below uploads/; "" is unknown:
// it may be there or not.
type manifest map[string]string

// manifestDoc is a manifest on disk. Nothing is synced when files are placed:
// after a crash of the machine (another boot) everything is placed anew.
type manifestDoc struct {
	Boot  string   `json:"boot"`
	Files manifest `json:"files"`
}

// readManifest reads the manifest of a session's directory. It is nil if there
// is none that can be trusted.
func readManifest(root *os.Root) (manifest, error) {
	data, err := root.ReadFile(manifestFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var doc manifestDoc
	if json.Unmarshal(data, &doc) != nil || doc.Boot != bootID() {
		return nil, nil
	}
	if doc.Files == nil {
		doc.Files = manifest{}
	}
	return doc.Files, nil
}

func (m manifest) write(root *os.Root) error {
	data, err := json.Marshal(manifestDoc{Boot: bootID(), Files: m})
	if err != nil {
		return err
	}
	const temp = manifestFile + ".new"
	if err := root.WriteFile(temp, data, 0o600); err != nil {
		return err
	}
	return root.Rename(temp, manifestFile)
}

// bootID is the kernel's name for the time since the machine was started. ""
// where the kernel has none: then a crash of the machine goes unnoticed.
var bootID = sync.OnceValue(func() string {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(id))
})
