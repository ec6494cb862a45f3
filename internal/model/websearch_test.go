package model_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ostlerdev/ostler/internal/model"
	"github.com/ostlerdev/ostler/internal/modeltest"
)

const searched = `{"type":"web_search_tool_result","tool_use_id":"srvtoolu_1","content":[
	{"type":"web_search_result","url":"https://a.example/","title":"A","page_age":"May 1","encrypted_content":"x"},
	{"type":"web_search_result","url":"https://b.example/","title":"B","page_age":null,"encrypted_content":"y"}]}`

const cited = `{"type":"text","text":"It is so.","citations":[
	{"type":"web_search_result_location","url":"https://a.example/","title":"A","cited_text":"so it is","encrypted_index":"i"},
	{"type":"web_search_result_location","url":"https://a.example/","title":"A","cited_text":"indeed","encrypted_index":"j"}]}`

func TestWebSearch(t *testing.T) {
	d := modeltest.New(t)
	d.Queue(modeltest.Raw(`{"type":"server_tool_use","id":"srvtoolu_1","name":"web_search","input":{"query":"q"}}`).
		And(modeltest.Raw(searched)).And(modeltest.Raw(cited)).And(modeltest.Text(" Really.")))
	country := "DE"
	got, err := newTable(t, d).WebSearch(t.Context(), model.WebSearch{Model: opus, Query: "is it so?",
		Allowed: []string{"example.com"}, Location: &model.Location{Country: &country}})
	if err != nil {
		t.Fatal(err)
	}
	want := &model.WebFound{Summary: "It is so. Really.", Pages: []model.WebPage{
		{URL: "https://a.example/", Title: "A", Age: "May 1", Text: "so it is\nindeed"},
		{URL: "https://b.example/", Title: "B"},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	req := d.Requests()[0]
	var body struct{ Tools json.RawMessage }
	if err := json.Unmarshal(req.Raw, &body); err != nil {
		t.Fatal(err)
	}
	if !sameJSON(t, `[{"type":"web_search_20250305","name":"web_search","max_uses":1,"allowed_domains":["example.com"],"user_location":{"type":"approximate","country":"DE"}}]`, string(body.Tools)) {
		t.Errorf("tools %s", body.Tools)
	}
	if text := req.Last().Content.Text(); !strings.Contains(text, "is it so?") {
		t.Errorf("asked %q", text)
	}
}

func TestWebSearchFailures(t *testing.T) {
	for name, c := range map[string]struct {
		model string
		reply modeltest.Reply
		code  string
		kind  model.ErrorKind
	}{
		"the search failed":        {opus, modeltest.Raw(`{"type":"web_search_tool_result","tool_use_id":"s","content":{"type":"web_search_tool_result_error","error_code":"unavailable"}}`), "unavailable", ""},
		"the model did not search": {opus, modeltest.Text("I know that."), "", ""},
		"a full upstream":          {opus, modeltest.Error(429, "rate_limit_error", "slow down"), "", model.KindRateLimited},
		"an unknown model":         {"local-model", modeltest.Text("never asked"), "", model.KindRequestFailed},
	} {
		t.Run(name, func(t *testing.T) {
			d := modeltest.New(t)
			d.Queue(c.reply)
			got, err := newTable(t, d).WebSearch(context.Background(), model.WebSearch{Model: c.model, Query: "q"})
			var e *model.Error
			switch {
			case c.kind != "" && (!errors.As(err, &e) || e.Kind != c.kind):
				t.Errorf("error %v", err)
			case c.kind == "" && (err != nil || got.ErrorCode != c.code || len(got.Pages) > 0):
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

func TestSearches(t *testing.T) {
	table := newTable(t, modeltest.New(t))
	if !table.Searches(opus) || table.Searches("local-model") || table.Searches("") {
		t.Error("Searches")
	}
}
