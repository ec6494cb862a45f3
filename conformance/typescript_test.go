package conformance

import (
	"os"
	"path/filepath"
	"testing"
)

// typescripts are the last release of each generation of the TypeScript SDK.
var typescripts = []string{"1.12.0", "0.137.0"}

func TestTypeScript(t *testing.T) {
	for _, version := range typescripts {
		t.Run(version, func(t *testing.T) {
			dir, ok := installed(t, "typescript-"+version)
			if !ok {
				notRun(t, "typescript @anthropic-ai/sdk "+version, "not installed: make clients")
			}
			// Node looks for packages upwards from the program, so it runs beside them.
			checks, err := os.MkdirTemp(dir, "checks-")
			if err != nil {
				t.Fatal(err)
			}
			defer os.RemoveAll(checks)
			programs, err := filepath.Glob(here(t, "typescript", "*.mjs"))
			if err != nil || len(programs) == 0 {
				t.Fatalf("no programs: %v", err)
			}
			for _, p := range programs {
				text, err := os.ReadFile(p)
				if err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(checks, filepath.Base(p)), text, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			runScript(t, version, command(t, checks, "node", "run.mjs"))
		})
	}
}
