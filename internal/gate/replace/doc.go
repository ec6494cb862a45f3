// Package replace puts texts in the place of others, in strings and in streams
// whose pieces end anywhere.
//
// What it promises is what a plain search from left to right would do: at each
// place the longest of the old texts that stands there is the one that counts,
// what was put in is not looked at again, and all else comes out as it went
// in. Where a stream is cut into pieces makes no difference to what comes out
// of it, and a Reader holds back no more than what could still become an old
// text.
//
// The package does no I/O of its own and imports nothing of the program.
package replace
