package replace

import "strings"

// String puts what news answers in the place of each old text in s; news gets
// the text's index among New's arguments, once for each occurrence. An error
// of news ends it and is returned.
func (s *Set) String(in string, news func(old int) (string, error)) (string, error) {
	var out strings.Builder
	rest := []byte(in)
	for {
		at, match := s.next(rest, true)
		if match == none {
			if out.Len() == 0 && len(rest) == len(in) {
				return in, nil
			}
			_, _ = out.Write(rest) // never fails
			return out.String(), nil
		}
		text, err := news(s.index[match])
		if err != nil {
			return "", err
		}
		_, _ = out.Write(rest[:at])
		_, _ = out.WriteString(text)
		rest = rest[at+len(s.olds[match]):]
	}
}

// Count says how often each old text, by its index among New's arguments, is
// replaced in b by a Reader with this limit. To know, it needs limit and
// Longest bytes of the stream, or all of it.
func (s *Set) Count(b []byte, limit int64) []int {
	counts := make([]int, len(s.olds))
	for from := 0; ; {
		at, match := s.next(b[from:], true)
		if match == none || int64(from+at) >= limit {
			return counts
		}
		counts[s.index[match]]++
		from += at + len(s.olds[match])
	}
}
