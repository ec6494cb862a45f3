package store

import "github.com/ostlerdev/ostler/internal/page"

// page restricts a query to a range of a list sorted by the columns sort and
// id ("" if sort is unique), and returns the ORDER BY and LIMIT that go after
// the conditions. Call it after every add.
func (w *where) page(r page.Range, sort, id string) (conds, tail string) {
	order, beyond := " ASC", " > "
	if r.Descending() {
		order, beyond = " DESC", " < "
	}
	by := sort + order
	if id != "" {
		by += ", " + id + order
	}
	switch {
	case r.From == nil:
	case id == "":
		w.add(sort+beyond+"?", r.From.Sort)
	default:
		w.add("("+sort+", "+id+")"+beyond+"(?, ?)", r.From.Sort, r.From.ID)
	}
	return w.sql(), " ORDER BY " + by + " LIMIT " + w.arg(r.Limit)
}

// window restricts a query to rows whose column lies in w.
func (w *where) window(column string, win page.Window) {
	if win.Min > page.Everything.Min {
		w.add(column+" >= ?", win.Min)
	}
	if win.Max < page.Everything.Max {
		w.add(column+" <= ?", win.Max)
	}
}
