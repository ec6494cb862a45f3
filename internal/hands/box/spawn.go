//go:build linux

package box

import (
	"os/exec"
	"runtime"
	"sync"
)

// spawner starts processes that must die with this one. The kernel sends the
// parent death signal when the thread that started the process ends, so all
// are started on one thread that never does.
var spawner = sync.OnceValue(func() chan<- func() {
	jobs := make(chan func())
	go func() {
		runtime.LockOSThread()
		for job := range jobs {
			job()
		}
	}()
	return jobs
})

// spawn is cmd.Start on the spawner's thread.
func spawn(cmd *exec.Cmd) error {
	done := make(chan error, 1)
	spawner() <- func() { done <- cmd.Start() }
	return <-done
}
