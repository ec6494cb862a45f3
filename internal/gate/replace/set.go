package replace

import (
	"bytes"
	"errors"
	"slices"
	"sort"
	"strings"
)

// Set is the old texts to look for. It isn't changed once it is made, so it
// may be shared.
type Set struct {
	olds    []string // sorted
	index   []int    // where each was among New's arguments
	shorter []int    // the longest other one that it begins with, or none
	common  string   // what all of them begin with
	starts  [256]bool
	longest int // bytes
}

// none is the number of no old text.
const none = -1

// New makes a Set. The error says so if there is no text, if one is empty or
// if one is given twice. Texts may begin with, hold and overlap each other.
func New(olds []string) (*Set, error) {
	if len(olds) == 0 {
		return nil, errors.New("there is no text to look for")
	}
	s := &Set{index: make([]int, len(olds)), shorter: make([]int, len(olds))}
	for i := range olds {
		s.index[i] = i
	}
	slices.SortFunc(s.index, func(a, b int) int { return strings.Compare(olds[a], olds[b]) })
	for i, at := range s.index {
		old := olds[at]
		switch {
		case old == "":
			return nil, errors.New("a text to look for is empty")
		case i > 0 && old == s.olds[i-1]:
			return nil, errors.New("a text to look for is given twice")
		}
		s.olds = append(s.olds, old)
		s.starts[old[0]] = true
		s.longest = max(s.longest, len(old))
		s.shorter[i] = i - 1
		for s.shorter[i] != none && !strings.HasPrefix(old, s.olds[s.shorter[i]]) {
			s.shorter[i] = s.shorter[s.shorter[i]]
		}
	}
	// All that is sorted between two texts begins with what they begin with.
	first, last := s.olds[0], s.olds[len(s.olds)-1]
	for len(s.common) < min(len(first), len(last)) && first[len(s.common)] == last[len(s.common)] {
		s.common = first[:len(s.common)+1]
	}
	return s, nil
}

// Longest is the length of the longest old text in bytes.
func (s *Set) Longest() int { return s.longest }

// next finds the first occurrence in b. If there is none, match is none, and
// what comes from at on could become one if more bytes follow; last says that
// none follow.
func (s *Set) next(b []byte, last bool) (at, match int) {
	for at < len(b) {
		at += s.candidate(b[at:])
		if at == len(b) {
			break
		}
		match, open := s.here(b[at:])
		switch {
		case open && !last:
			return at, none
		case match != none:
			return at, match
		}
		at++
	}
	return at, none
}

// candidate is the first place in b where an old text could begin, or len(b).
// It only has to be quick.
func (s *Set) candidate(b []byte) int {
	if s.common == "" {
		for i, c := range b {
			if s.starts[c] {
				return i
			}
		}
		return len(b)
	}
	if i := bytes.Index(b, []byte(s.common)); i >= 0 {
		return i
	}
	for n := min(len(s.common)-1, len(b)); n > 0; n-- {
		if string(b[len(b)-n:]) == s.common[:n] {
			return len(b) - n
		}
	}
	return len(b)
}

// here finds the longest old text that t begins with. open says that t ends
// within one that is longer.
func (s *Set) here(t []byte) (match int, open bool) {
	t = t[:min(len(t), s.longest)]
	after := sort.Search(len(s.olds), func(i int) bool { return s.olds[i] > string(t) })
	open = after < len(s.olds) && strings.HasPrefix(s.olds[after], string(t))
	// Every old text that t begins with is sorted before after, and what is
	// sorted between it and t begins with it too.
	match = after - 1
	for match != none && !bytes.HasPrefix(t, []byte(s.olds[match])) {
		match = s.shorter[match]
	}
	return match, open
}
