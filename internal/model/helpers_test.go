package model_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/model"
	"github.com/ostlerdev/ostler/internal/modeltest"
)

const opus = "claude-opus-5-5"

// newTable is a table on a double.
func newTable(t *testing.T, d *modeltest.Server, change ...func(*model.Config)) *model.Table {
	t.Helper()
	cfg := model.Config{BaseURL: d.URL, APIKey: "sk-test-key"}
	for _, f := range change {
		f(&cfg)
	}
	table, err := model.NewTable(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(table.Close)
	return table
}

func text(s string) json.RawMessage {
	raw, err := json.Marshal(map[string]string{"type": "text", "text": s})
	if err != nil {
		panic(err)
	}
	return raw
}

func user(blocks ...json.RawMessage) model.Message {
	return model.Message{Role: "user", Content: blocks}
}

func hello(id string) model.Request {
	return model.Request{Model: id, Messages: []model.Message{user(text("hello"))}}
}

// collect is a sink that keeps what it was given.
type collect struct{ deltas []model.Delta }

func (c *collect) sink(d model.Delta) { c.deltas = append(c.deltas, d) }

func (c *collect) text() string {
	var b strings.Builder
	for _, d := range c.deltas {
		b.WriteString(d.Text)
	}
	return b.String()
}

func stream(t *testing.T, c model.Client, req model.Request) (*model.Response, *collect) {
	t.Helper()
	var got collect
	res, err := c.Stream(context.Background(), req, got.sink)
	if err != nil {
		t.Fatal(err)
	}
	return res, &got
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
