package box

import (
	"fmt"
	"strings"

	"github.com/ostlerdev/ostler/internal/gate/netstack/subnet"
)

// Users and groups inside: those that programs of a common Linux system look
// up. The host's are not shown.
var users = []struct {
	name string
	id   int
	home string
}{
	{"root", 0, "/root"}, {"daemon", 1, "/usr/sbin"}, {"bin", 2, "/bin"}, {"sys", 3, "/dev"},
	{"games", 5, "/usr/games"}, {"man", 6, "/var/cache/man"}, {"mail", 8, "/var/mail"},
	{"www-data", 33, "/var/www"}, {"_apt", 42, "/nonexistent"}, {"nobody", 65534, "/nonexistent"},
}

var groups = map[string]int{
	"root": 0, "daemon": 1, "bin": 2, "sys": 3, "adm": 4, "tty": 5, "disk": 6, "mail": 8, "kmem": 15,
	"sudo": 27, "www-data": 33, "shadow": 42, "utmp": 43, "staff": 50, "users": 100, "nogroup": 65534,
}

// resolver is resolv.conf. Without a network there is no name server, and a
// query that is refused fails at once.
func resolver(network bool) string {
	if !network {
		return "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n"
	}
	return "nameserver " + subnet.Gateway.String() + "\n"
}

// Etc are the files of /etc that are not the system's, by name, in a sandbox
// with or without a network.
func Etc(network bool) map[string]string {
	var passwd, group strings.Builder
	for _, u := range users {
		shell := "/usr/sbin/nologin"
		if u.id == 0 {
			shell = "/bin/bash"
		}
		gid := u.id
		if u.name == "_apt" {
			gid = 65534
		}
		fmt.Fprintf(&passwd, "%s:x:%d:%d:%s:%s:%s\n", u.name, u.id, gid, u.name, u.home, shell)
	}
	for name, id := range groups {
		fmt.Fprintf(&group, "%s:x:%d:\n", name, id)
	}
	return map[string]string{
		"passwd":        passwd.String(),
		"group":         group.String(),
		"hostname":      "sandbox\n",
		"hosts":         "127.0.0.1\tlocalhost sandbox\n::1\tlocalhost ip6-localhost\n",
		"resolv.conf":   resolver(network),
		"nsswitch.conf": "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\nprotocols: files\nservices: files\nrpc: files\n",
		// Files that the server put there have another owner than root inside.
		"gitconfig": "[safe]\n\tdirectory = *\n",
	}
}
