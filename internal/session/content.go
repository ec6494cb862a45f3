package session

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/wire"
)

// Bounds of content (Managed Agents API: events; where it is silent, the
// Messages API's).
const (
	maxBlocks       = 1000
	maxSystemBlocks = 1000
)

var imageTypes = []string{"image/png", "image/jpeg", "image/gif", "image/webp"}

// checkBlocks checks the content of an event. results says that it is a tool
// result, which may also hold search results.
func checkBlocks(path string, blocks []wire.Block, results bool) error {
	if len(blocks) > maxBlocks {
		return fault.At(path, "at most %d blocks", maxBlocks)
	}
	for i, b := range blocks {
		at := fmt.Sprintf("%s[%d]", path, i)
		var err error
		switch v := b.V.(type) {
		case *wire.TextBlock:
			if v.Text == "" {
				err = fault.At("text", "must not be empty")
			}
		case *wire.ImageBlock:
			err = checkSource(v.Source, []string{"base64", "url", "file"}, imageTypes)
		case *wire.DocumentBlock:
			err = checkSource(v.Source, []string{"base64", "text", "url", "file"}, []string{"application/pdf"})
		case *wire.SearchResultBlock:
			err = checkSearchResult(v, results)
		}
		if err != nil {
			return fault.Under(at, err)
		}
	}
	return nil
}

func checkSource(s wire.Source, types, media []string) error {
	if !slices.Contains(types, s.Type) {
		return fault.At("source.type", "`%s` is not one of `%s`", s.Type, strings.Join(types, "`, `"))
	}
	allowed := map[string][]string{"base64": {"media_type", "data"}, "text": {"media_type", "data"}, "url": {"url"}, "file": {"file_id"}}[s.Type]
	for name, value := range map[string]string{"media_type": s.MediaType, "data": s.Data, "url": s.URL, "file_id": s.FileID} {
		switch has := slices.Contains(allowed, name); {
		case has && value == "":
			return fault.At("source."+name, "field required")
		case !has && value != "":
			return fault.At("source."+name, "not a field of a `%s` source", s.Type)
		}
	}
	switch s.Type {
	case "base64":
		if !slices.Contains(media, s.MediaType) {
			return fault.At("source.media_type", "`%s` is not one of `%s`", s.MediaType, strings.Join(media, "`, `"))
		}
		data, err := base64.StdEncoding.DecodeString(s.Data)
		if err != nil {
			return fault.At("source.data", "not base64")
		}
		if MediaType(data) != s.MediaType {
			return fault.At("source.data", "the bytes are not of type `%s`", s.MediaType)
		}
	case "text":
		if s.MediaType != "text/plain" {
			return fault.At("source.media_type", "must be `text/plain`")
		}
	case "url":
		if !strings.HasPrefix(s.URL, "https://") && !strings.HasPrefix(s.URL, "http://") {
			return fault.At("source.url", "must begin with https:// or http://")
		}
	}
	return nil
}

func checkSearchResult(v *wire.SearchResultBlock, results bool) error {
	switch {
	case !results:
		return fault.At("type", "`search_result` is allowed in tool results only")
	case v.Source == "":
		return fault.At("source", "field required")
	case v.Title == "":
		return fault.At("title", "field required")
	case len(v.Content) == 0:
		return fault.At("content", "must not be empty")
	}
	if v.Citations == nil { // required in answers
		v.Citations = &wire.Citations{}
	}
	for i, t := range v.Content {
		if t == nil || t.Type != "text" || t.Text == "" {
			return fault.At(fmt.Sprintf("content[%d]", i), "must be a `text` block that is not empty")
		}
	}
	return nil
}

// fileIDs collects the ids of files that blocks refer to, with their paths and
// block types.
func fileIDs(path string, blocks []wire.Block) (out []FileRef) {
	for i, b := range blocks {
		at := fmt.Sprintf("%s[%d].source.file_id", path, i)
		switch v := b.V.(type) {
		case *wire.ImageBlock:
			if v.Source.Type == "file" {
				out = append(out, FileRef{Path: at, ID: v.Source.FileID, Block: "image"})
			}
		case *wire.DocumentBlock:
			if v.Source.Type == "file" {
				out = append(out, FileRef{Path: at, ID: v.Source.FileID, Block: "document"})
			}
		}
	}
	return out
}

// FileRef is a file that an event's content names.
type FileRef struct {
	Path  string // JSON path of the id
	ID    string
	Block string // image or document
}

// CheckFileType checks that a block of a type can show a file of a MIME type
// (Managed Agents API: files).
func (r FileRef) CheckFileType(mime string) error {
	ok := slices.Contains(imageTypes, mime)
	if r.Block == "document" {
		ok = mime == "application/pdf" || mime == "text/plain"
	}
	if !ok {
		return fault.At(r.Path, "a file of type %s can't be the source of a block of type `%s`", mime, r.Block)
	}
	return nil
}
