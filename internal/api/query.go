package api

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/page"
)

// query reads query parameters. The first fault is kept in err; what is read
// after it means nothing. Unknown parameters are ignored.
type query struct {
	values url.Values
	err    error
}

func newQuery(r *http.Request) *query {
	values, err := url.ParseQuery(r.URL.RawQuery)
	q := &query{values: values}
	if err != nil {
		q.err = fault.At("", "malformed query: %v", err)
	}
	return q
}

func (q *query) fail(name, format string, args ...any) {
	if q.err == nil {
		q.err = fault.At(name, format, args...)
	}
}

func (q *query) text(name string) string { return q.values.Get(name) }

// list is an array: name[]=a&name[]=b, or name=a&name=b.
func (q *query) list(name string) []string {
	return append(q.values[name+"[]"], q.values[name]...)
}

func (q *query) flag(name string) bool {
	switch v := q.text(name); v {
	case "", "false":
		return false
	case "true":
		return true
	default:
		q.fail(name, "expected true or false, not `%s`", v)
		return false
	}
}

// integer is a number from low to high, or def.
func (q *query) integer(name string, def, low, high int64) int64 {
	v := q.text(name)
	if v == "" {
		return def
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil || n < low || n > high {
		q.fail(name, "expected an integer from %d to %d, not `%s`", low, high, v)
		return def
	}
	return n
}

func (q *query) order(def page.Order) page.Order {
	switch v := q.text("order"); v {
	case "":
		return def
	case string(page.Asc), string(page.Desc):
		return page.Order(v)
	default:
		q.fail("order", "expected `asc` or `desc`, not `%s`", v)
		return def
	}
}

// page is the page of a list that is asked for.
func (q *query) page(list string, order page.Order, def, most int64) page.Request {
	req := page.Request{List: list, Order: order, Limit: int(q.integer("limit", def, 1, most))}
	if text := q.text("page"); text != "" {
		c, err := page.Parse(text, list, order)
		if err != nil && q.err == nil {
			q.err = err
		}
		req.Cursor = &c
	}
	return req
}

// window is the bounds name[gt], name[gte], name[lt] and name[lte] on a time.
func (q *query) window(name string) page.Window {
	w := page.Everything
	bound := func(op string) (int64, bool) {
		key := name + "[" + op + "]"
		v := q.text(key)
		if v == "" {
			return 0, false
		}
		t, err := time.Parse(time.RFC3339Nano, v)
		if err != nil {
			q.fail(key, "expected a time as in RFC 3339, not `%s`", v)
			return 0, false
		}
		at := t.UnixMicro() // the past side of a moment between two microseconds
		if up := op == "gte" || op == "lt"; up && t.Nanosecond()%1000 != 0 {
			at++
		}
		return at, true
	}
	if t, ok := bound("gte"); ok {
		w.Min = max(w.Min, t)
	}
	if t, ok := bound("gt"); ok {
		w.Min = max(w.Min, t+1)
	}
	if t, ok := bound("lte"); ok {
		w.Max = min(w.Max, t)
	}
	if t, ok := bound("lt"); ok {
		w.Max = min(w.Max, t-1)
	}
	return w
}
