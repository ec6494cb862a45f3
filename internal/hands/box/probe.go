package box

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/ostlerdev/ostler/internal/hands"
)

// Probe runs a command in a sandbox of d below dir.
func Probe(ctx context.Context, d hands.Driver, dir string) (err error) {
	ctx, cancel := context.WithTimeout(ctx, hands.StartTimeout)
	defer cancel()
	dir = filepath.Join(dir, "probe")
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	box, err := d.Start(ctx, hands.Spec{ID: "sbx_probe0000000000000000000", Dir: dir})
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

func ptr[T any](v T) *T { return &v }
