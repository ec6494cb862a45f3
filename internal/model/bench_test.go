package model_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/model"
	"github.com/ostlerdev/ostler/internal/modeltest"
)

// BenchmarkStream is one request to an instant upstream, everything included:
// body, transport, decoding, and the upstream itself in the same process.
func BenchmarkStream(b *testing.B) {
	for _, c := range []struct {
		name string
		turn int // messages of the conversation
	}{{"short", 1}, {"long", 201}} {
		b.Run(c.name, func(b *testing.B) {
			up, err := modeltest.StartInstant(0, modeltest.Text("The answer is short."))
			if err != nil {
				b.Fatal(err)
			}
			table, err := model.NewTable(model.Config{BaseURL: up.URL, APIKey: "k"})
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() {
				table.Close()
				if err := up.Close(); err != nil {
					b.Error(err)
				}
			})
			req := conversation(c.turn)
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if _, err := table.Stream(context.Background(), req, func(model.Delta) {}); err != nil {
						b.Error(err)
						return
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "req/s")
		})
	}
}

func conversation(messages int) model.Request {
	req := model.Request{Model: opus, System: strings.Repeat("Be brief. ", 100), Tools: []model.Tool{bash}}
	for i := range messages {
		role := "user"
		if i%2 == 1 {
			role = "assistant"
		}
		req.Messages = append(req.Messages, model.Message{Role: role, Content: []json.RawMessage{text(strings.Repeat("words ", 100))}})
	}
	return req
}
