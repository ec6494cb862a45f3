package handstest

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	hostbox "github.com/ostlerdev/ostler/internal/hands/box"
)

// insideName is the argv[0] of the test binary as a program inside a sandbox:
// attacks and measurements that no system program makes for us. The guest's
// program is the test binary, so it is there already.
const insideName = "ostler-inside"

// inside is the shell command that runs one of the programs below.
func insideCommand(name string, arguments ...string) string {
	return "exec -a " + insideName + " " + hostbox.InsideGuest + " " + name + " " + strings.Join(arguments, " ")
}

// try runs a program inside, in a subshell, and returns what it says.
func (b box) try(name string, arguments ...string) string {
	b.t.Helper()
	out, _ := b.call("bash", args{"command": "(" + insideCommand(name, arguments...) + ")"})
	return strings.TrimSpace(out)
}

// inside is the main function of these programs. Each prints "ok" if it could
// do what it tries, else why not.
func inside(arguments []string) int {
	programs := map[string]func([]string) error{
		"dial": dialOut, "fork": forkMany, "mount": mountSomething, "ptrace": attach,
		"mknod": makeDevice, "open": openFile, "interfaces": interfaces, "memory": takeMemory,
		"raw": rawSocket, "module": loadModule, "chroot": escapeChroot, "setns": joinNamespace, "fill": fill,
		"packet": sendPacket, "lookup": lookUp, "sniff": packetSocket, "address": newAddress,
	}
	run, ok := programs[arguments[0]]
	if !ok {
		fmt.Println("no program", arguments[0])
		return 2
	}
	if err := run(arguments[1:]); err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println("ok")
	return 0
}

// dialOut connects to network address.
func dialOut(a []string) error {
	conn, err := net.DialTimeout(a[0], a[1], 5*time.Second)
	if err != nil {
		return err
	}
	return conn.Close()
}

// forkMany starts n processes that wait.
func forkMany(a []string) error {
	n, err := strconv.Atoi(a[0])
	if err != nil {
		return err
	}
	var started []*exec.Cmd
	defer func() {
		for _, cmd := range started {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	}()
	for range n {
		cmd := exec.Command("/bin/sleep", "1000")
		if err := cmd.Start(); err != nil {
			return err
		}
		started = append(started, cmd)
	}
	return nil
}

func mountSomething([]string) error {
	return unix.Mount("none", "/mnt", "tmpfs", 0, "")
}

// attach attaches to the guest.
func attach([]string) error {
	if err := unix.PtraceAttach(1); err != nil {
		return err
	}
	_, err := unix.Wait4(1, nil, 0, nil)
	return err
}

// makeDevice makes a device node of the host's disk and opens it.
func makeDevice(a []string) error {
	if err := unix.Mknod("/tmp/device", unix.S_IFBLK|0o600, int(unix.Mkdev(254, 0))); err != nil {
		return err
	}
	return openFile([]string{"/tmp/device"})
}

func openFile(a []string) error {
	f, err := os.Open(a[0])
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.Read(make([]byte, 1))
	return err
}

// interfaces names the network interfaces.
func interfaces([]string) error {
	all, err := net.Interfaces()
	if err != nil {
		return err
	}
	for _, i := range all {
		fmt.Println(i.Name)
	}
	return nil
}

// takeMemory takes a number of MiB and keeps them until it is killed.
func takeMemory(a []string) error {
	n, err := strconv.Atoi(a[0])
	if err != nil {
		return err
	}
	var kept [][]byte
	for range n {
		page := make([]byte, 1<<20)
		for i := 0; i < len(page); i += 4096 {
			page[i] = 1
		}
		kept = append(kept, page)
	}
	fmt.Println("taken", len(kept))
	return unix.Pause()
}

func rawSocket([]string) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_ICMP)
	if err != nil {
		return err
	}
	return unix.Close(fd)
}

func loadModule([]string) error {
	return unix.InitModule([]byte("\x7fELF"), "")
}

// escapeChroot makes a directory its root and climbs out of it.
func escapeChroot(a []string) error {
	if err := os.MkdirAll("/tmp/jail", 0o755); err != nil {
		return err
	}
	if err := unix.Chroot("/tmp/jail"); err != nil {
		return err
	}
	if err := unix.Chroot(strings.Repeat("../", 64)); err != nil {
		return err
	}
	return openFile(a)
}

// joinNamespace joins the namespaces of the launcher, if its pid can be seen.
func joinNamespace(a []string) error {
	fd, err := unix.Open("/proc/"+a[0]+"/ns/mnt", unix.O_RDONLY, 0)
	if err != nil {
		return err
	}
	return unix.Setns(fd, 0)
}

// fill writes to a file until it is stopped.
func fill(a []string) error {
	f, err := os.Create(a[0])
	if err != nil {
		return err
	}
	block := make([]byte, 1<<20)
	for {
		if _, err := f.Write(block); err != nil {
			return err
		}
	}
}

func jsonBase64(s string) string {
	b, err := json.Marshal(base64.StdEncoding.EncodeToString([]byte(s)))
	if err != nil {
		panic(err) // a string
	}
	return string(b)
}
