package api_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/ostlerdev/ostler/internal/apitest"
)

type sessionPage struct {
	Data []struct{ Title string }
	Next *string `json:"next_page"`
	Prev *string `json:"prev_page"`
}

func (p sessionPage) titles() (out []string) {
	for _, s := range p.Data {
		out = append(out, s.Title)
	}
	return out
}

// The list of sessions is the one that can be walked back: page one from page
// two, in the same order, until prev_page is null.
func TestSessionsAreWalkedBothWays(t *testing.T) {
	s := apitest.Start(t)
	s.Call("POST", "/v1/agents", `{"name":"a","model":"claude-opus-5-5"}`)
	s.Call("POST", "/v1/environments", `{"name":"e"}`)
	create := func(title string) {
		t.Helper()
		s.Clock.Advance(time.Second)
		a := s.Call("POST", "/v1/sessions", fmt.Sprintf(`{"agent":%q,"environment_id":%q,"title":%q}`, agent1, env1, title))
		if a.Status != 200 {
			t.Fatalf("%d: %s", a.Status, a.Body)
		}
	}
	for i := range 5 {
		create(fmt.Sprint(i))
	}
	for order, want := range map[string][][]string{
		"desc": {{"4", "3"}, {"2", "1"}, {"0"}},
		"asc":  {{"0", "1"}, {"2", "3"}, {"4"}},
	} {
		read := func(cursor *string) sessionPage {
			t.Helper()
			query := "?limit=2&order=" + order
			if cursor != nil {
				query += "&page=" + *cursor
			}
			return apitest.JSON[sessionPage](t, s.Call("GET", "/v1/sessions"+query, ""))
		}
		page := read(nil)
		if page.Prev != nil {
			t.Errorf("%s: the first page leads back", order)
		}
		for i, titles := range want {
			if !slices.Equal(page.titles(), titles) || (page.Next == nil) != (i == len(want)-1) || (page.Prev == nil) != (i == 0) {
				t.Errorf("%s, page %d: %+v", order, i+1, page)
			}
			if page.Next != nil {
				page = read(page.Next)
			}
		}
		for i := len(want) - 2; i >= 0; i-- {
			if page.Prev == nil {
				t.Fatalf("%s: no way back to page %d", order, i+1)
			}
			if page = read(page.Prev); !slices.Equal(page.titles(), want[i]) || page.Next == nil {
				t.Errorf("%s, back to page %d: %+v", order, i+1, page)
			}
		}
		if page.Prev != nil {
			t.Errorf("%s: there is something before page one", order)
		}
		other := map[string]string{"asc": "desc", "desc": "asc"}[order]
		s.Call("GET", "/v1/sessions?order="+other+"&page="+*page.Next, "").
			Refused(t, 400, "invalid_request_error", "page: the cursor belongs to the order `"+order+"`, not `"+other+"`")
	}
	// The first page of the SDKs' default order grows at the front.
	first := apitest.JSON[sessionPage](t, s.Call("GET", "/v1/sessions?limit=2", ""))
	create("new")
	second := apitest.JSON[sessionPage](t, s.Call("GET", "/v1/sessions?limit=2&page="+*first.Next, ""))
	back := apitest.JSON[sessionPage](t, s.Call("GET", "/v1/sessions?limit=2&page="+*second.Prev, ""))
	if !slices.Equal(back.titles(), []string{"4", "3"}) || back.Prev == nil {
		t.Errorf("back after an insert: %+v", back)
	}
}
