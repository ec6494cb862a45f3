// Package modeltest is a strict double of the Messages API for tests. It
// speaks POST /v1/messages over real HTTP, streamed and whole, answers by
// script, and refuses what the hosted service refuses, with its error
// envelope and close to its words: unpaired tool calls, empty text, altered
// thinking, bad schemas, too many cache breakpoints and more.
//
// A test scripts the answers and reads the requests back:
//
//	d := modeltest.New(t)
//	d.Queue(
//		modeltest.Thinking("a listing will do").And(modeltest.ToolUse("bash", map[string]any{"command": "ls"})),
//		modeltest.Text("Three files."),
//	)
//	table, err := model.NewTable(model.Config{BaseURL: d.URL, APIKey: "test"})
//
// Any refused request fails the test, unless AllowRefusals is given.
//
// The package knows nothing of internal/model: it is a second opinion.
package modeltest
