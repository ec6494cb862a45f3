package guest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	anthropic "github.com/anthropics/anthropic-sdk-go/v2"

	"github.com/ostlerdev/ostler/internal/hands/guest/frame"
)

// Limits of what read returns besides text, in bytes of the file (Managed
// Agents API: tools, read).
const (
	maxImage    = 5 << 20
	maxPDF      = 20_000_000
	maxNotebook = 20 << 20
	// maxText is the SDK's own limit for text; a notebook's text keeps it too.
	maxText = 256 << 10
)

// reader is the read tool: the SDK's for text, and images, PDFs and notebooks
// for what the SDK would return as noise.
type reader struct {
	text  tool
	roots []string
	base  string
}

func (r *reader) read(ctx context.Context, input json.RawMessage) ([]frame.Block, bool) {
	var in anthropic.BetaManagedAgentsAgentToolset20260401ReadInput
	if err := json.Unmarshal(input, &in); err != nil || len(in.ViewRange) != 0 {
		return r.text(ctx, input)
	}
	f, size := r.open(in.FilePath)
	if f == nil {
		return r.text(ctx, input)
	}
	defer f.Close()
	head := make([]byte, 16)
	n, err := f.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return r.text(ctx, input)
	}
	switch mediaType := sniff(head[:n]); {
	case mediaType == "application/pdf":
		return load(f, in.FilePath, size, maxPDF, frame.Document, mediaType)
	case mediaType != "":
		return load(f, in.FilePath, size, maxImage, frame.Image, mediaType)
	case strings.HasSuffix(in.FilePath, ".ipynb") && size <= maxNotebook:
		if text, ok := notebook(f); ok {
			if len(text) > maxText {
				return textBlocks(fmt.Sprintf("read: the cells of %s exceed the %d-byte limit. Use the view_range parameter to read specific line ranges of the file's JSON, e.g. view_range: [1, 500].", in.FilePath, maxText)), true
			}
			return textBlocks(text), false
		}
	}
	return r.text(ctx, input)
}

// open opens a regular file below one of the roots, links resolved, or returns
// nil: the SDK's tool then says what is wrong with it.
func (r *reader) open(path string) (*os.File, int64) {
	if path == "" {
		return nil, 0
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(r.base, path)
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil || !r.within(real) {
		return nil, 0
	}
	info, err := os.Stat(real)
	if err != nil || !info.Mode().IsRegular() {
		return nil, 0
	}
	f, err := os.Open(real)
	if err != nil {
		return nil, 0
	}
	return f, info.Size()
}

func (r *reader) within(path string) bool {
	for _, root := range r.roots {
		real, err := filepath.EvalSymlinks(root)
		if err == nil && (path == real || strings.HasPrefix(path, strings.TrimSuffix(real, "/")+"/")) {
			return true
		}
	}
	return false
}

func load(f *os.File, name string, size, limit int64, kind frame.Kind, mediaType string) ([]frame.Block, bool) {
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return textBlocks(fmt.Sprintf("read %s: i/o error", name)), true
	}
	if int64(len(data)) > limit {
		return textBlocks(fmt.Sprintf("read: %s is %d bytes, exceeds %d-byte limit of %s files.", name, size, limit, mediaType)), true
	}
	return []frame.Block{{Kind: kind, MediaType: mediaType, Data: data}}, false
}

// sniff names the media type of an image or PDF by its first bytes, or "".
func sniff(head []byte) string {
	s := string(head)
	switch {
	case strings.HasPrefix(s, "\x89PNG\r\n\x1a\n"):
		return "image/png"
	case strings.HasPrefix(s, "\xff\xd8\xff"):
		return "image/jpeg"
	case strings.HasPrefix(s, "GIF87a"), strings.HasPrefix(s, "GIF89a"):
		return "image/gif"
	case strings.HasPrefix(s, "RIFF") && len(s) >= 12 && s[8:12] == "WEBP":
		return "image/webp"
	case strings.HasPrefix(s, "%PDF-"):
		return "application/pdf"
	}
	return ""
}
