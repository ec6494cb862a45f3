package api_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ostlerdev/ostler/internal/api"
	"github.com/ostlerdev/ostler/internal/apitest"
	"github.com/ostlerdev/ostler/internal/model"
)

// fewModels are m5 (the newest) to m1, of which m2 is retired and m1
// deprecated; "alias" is m3.
type fewModels struct{}

func (fewModels) Check(string, string, string) error { return nil }
func (fewModels) DefaultEffort(string) string        { return "high" }
func (fewModels) List() (out []model.Info) {
	for _, id := range []string{"m5", "m4", "m 3", "m2", "m1"} {
		m := model.Info{ID: id, Type: "model", DisplayName: id, CreatedAt: time.Unix(0, 0).UTC(), Lifecycle: model.Active, Fallbacks: []string{}}
		switch id {
		case "m1":
			m.Lifecycle, m.DeprecatedAt = model.Deprecated, &m.CreatedAt
		case "m2":
			m.Lifecycle, m.DeprecatedAt, m.RetiresAt = model.Retired, &m.CreatedAt, &m.CreatedAt
		}
		out = append(out, m)
	}
	return out
}

func (f fewModels) Get(id string) (model.Info, bool) {
	if id == "alias" {
		id = "m 3"
	}
	for _, m := range f.List() {
		if m.ID == id {
			return m, true
		}
	}
	return model.Info{}, false
}

func TestModels(t *testing.T) {
	s := apitest.Start(t, func(d *api.Deps) { d.Models = fewModels{} })
	for _, c := range []struct {
		query, want string
		more        bool
	}{
		{"", "m5 m4 m 3 m1", false},
		{"limit=2", "m5 m4", true},
		{"limit=4", "m5 m4 m 3 m1", false},
		{"limit=2&after_id=m4", "m 3 m1", false},
		{"limit=1&after_id=m4", "m 3", true},
		{"after_id=m1", "", false},
		{"limit=2&before_id=m1", "m4 m 3", true},
		{"limit=3&before_id=m1", "m5 m4 m 3", false},
		{"before_id=m5", "", false},
		{"lifecycle[]=retired", "m2", false},
		{"lifecycle[]=active&lifecycle[]=retired", "m5 m4 m 3 m2", false},
		{"lifecycle%5B%5D=deprecated", "m1", false},
		{"lifecycle=active&beta=true", "m5 m4 m 3", false},
	} {
		page := apitest.JSON[struct {
			Data  []struct{ ID string }
			More  bool    `json:"has_more"`
			First *string `json:"first_id"`
			Last  *string `json:"last_id"`
		}](t, s.Call("GET", "/v1/models?"+c.query, "", "anthropic-beta:"))
		var got []string
		for _, m := range page.Data {
			got = append(got, m.ID)
		}
		if strings.Join(got, " ") != c.want || page.More != c.more {
			t.Errorf("%s: %v, more %v", c.query, got, page.More)
		}
		if len(got) == 0 && (page.First != nil || page.Last != nil) || len(got) > 0 && (*page.First != got[0] || *page.Last != got[len(got)-1]) {
			t.Errorf("%s: first %v, last %v", c.query, page.First, page.Last)
		}
	}
	for query, message := range map[string]string{
		"limit=0":                                "limit: expected an integer from 1 to 1000",
		"limit=1001":                             "limit: expected an integer from 1 to 1000",
		"lifecycle[]=new":                        "lifecycle: `new` is not one of",
		"after_id=none":                          "after_id: no model `none` in this list",
		"before_id=none":                         "before_id: no model `none` in this list",
		"after_id=m5&before_id=m1":               "before_id: allowed only without `after_id`",
		strings.Repeat("lifecycle[]=active&", 4): "lifecycle: at most 3 values, got 4",
	} {
		s.Call("GET", "/v1/models?"+query, "").Refused(t, 400, "invalid_request_error", message)
	}
	for id, want := range map[string]string{"m5": "m5", "m2": "m2", "alias": "m 3", "m 3": "m 3"} {
		m := apitest.JSON[struct{ ID string }](t, s.Call("GET", "/v1/models/"+url.PathEscape(id), "", "anthropic-beta:"))
		if m.ID != want {
			t.Errorf("%s: %s", id, m.ID)
		}
	}
	s.Call("GET", "/v1/models/none", "").Refused(t, 404, "not_found_error", "Model `none` not found.")
}

func TestSDKsReadModels(t *testing.T) {
	s := apitest.Start(t)
	want := []string{}
	for _, m := range s.Deps.Models.List() {
		if m.Lifecycle != model.Retired {
			want = append(want, m.ID)
		}
	}
	if len(want) < 5 {
		t.Fatalf("the table has only %v", want)
	}
	var got []string
	c2, c1 := s.V2(), s.V1()
	for pager := c2.Models.ListAutoPaging(t.Context(), v2ModelsOfThree); pager.Next(); {
		got = append(got, pager.Current().ID)
	}
	if !slices.Equal(got, want) {
		t.Errorf("v2: %v, want %v", got, want)
	}
	got = nil
	for pager := c1.Beta.Models.ListAutoPaging(t.Context(), v1ModelsOfThree); pager.Next(); {
		got = append(got, pager.Current().ID)
	}
	if !slices.Equal(got, want) {
		t.Errorf("v1: %v, want %v", got, want)
	}
}
