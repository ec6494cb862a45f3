package brain

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/file"
	"github.com/ostlerdev/ostler/internal/modeltest"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/wire"
)

const smallPNG = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01"

// upload makes a file that events may name. What is uploaded as gone can be
// named, and its bytes are not there any more when the model asks.
func (h *harness) upload(id, mime, data string) {
	h.t.Helper()
	h.files[id] = fakeFile{mime, data}
	if data == "gone" {
		delete(h.files, id)
	}
	err := h.db.Update(h.t.Context(), func(tx store.Tx) error {
		return store.InsertFile(tx, &file.Record{ID: id, CreatedAt: 1, Origin: file.Upload, Size: int64(len(data)), Blob: "b_" + id,
			Doc: file.Doc{Filename: id, MimeType: mime}})
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

func fileBlock(block, id string) string {
	return fmt.Sprintf(`{"type":%q,"source":{"type":"file","file_id":%q}}`, block, id)
}

// TestFilesInMessages sends a file in a message and as a custom tool's result.
// The double refuses requests that the Messages API would refuse.
func TestFilesInMessages(t *testing.T) {
	for name, c := range map[string]struct {
		block, mime, data string
		refused           string // at send
		want              string // what the model sees instead of the file_id
	}{
		"an image":                 {"image", "image/png", smallPNG, "", `{"type":"base64","media_type":"image/png",`},
		"an image of another type": {"image", "image/jpeg", smallPNG, "", `{"type":"base64","media_type":"image/png",`},
		"an image that is none":    {"image", "image/png", "<html>", "", "its bytes are not of its type image/png"},
		"a PDF":                    {"document", "application/pdf", smallPDF, "", `{"type":"base64","media_type":"application/pdf",`},
		"a PDF that is none":       {"document", "application/pdf", smallPNG, "", "its bytes are not of its type application/pdf"},
		"a PDF that is too large":  {"document", "application/pdf", smallPDF + strings.Repeat(" ", maxFile), "", "is too large to be shown"},
		"a text":                   {"document", "text/plain", "Gr\xfc\xdfe", "", `{"type":"text","media_type":"text/plain","data":"Gr` + "\uFFFD"},
		"an empty text":            {"document", "text/plain", "\n", "", "is empty"},
		"a file that is gone":      {"document", "text/plain", "gone", "", "is no longer available"},
		"a table":                  {"document", "text/csv", "a,b", "a file of type text/csv can't be the source of a block of type `document`", ""},
		"a PDF as an image":        {"image", "application/pdf", smallPDF, "a file of type application/pdf can't be the source of a block of type `image`", ""},
		"an image as a document":   {"document", "image/png", smallPNG, "a file of type image/png can't be the source", ""},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t)
			s := h.session("cloud", weather)
			h.upload("file_1", c.mime, c.data)
			message := `{"type":"user.message","content":[{"type":"text","text":"Look."},` + fileBlock(c.block, "file_1") + `]}`
			if c.refused != "" {
				if err := h.trySend(s, message); err == nil || !strings.Contains(err.Error(), "events[0].content[1].source.file_id: "+c.refused) {
					t.Errorf("error %v", err)
				}
				return
			}
			h.model.Queue(modeltest.ToolUse("weather", map[string]any{}), modeltest.Text("Seen."))
			h.until(s, wire.TypeStatusIdle, message)
			h.until(s, wire.TypeStatusIdle, fmt.Sprintf(`{"type":"user.custom_tool_result","custom_tool_use_id":%q,"content":[%s]}`,
				h.idOf(s, wire.TypeAgentCustomToolUse, 1), fileBlock(c.block, "file_1")))
			last := h.model.Requests()[1]
			for i, m := range last.Messages {
				for _, b := range m.Content {
					if m.Role == "user" && b.Text != "Look." && !strings.Contains(string(b.Raw), c.want) {
						t.Errorf("message %d: %.300s", i, b.Raw)
					}
				}
			}
			if log := strings.Join(h.events(s), "\n"); strings.Count(log, `"file_id":"file_1"`) != 2 || strings.Contains(log, "base64") {
				t.Errorf("the log doesn't show what was sent: %.2000s", log)
			}
		})
	}
}

// TestURLsArePassedOn leaves sources of type url to the upstream.
func TestURLsArePassedOn(t *testing.T) {
	h := newHarness(t)
	s := h.session("cloud", builtins)
	h.model.Queue(modeltest.Text("Seen."))
	image, doc := `{"type":"image","source":{"type":"url","url":"https://example.com/a.png"}}`, `{"type":"document","source":{"type":"url","url":"https://example.com/a.pdf"},"title":"A","context":"C"}`
	h.until(s, wire.TypeStatusIdle, `{"type":"user.message","content":[`+image+`,`+doc+`]}`)
	content := h.model.Requests()[0].Messages[0].Content
	if string(content[0].Raw) != image || !strings.HasPrefix(string(content[1].Raw), strings.TrimSuffix(doc, "}")) {
		t.Errorf("content %s %s", content[0].Raw, content[1].Raw)
	}
}

func found(text, citations string) string {
	return `{"type":"search_result","source":"https://a.test/","title":"A","content":[{"type":"text","text":"` + text + `"}]` + citations + `}`
}

// TestSearchResults answers a custom tool with search results that ask for
// citations and others that don't, which no request may mix.
func TestSearchResults(t *testing.T) {
	h := newHarness(t)
	s := h.session("cloud", weather)
	h.model.Queue(modeltest.ToolUse("weather", map[string]any{}), modeltest.Text("Found."))
	h.until(s, wire.TypeStatusIdle, userMessage("weather?"))
	h.until(s, wire.TypeStatusIdle, fmt.Sprintf(`{"type":"user.custom_tool_result","custom_tool_use_id":%q,"content":[%s,%s,{"type":"text","text":"and"}]}`,
		h.idOf(s, wire.TypeAgentCustomToolUse, 1), found("one", `,"citations":{"enabled":true}`), found("two", "")))
	var blocks []json.RawMessage
	if err := json.Unmarshal(h.model.Requests()[1].Last().Content[0].Content, &blocks); err != nil {
		t.Fatal(err)
	}
	off := `,"citations":{"enabled":false}`
	if len(blocks) < 2 || string(blocks[0]) != found("one", off) || string(blocks[1]) != found("two", off) {
		t.Errorf("the model sees %s", blocks)
	}
	if log := strings.Join(h.events(s), "\n"); !strings.Contains(log, found("one", `,"citations":{"enabled":true}`)) || !strings.Contains(log, found("two", off)) {
		t.Errorf("the log shows %s", log)
	}
}

func TestForModel(t *testing.T) {
	const image = `{"type":"image","source":{"type":"url","url":"https://a.test/"}}`
	for name, c := range map[string]struct {
		block   string
		isError bool
		want    string
	}{
		"text":                        {`{"type":"text","text":"a"}`, false, `{"type":"text","text":"a"}`},
		"no text":                     {`{"type":"text","text":""}`, false, ""},
		"blank text":                  {`{"type":"text","text":" \n"}`, true, ""},
		"an image":                    {image, false, image},
		"an image of an error":        {image, true, `{"type":"text","text":"[A block of type image was left out: a result that is an error holds text only.]"}`},
		"a search result of an error": {found("x", ""), true, `{"type":"text","text":"A\nx\nhttps://a.test/"}`},
		"something else":              {`[]`, false, `[]`},
	} {
		if got := string(forModel(raw(c.block), c.isError)); got != c.want {
			t.Errorf("%s: %s", name, got)
		}
	}
}
