package sandboxes

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// told is a file in a session's directory that tells that Remark was asked.
const told = "told"

// remark asks once in a session's life what its agent should hear now that its
// repositories are there. b is held ready.
func (b *box) remark(ctx context.Context) error {
	if b.m.Remark == nil || !b.cloned || b.asked {
		return nil
	}
	dir := b.m.dirOf(b.session)
	mark := filepath.Join(dir, told)
	if _, err := os.Stat(mark); !errors.Is(err, fs.ErrNotExist) {
		b.asked = err == nil
		return err
	}
	text, err := b.m.Remark(ctx, b.session, dir)
	if err != nil {
		return err
	}
	if err := os.WriteFile(mark, nil, 0o600); err != nil {
		return err
	}
	b.asked = true
	if text != "" {
		b.mu.Lock()
		b.remarks = append(b.remarks, textBlock(text))
		b.mu.Unlock()
	}
	return nil
}

// takeRemarks is what is to be said behind the result of a call.
func (b *box) takeRemarks() (out []json.RawMessage) {
	b.mu.Lock()
	defer b.mu.Unlock()
	out, b.remarks = b.remarks, nil
	return out
}
