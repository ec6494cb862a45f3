package box

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/ostlerdev/ostler/internal/hands"
)

// Probe runs a command in a sandbox of d below dir.
func Probe(ctx context.Context, d hands.Driver, dir string) (err error) {
	ctx, cancel := context.WithTimeout(ctx, hands.StartTimeout)
	defer cancel()
	// A server that died while it probed may have left a record of its probe.
	id := "sbx_" + strings.ToLower(rand.Text()[:24])
	dir = filepath.Join(dir, id)
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	box, err := d.Start(ctx, hands.Spec{ID: id, Dir: dir, Network: keep})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, box.Close(context.WithoutCancel(ctx))) }()
	const word = "a real command ran"
	result, err := box.Run(ctx, hands.Call{Tool: "bash", Input: json.RawMessage(`{"command":"echo ` + word + `"}`)})
	if err != nil {
		return err
	}
	want, err := json.Marshal(block{Type: "text", Text: ptr(word + "\n\n")})
	if err != nil {
		return err
	}
	if result.IsError || len(result.Content) != 1 || string(result.Content[0]) != string(want) {
		return fmt.Errorf("a command in the sandbox gave %s", result.Content)
	}
	return nil
}

// keep is a network that answers nothing.
func keep(packets *os.File) (io.Closer, error) { return packets, nil }

func ptr[T any](v T) *T { return &v }
