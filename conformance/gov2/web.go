package gov2

import (
	"strings"
	"testing"

	"github.com/anthropics/anthropic-sdk-go/v2"
)

// webTools searches, and reads a page and a PDF.
func webTools(t testing.TB, c *anthropic.Client) {
	events := turn(t, c, newSession(t, c, newAgent(t, c, toolset())), "", script("web"))
	var blocks []anthropic.BetaManagedAgentsAgentToolResultEventContentUnion
	kinds := ""
	for _, e := range events {
		if r, ok := e.AsAny().(anthropic.BetaManagedAgentsAgentToolResultEvent); ok {
			equal(t, "is_error", r.IsError, false)
			for _, b := range r.Content {
				kinds += b.Type + " "
				blocks = append(blocks, b)
			}
		}
	}
	equal(t, "blocks", kinds, "search_result text text document ")
	found := blocks[0].AsSearchResult()
	equal(t, "found", found.Source+" "+found.Title+" "+found.Content[0].Text, "http://pages.test/guide The guide How to keep horses.")
	if page := blocks[1].AsText().Text; !strings.Contains(page, "# Horses\n\nThey want hay.") {
		t.Fatalf("the page: %q", page)
	}
	equal(t, "the PDF", blocks[3].AsDocument().Source.MediaType, "application/pdf")
	equal(t, "said", said(events), "Read: URL: http://pages.test/guide.pdf")
}

// documentByID shows the model a file.
func documentByID(t testing.TB, c *anthropic.Client) {
	file := must(c.Beta.Files.Upload(ctx(t), anthropic.BetaFileUploadParams{
		File: anthropic.File(strings.NewReader("The word is marigold."), "word.txt", "text/plain"),
	}))(t)
	session := newSession(t, c, newAgent(t, c))
	ask := script("read-document")
	ask.OfUserMessage.Content = append(ask.OfUserMessage.Content, anthropic.BetaManagedAgentsUserMessageEventParamsContentUnion{
		OfDocument: &anthropic.BetaManagedAgentsDocumentBlockParam{Type: "document", Source: anthropic.BetaManagedAgentsDocumentBlockSourceUnionParam{
			OfFile: &anthropic.BetaManagedAgentsFileDocumentSourceParam{Type: "file", FileID: file.ID},
		}},
	})
	equal(t, "said", said(turn(t, c, session, "", ask)), "It says: The word is marigold.")
	ask.OfUserMessage.Content[1] = anthropic.BetaManagedAgentsUserMessageEventParamsContentUnion{
		OfImage: &anthropic.BetaManagedAgentsImageBlockParam{Type: "image", Source: anthropic.BetaManagedAgentsImageBlockSourceUnionParam{
			OfFile: &anthropic.BetaManagedAgentsFileImageSourceParam{Type: "file", FileID: file.ID},
		}},
	}
	refused(t, send(t, c, session, ask), 400, "invalid_request_error")
}
