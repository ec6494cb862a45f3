package replace

import "io"

// readSize is how much a Reader asks of its source at once, in bytes.
const readSize = 32 << 10

// Reader is a stream with the old texts replaced.
type Reader struct {
	set      *Set
	src      io.Reader
	news     []string
	limit    int64 // how many more bytes an old text may begin in
	replaced func(old int)

	buf   []byte // read and not passed on yet
	clear int    // bytes of buf that can be passed on
	match int    // what stands after those
	put   string // rest of what was put in and not passed on yet
	err   error  // of src
	store []byte // what buf is a part of
}

// Reader makes a stream of src in which news[i] stands for the i-th of New's
// arguments. What begins after the first limit bytes of src is not replaced.
// replaced is told of each replacement before its first byte comes out, from
// Read. The caller doesn't use src any more, and the Reader from one goroutine
// at a time.
func (s *Set) Reader(src io.Reader, limit int64, news []string, replaced func(old int)) *Reader {
	return &Reader{
		set: s, src: src, news: news, limit: limit, replaced: replaced, match: none,
		store: make([]byte, readSize+s.longest),
	}
}

// Read implements io.Reader. It returns what there is as soon as there is
// something, and an error of the source after everything before it.
func (r *Reader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for {
		switch {
		case r.put != "":
			n := copy(p, r.put)
			r.put = r.put[n:]
			return n, nil
		case r.clear > 0:
			n := copy(p, r.buf[:r.clear])
			r.clear -= n
			r.take(n)
			return n, nil
		case r.match != none:
			i := r.set.index[r.match]
			r.take(len(r.set.olds[r.match]))
			r.match = none
			r.replaced(i)
			r.put = r.news[i]
		case len(r.buf) > 0 && r.look():
		case r.err != nil:
			return 0, r.err
		case len(r.buf) == 0 && r.limit <= 0:
			return r.src.Read(p)
		default:
			r.fill()
		}
	}
}

// take drops bytes from the front of buf.
func (r *Reader) take(n int) {
	r.buf = r.buf[n:]
	r.limit -= int64(n)
}

// look finds out what can be passed on, and says whether there is something.
func (r *Reader) look() bool {
	if r.limit <= 0 {
		r.clear = len(r.buf)
		return true
	}
	r.clear, r.match = r.set.next(r.buf, r.err != nil)
	if int64(r.clear) >= r.limit {
		r.clear, r.match = len(r.buf), none
	}
	return r.clear > 0 || r.match != none
}

// fill reads more.
func (r *Reader) fill() {
	r.buf = r.store[:copy(r.store, r.buf)]
	var n int
	n, r.err = r.src.Read(r.store[len(r.buf):])
	r.buf = r.store[:len(r.buf)+n]
}
