package page

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// table is a list in memory that can be read in ranges.
type table []Key

func (t table) fetch(r Range) ([]Key, error) {
	rows := slices.Clone(t)
	slices.SortFunc(rows, func(a, b Key) int {
		c := cmp.Or(cmp.Compare(a.Sort, b.Sort), cmp.Compare(a.ID, b.ID))
		if r.Descending() {
			return -c
		}
		return c
	})
	if r.From != nil {
		rows = slices.DeleteFunc(rows, func(k Key) bool {
			c := cmp.Or(cmp.Compare(k.Sort, r.From.Sort), cmp.Compare(k.ID, r.From.ID))
			return c == 0 || (c < 0) != r.Descending()
		})
	}
	return rows[:min(len(rows), r.Limit)], nil
}

func self(k Key) Key { return k }

// turn is the page that a cursor leads to.
func turn(t rapid.TB, req Request, cursor *string) Request {
	req.Cursor = nil
	if cursor != nil {
		c, err := Parse(*cursor, req.List, req.Order)
		if err != nil {
			t.Fatalf("%s: %v", *cursor, err)
		}
		req.Cursor = &c
	}
	return req
}

// Rows that are there all the time are visited exactly once on the way forward
// and exactly once on the way back, in the list's order, whatever comes and
// goes meanwhile.
func TestWalksVisitEveryRowOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := 0
		row := rapid.Custom(func(t *rapid.T) Key {
			n++
			return Key{Sort: rapid.Int64Range(0, 9).Draw(t, "sort"), ID: fmt.Sprint(n)} // many rows of one time
		})
		stay := rapid.SliceOfN(row, 0, 30).Draw(t, "rows that stay")
		coming := rapid.SliceOfN(row, 0, 10).Draw(t, "other rows")
		list := append(table(slices.Clone(stay)), coming...)
		churn := func() {
			if len(coming) > 0 && rapid.Bool().Draw(t, "delete") {
				gone := rapid.SampledFrom(coming).Draw(t, "which")
				list = slices.DeleteFunc(list, func(k Key) bool { return k == gone })
				coming = slices.DeleteFunc(coming, func(k Key) bool { return k == gone })
			}
			if rapid.Bool().Draw(t, "insert") {
				k := row.Draw(t, "new row")
				list, coming = append(list, k), append(coming, k)
			}
		}
		req := Request{List: "rows", Order: rapid.SampledFrom([]Order{Asc, Desc}).Draw(t, "order")}
		want := visited(stay, stay)
		sortIn(req.Order, want)
		step := func(cursor *string) Result[Key] {
			req.Limit = rapid.IntRange(1, 7).Draw(t, "limit")
			res, err := ReadBoth(turn(t, req, cursor), self, list.fetch)
			if err != nil {
				t.Fatal(err)
			}
			if len(res.Rows) > req.Limit || (len(res.Rows) == 0 && (res.Next != nil || res.Prev != nil)) {
				t.Fatalf("limit %d: %+v", req.Limit, res)
			}
			return res
		}

		res := step(nil)
		if res.Prev != nil {
			t.Fatal("the first page leads back")
		}
		forward := res.Rows
		last := res
		for res.Next != nil {
			churn()
			if res = step(res.Next); len(res.Rows) > 0 {
				last = res
			}
			forward = append(forward, res.Rows...)
		}
		if got := visited(forward, stay); !slices.Equal(got, want) {
			t.Fatalf("forward: %v, want %v", got, want)
		}

		back := last.Rows
		for res = last; res.Prev != nil; {
			churn()
			res = step(res.Prev)
			back = append(slices.Clone(res.Rows), back...)
		}
		if got := visited(back, stay); !slices.Equal(got, want) {
			t.Fatalf("back: %v, want %v", got, want)
		}
	})
}

// visited is the rows of stay among the rows that were visited, in order.
func visited(rows, stay []Key) []Key {
	return slices.DeleteFunc(slices.Clone(rows), func(k Key) bool { return !slices.Contains(stay, k) })
}

func sortIn(o Order, rows []Key) {
	slices.SortFunc(rows, func(a, b Key) int {
		c := cmp.Or(cmp.Compare(a.Sort, b.Sort), cmp.Compare(a.ID, b.ID))
		if o == Desc {
			return -c
		}
		return c
	})
}

func rows(ids ...int64) table {
	t := table{}
	for _, n := range ids {
		t = append(t, Key{Sort: n})
	}
	return t
}

func sorts(keys []Key) (out []int64) {
	for _, k := range keys {
		out = append(out, k.Sort)
	}
	return out
}

func TestWalkingBackFromPageTwoIsPageOne(t *testing.T) {
	list := rows(1, 2, 3, 4, 5, 6, 7)
	for _, order := range []Order{Asc, Desc} {
		req := Request{List: "rows", Order: order, Limit: 3}
		read := func(cursor *string) Result[Key] {
			res, err := ReadBoth(turn(t, req, cursor), self, list.fetch)
			if err != nil {
				t.Fatal(err)
			}
			return res
		}
		one := read(nil)
		two := read(one.Next)
		three := read(two.Next)
		if one.Prev != nil || three.Next != nil {
			t.Errorf("%s: the ends lead on", order)
		}
		for name, c := range map[string]struct{ got, want Result[Key] }{
			"two from three": {read(three.Prev), two},
			"one from two":   {read(two.Prev), one},
		} {
			if !slices.Equal(c.got.Rows, c.want.Rows) || (c.got.Prev == nil) != (c.want.Prev == nil) || c.got.Next == nil {
				t.Errorf("%s, %s: %+v, want %+v", order, name, c.got, c.want)
			}
		}
	}
}

func TestPageSizes(t *testing.T) {
	for _, c := range []struct {
		rows  table
		limit int
		want  []int64
		more  bool
	}{
		{rows(), 2, nil, false},
		{rows(1), 2, []int64{1}, false},
		{rows(1, 2), 2, []int64{1, 2}, false},
		{rows(1, 2, 3), 2, []int64{1, 2}, true},
	} {
		res, err := Read(Request{List: "rows", Order: Asc, Limit: c.limit}, self, c.rows.fetch)
		if err != nil || !slices.Equal(sorts(res.Rows), c.want) || (res.Next != nil) != c.more || res.Prev != nil || res.Rows == nil {
			t.Errorf("%d rows: %+v, %v", len(c.rows), res, err)
		}
	}
}

func TestOneWayListsHaveNoWayBack(t *testing.T) {
	list := rows(1, 2, 3, 4)
	req := Request{List: "rows", Order: Asc, Limit: 1}
	res, err := Read(req, self, list.fetch)
	if err != nil {
		t.Fatal(err)
	}
	res, err = Read(turn(t, req, res.Next), self, list.fetch)
	if err != nil || res.Prev != nil || res.Next == nil || res.Rows[0].Sort != 2 {
		t.Errorf("%+v, %v", res, err)
	}
}

func TestFetchErrorsPass(t *testing.T) {
	boom := errors.New("boom")
	calls, failAt := 0, 1
	fetch := func(r Range) ([]Key, error) {
		if calls++; calls == failAt {
			return nil, boom
		}
		return rows(1, 2, 3).fetch(r)
	}
	req := Request{List: "rows", Order: Asc, Limit: 1, Cursor: &Cursor{Key: Key{Sort: 1}}}
	for failAt = 1; failAt <= 2; failAt++ {
		calls = 0
		if _, err := ReadBoth(req, self, fetch); !errors.Is(err, boom) {
			t.Errorf("call %d failed: %v", failAt, err)
		}
	}
}
