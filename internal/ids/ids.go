// Package ids makes the opaque identifiers of the API: a prefix that tells the
// kind of object, and 24 random base-58 characters (139 bits).
package ids

import (
	"crypto/rand"
	"sync"
)

// Prefixes of the API's objects.
const (
	Agent       = "agent_"
	Environment = "env_"
	Session     = "sesn_"
	Event       = "sevt_"
	Thread      = "sthr_"
	Resource    = "sesrsc_"
	File        = "file_"
	Vault       = "vlt_"
	Credential  = "vcrd_"
	MemoryStore = "memstore_"
	Memory      = "mem_"
	MemoryVer   = "memver_"
	Request     = "req_"
)

// Prefixes of skills and their versions.
const (
	Skill        = "skill_"
	SkillVersion = "skver_"
)

const alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

const length = 24

// Source makes ids. Tests replace it to get readable goldens.
type Source interface {
	New(prefix string) string
}

// Random is the Source of real servers. It is safe for concurrent use.
type Random struct {
	mu  sync.Mutex
	buf [1024]byte
	pos int
}

// New returns prefix and 24 random characters.
func (r *Random) New(prefix string) string {
	out := make([]byte, 0, len(prefix)+length)
	out = append(out, prefix...)
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(out) < len(prefix)+length {
		if r.pos == 0 {
			rand.Read(r.buf[:]) // never fails: crypto/rand panics instead
		}
		b := r.buf[r.pos]
		r.pos = (r.pos + 1) % len(r.buf)
		if int(b) < 4*len(alphabet) { // even distribution
			out = append(out, alphabet[int(b)%len(alphabet)])
		}
	}
	return string(out)
}
