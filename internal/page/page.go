package page

import "slices"

// Request is which page of a list is wanted.
type Request struct {
	List   string // name of the list, see Cursor
	Order  Order
	Limit  int     // rows on the page, at least 1
	Cursor *Cursor // nil: the first page
}

// Range is what to read for a page: at most Limit rows, nearest to From first.
// With Back these are the rows before From in the list's order, read against
// it; without, the rows after From, or all if From is nil.
type Range struct {
	Order Order
	From  *Key
	Back  bool
	Limit int
}

// Descending reports whether the rows of the range are read by falling keys.
func (r Range) Descending() bool { return (r.Order == Desc) != r.Back }

// Result is a page. Cursors are nil where nothing follows.
type Result[T any] struct {
	Rows       []T // never nil, in the list's order
	Next, Prev *string
}

// Read reads a page of a list that goes one way. fetch reads a range of rows,
// key tells a row's place.
func Read[T any](req Request, key func(T) Key, fetch func(Range) ([]T, error)) (Result[T], error) {
	res, err := read(req, key, fetch)
	res.Prev = nil
	return res, err
}

// ReadBoth reads a page of a list that can be walked back: Prev is the cursor
// of the page before, and walking back from a page gives the rows that came
// before it, in the same order. It asks fetch once more to know whether there
// is anything on the side it came from.
func ReadBoth[T any](req Request, key func(T) Key, fetch func(Range) ([]T, error)) (Result[T], error) {
	res, err := read(req, key, fetch)
	if err != nil || req.Cursor == nil || len(res.Rows) == 0 {
		return res, err
	}
	// The other side: before the first row of a page read forward, after the
	// last one of a page read back.
	edge, other := key(res.Rows[0]), &res.Prev
	if req.Cursor.Back {
		edge, other = key(res.Rows[len(res.Rows)-1]), &res.Next
	}
	more, err := fetch(Range{Order: req.Order, From: &edge, Back: !req.Cursor.Back, Limit: 1})
	if err != nil {
		return Result[T]{}, err
	}
	if len(more) > 0 {
		*other = req.cursor(edge, !req.Cursor.Back)
	}
	return res, nil
}

// read reads a page and sets the cursor in the direction of reading.
func read[T any](req Request, key func(T) Key, fetch func(Range) ([]T, error)) (res Result[T], err error) {
	r := Range{Order: req.Order, Limit: req.Limit + 1}
	if req.Cursor != nil {
		r.From, r.Back = &req.Cursor.Key, req.Cursor.Back
	}
	rows, err := fetch(r)
	if err != nil {
		return res, err
	}
	more := len(rows) > req.Limit
	if more {
		rows = rows[:req.Limit]
	}
	if res.Rows = rows; rows == nil {
		res.Rows = []T{}
	}
	if r.Back {
		slices.Reverse(res.Rows)
	}
	switch {
	case more && r.Back:
		res.Prev = req.cursor(key(res.Rows[0]), true)
	case more:
		res.Next = req.cursor(key(res.Rows[len(res.Rows)-1]), false)
	}
	return res, nil
}

func (r Request) cursor(k Key, back bool) *string {
	s := Cursor{List: r.List, Order: r.Order, Back: back, Key: k}.String()
	return &s
}
