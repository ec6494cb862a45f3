// Package page walks lists in pages: opaque cursors, and the cutting of rows
// into pages with the cursors that lead on.
//
// Promises: a row that exists during a whole walk is visited exactly once,
// whatever is inserted or deleted meanwhile, forward and back alike, because a
// cursor is a place in the order and not a count. A page without rows carries
// no cursor. The package imports fault and nothing else of the program.
package page

import (
	"encoding/base64"
	"encoding/binary"
	"strings"

	"github.com/ostlerdev/ostler/internal/fault"
)

// Order is the order of a list by its sort key.
type Order string

// The orders.
const (
	Asc  Order = "asc"
	Desc Order = "desc"
)

// Key is the place of a row: what the list is sorted by (microseconds, a
// version, a position) and the id that breaks ties.
type Key struct {
	Sort int64
	ID   string
}

// Cursor is a place in a list from which a page is read: the rows after Key in
// the list's order or, if Back, the rows before it. The row of Key itself is
// never on the page and need not exist any more.
type Cursor struct {
	List  string // name of the list, so that a cursor works on no other
	Order Order
	Back  bool
	Key   Key
}

const (
	prefix  = "page_"
	version = 1 // of the encoding
)

const (
	flagDesc = 1 << iota
	flagBack
)

// String is the cursor as clients see it.
func (c Cursor) String() string {
	var flags byte
	if c.Order == Desc {
		flags |= flagDesc
	}
	if c.Back {
		flags |= flagBack
	}
	b := append(make([]byte, 0, 64), version, flags)
	b = binary.AppendUvarint(b, uint64(len(c.List)))
	b = append(b, c.List...)
	b = binary.AppendVarint(b, c.Key.Sort)
	b = append(b, c.Key.ID...)
	return prefix + base64.RawURLEncoding.EncodeToString(b)
}

// Parse reads a cursor of a list. It refuses, with faults of kind Invalid
// about page, what is no cursor, a cursor of another list, and one of another
// order.
func Parse(s, list string, order Order) (Cursor, error) {
	c, ok := decode(s)
	switch {
	case !ok || c.List != list:
		return Cursor{}, fault.At("page", "not a cursor of this list")
	case c.Order != order:
		return Cursor{}, fault.At("page", "the cursor belongs to the order `%s`, not `%s`", c.Order, order)
	}
	return c, nil
}

func decode(s string) (c Cursor, ok bool) {
	text, ok := strings.CutPrefix(s, prefix)
	if !ok {
		return c, false
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(b) < 2 || b[0] != version || b[1]&^(flagDesc|flagBack) != 0 {
		return c, false
	}
	c.Order, c.Back = Asc, b[1]&flagBack != 0
	if b[1]&flagDesc != 0 {
		c.Order = Desc
	}
	b = b[2:]
	n, w := binary.Uvarint(b)
	if w <= 0 || n > uint64(len(b)-w) {
		return c, false
	}
	c.List, b = string(b[w:w+int(n)]), b[w+int(n):]
	sort, w := binary.Varint(b)
	if w <= 0 {
		return c, false
	}
	c.Key = Key{Sort: sort, ID: string(b[w:])}
	return c, c.String() == s // one text per cursor
}
