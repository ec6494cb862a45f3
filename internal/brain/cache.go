package brain

// cache keeps the turns of idle sessions, so that the next one need not read
// the log. The Brain's lock guards it.
type cache struct {
	max   int
	turns map[string]*turn
	order []string // oldest first; may name turns that were taken
}

func (c *cache) put(t *turn) {
	if c.turns == nil {
		c.turns = map[string]*turn{}
	}
	c.turns[t.session] = t
	c.order = append(c.order, t.session)
	for len(c.turns) > c.max {
		delete(c.turns, c.order[0])
		c.order = c.order[1:]
	}
	if len(c.order) > 4*c.max { // forget the names of taken turns
		live := c.order[:0]
		seen := map[string]bool{}
		for _, id := range c.order {
			if c.turns[id] != nil && !seen[id] {
				live, seen[id] = append(live, id), true
			}
		}
		c.order = live
	}
}

func (c *cache) take(session string) *turn {
	t := c.turns[session]
	delete(c.turns, session)
	return t
}
