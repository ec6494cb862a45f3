package guest

import "sync"

// queue runs jobs one at a time, in the order in which they were put. put never
// blocks. Its goroutine lives as long as the guest.
type queue struct {
	mu   sync.Mutex
	cond *sync.Cond
	jobs []func()
}

func newQueue() *queue {
	q := &queue{}
	q.cond = sync.NewCond(&q.mu)
	go q.work()
	return q
}

func (q *queue) put(job func()) {
	q.mu.Lock()
	q.jobs = append(q.jobs, job)
	q.mu.Unlock()
	q.cond.Signal()
}

func (q *queue) work() {
	for {
		q.mu.Lock()
		for len(q.jobs) == 0 {
			q.cond.Wait()
		}
		job := q.jobs[0]
		q.jobs = q.jobs[1:]
		q.mu.Unlock()
		job()
	}
}
