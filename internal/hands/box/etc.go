package box

import (
	"fmt"
	"strings"

	"github.com/ostlerdev/ostler/internal/gate/netstack/subnet"
)

// Users and groups inside: those that every Debian system has, because programs
// look them up and packages count on them. The host's are not shown.
var users = []struct {
	name     string
	uid, gid int
	home     string
}{
	{"root", 0, 0, "/root"}, {"daemon", 1, 1, "/usr/sbin"}, {"bin", 2, 2, "/bin"}, {"sys", 3, 3, "/dev"}, {"sync", 4, 65534, "/bin"},
	{"games", 5, 60, "/usr/games"}, {"man", 6, 12, "/var/cache/man"}, {"lp", 7, 7, "/var/spool/lpd"}, {"mail", 8, 8, "/var/mail"},
	{"news", 9, 9, "/var/spool/news"}, {"uucp", 10, 10, "/var/spool/uucp"}, {"proxy", 13, 13, "/bin"}, {"www-data", 33, 33, "/var/www"},
	{"backup", 34, 34, "/var/backups"}, {"list", 38, 38, "/var/list"}, {"irc", 39, 39, "/run/ircd"}, {"_apt", 42, 65534, "/nonexistent"},
	{"nobody", 65534, 65534, "/nonexistent"},
}

var groups = map[string]int{
	"root": 0, "daemon": 1, "bin": 2, "sys": 3, "adm": 4, "tty": 5, "disk": 6, "lp": 7, "mail": 8, "news": 9, "uucp": 10, "man": 12,
	"proxy": 13, "kmem": 15, "dialout": 20, "fax": 21, "voice": 22, "cdrom": 24, "floppy": 25, "tape": 26, "sudo": 27, "audio": 29,
	"dip": 30, "www-data": 33, "backup": 34, "operator": 37, "list": 38, "irc": 39, "src": 40, "shadow": 42, "utmp": 43, "video": 44,
	"sasl": 45, "plugdev": 46, "staff": 50, "games": 60, "users": 100, "nogroup": 65534,
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
		if u.uid == 0 {
			shell = "/bin/bash"
		}
		fmt.Fprintf(&passwd, "%s:x:%d:%d:%s:%s:%s\n", u.name, u.uid, u.gid, u.name, u.home, shell)
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
