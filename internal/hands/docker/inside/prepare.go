//go:build linux

package inside

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Prepare is the main function of the program that makes a container's file
// system fit for sandboxes: layers are laid over it, the directories that an
// agent writes to belong to it, and its user has a name. It returns the exit
// code.
func Prepare() int {
	if err := prepare(); err != nil {
		fmt.Fprintln(os.Stderr, "prepare:", err)
		return 1
	}
	return 0
}

func prepare() error {
	var order Order
	if err := json.NewDecoder(os.Stdin).Decode(&order); err != nil {
		return err
	}
	unix.Umask(0o022)
	if err := order.apply("/"); err != nil {
		return err
	}
	_, err := os.Stdout.WriteString(Prepared)
	return err
}

// apply prepares the file system at root.
func (o Order) apply(root string) error {
	for _, layer := range slices.Backward(o.Layers) {
		if err := lay(layer, root, ""); err != nil {
			return fmt.Errorf("layer: %w", err)
		}
	}
	if err := directories(root, o.User); err != nil {
		return err
	}
	return users(filepath.Join(root, "etc"), o.User)
}

// scratch are the directories for what an agent writes besides the volumes,
// with their modes. Those that not everybody may write are its own.
var scratch = map[string]fs.FileMode{
	"/tmp": 0o1777, "/var/tmp": 0o1777, "/run/lock": 0o1777,
	"/root": 0o700, "/home": 0o755, "/opt": 0o755, "/srv": 0o755, "/var/cache": 0o755, "/mnt/memory": 0o755,
}

func directories(root string, user int) error {
	for _, path := range slices.Sorted(maps.Keys(scratch)) {
		full, mode := filepath.Join(root, path), scratch[path]
		if err := os.MkdirAll(full, 0o755); err != nil {
			return err
		}
		if mode&0o1000 == 0 {
			if err := os.Chown(full, user, user); err != nil {
				return err
			}
		}
		if err := unix.Chmod(full, uint32(mode)); err != nil { // os.Chmod has another idea of the sticky bit
			return err
		}
	}
	return nil
}

// users makes the agent's user and group known, in place of others of the same
// name or id.
func users(etc string, id int) error {
	if err := os.MkdirAll(etc, 0o755); err != nil {
		return err
	}
	if id == 0 {
		return gitTrust(etc) // root has a name
	}
	for file, entry := range map[string]string{
		"passwd": fmt.Sprintf("%s:x:%d:%d::/root:/bin/bash\n", UserName, id, id),
		"group":  fmt.Sprintf("%s:x:%d:\n", UserName, id),
	} {
		path := filepath.Join(etc, file)
		text, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		var out strings.Builder
		for line := range strings.Lines(string(text)) {
			fields := strings.Split(strings.TrimSuffix(line, "\n"), ":")
			if len(fields) < 3 || fields[0] != UserName && fields[2] != strconv.Itoa(id) {
				out.WriteString(strings.TrimSuffix(line, "\n") + "\n")
			}
		}
		out.WriteString(entry)
		if err := os.WriteFile(path, []byte(out.String()), 0o644); err != nil {
			return err
		}
	}
	return gitTrust(etc)
}

// gitTrust has git work on files that the server put there.
func gitTrust(etc string) error {
	f, err := os.OpenFile(filepath.Join(etc, "gitconfig"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = f.WriteString("[safe]\n\tdirectory = *\n")
	return errors.Join(err, f.Close())
}
