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

// filesByID shows the model a text and an image.
func filesByID(t testing.TB, c *anthropic.Client) {
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
	image := must(c.Beta.Files.Upload(ctx(t), anthropic.BetaFileUploadParams{
		File: anthropic.File(strings.NewReader("\x89PNG\r\n\x1a\n"), "dot.png", "image/png"),
	}))(t)
	ask.OfUserMessage.Content[1].OfImage.Source.OfFile.FileID = image.ID
	equal(t, "said", said(turn(t, c, session, "", ask)), "It says: ")
}

// searchResultsOfATool answers a custom tool with what was found.
func searchResultsOfATool(t testing.TB, c *anthropic.Client) {
	session := newSession(t, c, newAgent(t, c, weather()))
	use := the(t, turn(t, c, session, "", script("weather")), "agent.custom_tool_use")
	events := turn(t, c, session, "", anthropic.BetaManagedAgentsEventParamsUnion{OfUserCustomToolResult: &anthropic.BetaManagedAgentsUserCustomToolResultEventParams{
		Type: "user.custom_tool_result", CustomToolUseID: use.ID,
		Content: []anthropic.BetaManagedAgentsUserCustomToolResultEventParamsContentUnion{{
			OfSearchResult: &anthropic.BetaManagedAgentsSearchResultBlockParam{
				Type: "search_result", Source: "https://weather.example/oslo", Title: "Oslo",
				Content:   []anthropic.BetaManagedAgentsSearchResultContentParam{{Type: "text", Text: "Rain."}},
				Citations: anthropic.BetaManagedAgentsSearchResultCitationsParam{Enabled: true},
			},
		}},
	}})
	found := the(t, events, "user.custom_tool_result").AsUserCustomToolResult().Content[0].AsSearchResult()
	equal(t, "found", found.Source+" "+found.Title+" "+found.Content[0].Text, "https://weather.example/oslo Oslo Rain.")
	equal(t, "citations", found.Citations.Enabled, true)
	equal(t, "stop reason", last(events).StopReason.Type, "end_turn")
}
