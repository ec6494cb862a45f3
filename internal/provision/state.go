package provision

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// state is what is remembered of a session, in a file beside its workspace
// that its sandbox doesn't see.
type state struct {
	Reported map[string]bool  `json:"reported"` // managers whose failure was told of
	Clones   map[string]tried `json:"clones"`   // by resource
}

// tried is the outcome of the last try to clone a repository.
type tried struct {
	Done bool  `json:"done"`
	Turn int64 `json:"turn"`
}

const stateFile = "provision.json"

func readState(dir string) (*state, error) {
	st := &state{}
	body, err := os.ReadFile(filepath.Join(dir, stateFile))
	if err == nil {
		err = json.Unmarshal(body, st)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("what was provisioned: %w", err)
	}
	if st.Reported == nil {
		st.Reported = map[string]bool{}
	}
	if st.Clones == nil {
		st.Clones = map[string]tried{}
	}
	return st, nil
}

func (st *state) write(dir string) error {
	body, err := json.Marshal(st)
	if err != nil {
		return err
	}
	tmp := filepath.Join(dir, stateFile+".new")
	if err := os.WriteFile(tmp, body, 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, filepath.Join(dir, stateFile))
}

// all says whether every repository has been cloned.
func (st *state) all(repositories []Repository) bool {
	for _, r := range repositories {
		if !st.Clones[r.Resource].Done {
			return false
		}
	}
	return true
}
