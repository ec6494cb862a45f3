package model_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/ostlerdev/ostler/internal/model"
	"github.com/ostlerdev/ostler/internal/modeltest"
)

// Whatever the table says a model can do, the double, which has its own
// opinion of Claude's models, accepts.
func TestCatalogueIsAccepted(t *testing.T) {
	d := modeltest.New(t)
	d.Func(func(modeltest.Request) modeltest.Reply { return modeltest.Text("ok") })
	table := newTable(t, d)
	for _, info := range table.List() {
		if info.Lifecycle == model.Retired {
			continue
		}
		for _, effort := range append([]string{""}, model.EffortLevels...) {
			for _, speed := range []string{"", "standard", "fast"} {
				if table.Check(info.ID, effort, speed) != nil {
					continue
				}
				req := hello(info.ID)
				req.Effort, req.Speed, req.Tools, req.System = effort, speed, []model.Tool{bash}, "s"
				if table.MidConversationSystem(info.ID) {
					req.Messages = append(req.Messages, model.Message{Role: "system", Content: req.Messages[0].Content})
				}
				if _, err := table.Stream(context.Background(), req, nil); err != nil {
					t.Errorf("%s %q %q: %v", info.ID, effort, speed, err)
				}
				sent := d.Requests()[len(d.Requests())-1]
				if fast := sent.Speed == "fast" && strings.Contains(sent.Header.Get("anthropic-beta"), "fast-mode"); fast != (speed == "fast") {
					t.Errorf("%s: fast %v, want %v", info.ID, fast, speed == "fast")
				}
				if effort != "" && info.Capabilities.Effort.Supported && (sent.OutputConfig == nil || sent.OutputConfig.Effort != effort) {
					t.Errorf("%s: effort %q was not sent", info.ID, effort)
				}
			}
		}
	}
}

// Many sessions at once, each with its own answer.
func TestConcurrency(t *testing.T) {
	d := modeltest.New(t)
	d.Func(func(r modeltest.Request) modeltest.Reply { return modeltest.Text("re: " + r.Last().Content.Text()) })
	table := newTable(t, d)
	var wg sync.WaitGroup
	for i := range 100 {
		wg.Go(func() {
			req := hello(opus)
			req.Messages = []model.Message{user(text(fmt.Sprint(i)))}
			var got collect
			if _, err := table.Stream(context.Background(), req, got.sink); err != nil || got.text() != fmt.Sprintf("re: %d", i) {
				t.Errorf("%d: %q %v", i, got.text(), err)
			}
		})
	}
	wg.Wait()
}
