package guest

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ostlerdev/ostler/internal/hands/guest/frame"
)

func TestSniff(t *testing.T) {
	for head, want := range map[string]string{
		"": "", "\x89PNG\r\n\x1a\nrest": "image/png", "\x89PNG": "", "\xff\xd8\xff\xe0": "image/jpeg", "GIF89a": "image/gif",
		"GIF87a": "image/gif", "GIF88a": "", "RIFF0000WEBPVP8 ": "image/webp", "RIFF0000WAVE": "", "RIFF": "", "%PDF-1.4": "application/pdf",
		"<svg>": "", "text": "",
	} {
		if got := sniff([]byte(head)); got != want {
			t.Errorf("%q: %q, want %q", head, got, want)
		}
	}
}

func TestNotebook(t *testing.T) {
	for in, want := range map[string]string{
		`{"cells":[]}`: "",
		`{"cells":[{"cell_type":"raw","source":"r"},{"cell_type":"code","source":["a\n","b"],"outputs":[
			{"ename":"E","evalue":"v","traceback":["x"]},{"data":{"image/png":"AA"}},{"data":{"application/json":{"k":1}}}]}]}`: "# Cell 1 [raw]\nr\n\n# Cell 2 [code]\na\nb\n# Output\nE: v\n# Output\n[image/png]\n",
	} {
		if got, ok := notebook(strings.NewReader(in)); !ok || got != want {
			t.Errorf("%s\n got %q, %v\nwant %q", in, got, ok, want)
		}
	}
	for _, in := range []string{``, `{}`, `[]`, `{"cells":5}`, `{"cells":[`} {
		if got, ok := notebook(strings.NewReader(in)); ok {
			t.Errorf("%s is a notebook: %q", in, got)
		}
	}
}

func FuzzNotebook(f *testing.F) {
	f.Add(`{"cells":[{"cell_type":"code","source":["a"],"outputs":[{"text":"t"}]}]}`)
	f.Fuzz(func(t *testing.T, in string) { notebook(strings.NewReader(in)) })
}

// What the extension leaves to the SDK comes back as the SDK says it, and
// nothing outside the roots is opened.
func TestReadConfined(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	png := "\x89PNG\r\n\x1a\n"
	write := func(path, content string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(dir+"/in.png", png)
	write(other+"/out.png", png)
	if err := os.Symlink(other+"/out.png", dir+"/link.png"); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("in.png", dir+"/ok.png"); err != nil {
		t.Fatal(err)
	}
	asked := 0
	r := &reader{roots: []string{dir}, base: dir, text: func(_ context.Context, _ json.RawMessage) ([]frame.Block, bool) {
		asked++
		return textBlocks("the SDK's"), true
	}}
	image := []frame.Block{{Kind: frame.Image, MediaType: "image/png", Data: []byte(png)}}
	for path, want := range map[string][]frame.Block{
		"in.png": image, dir + "/in.png": image, "ok.png": image, "../" + filepath.Base(dir) + "/in.png": image,
		"link.png": nil, other + "/out.png": nil, "../" + filepath.Base(other) + "/out.png": nil, dir: nil, "none": nil, "": nil,
	} {
		asked = 0
		input, err := json.Marshal(map[string]string{"file_path": path})
		if err != nil {
			t.Fatal(err)
		}
		got, isErr := r.read(t.Context(), input)
		if want == nil {
			if asked != 1 {
				t.Errorf("%q was not left to the SDK", path)
			}
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" || isErr {
			t.Errorf("%q: error %v, %s", path, isErr, diff)
		}
	}
}
