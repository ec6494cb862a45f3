package layers

import (
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/provision/setup"
)

// Path is where packages are seen inside a sandbox that aren't part of the
// system, in a directory for each manager.
const Path = "/opt/packages"

// manager is a package manager.
type manager struct {
	name string
	// script is called with the directory to fill, the registry to use in
	// place of the public one ("" for that), and the packages.
	script string
	env    map[string]string // for what was installed
	// system says that packages become part of the system if that can be laid
	// over.
	system bool
}

//go:embed scripts/apt.sh
var aptScript string

//go:embed scripts/cargo.sh
var cargoScript string

//go:embed scripts/gem.sh
var gemScript string

//go:embed scripts/go.sh
var goScript string

//go:embed scripts/npm.sh
var npmScript string

//go:embed scripts/pip.sh
var pipScript string

// managers are in the order of installation (Managed Agents API:
// environments): those that apt installs are there for the others.
var managers = []manager{
	{name: apt, script: aptScript, system: true},
	{name: "cargo", script: cargoScript},
	{name: "gem", script: gemScript, env: map[string]string{"GEM_PATH": Path + "/gem"}},
	{name: "go", script: goScript},
	{name: "npm", script: npmScript, env: map[string]string{"NODE_PATH": Path + "/npm/lib/node_modules"}},
	{name: "pip", script: pipScript, env: map[string]string{"PYTHONPATH": Path + "/pip"}, system: true},
}

const apt = "apt"

// managerOf is the manager of a name that is known.
func managerOf(name string) manager {
	for _, m := range managers {
		if m.name == name {
			return m
		}
	}
	panic("no manager " + name) // wanted lets only those through
}

// system is where what becomes part of the system is collected inside a setup
// sandbox.
const system = setup.Outputs + "/system"

// own is the directory inside that belongs to a manager alone.
func (m manager) own() string { return Path + "/" + m.name }

// toolchains are where compilers are found that aren't in PATH.
const toolchains = "/usr/local/go/bin:/usr/lib/go/bin:/usr/local/cargo/bin"

// List is the packages of one manager: apt, cargo, gem, go, npm or pip.
type List struct {
	Manager  string
	Packages []string
}

// check refuses what a package manager could take for something else than a
// package.
func (l List) check() error {
	for _, p := range l.Packages {
		if strings.TrimSpace(p) == "" || strings.HasPrefix(p, "-") || strings.ContainsFunc(p, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return fmt.Errorf("%q is not the name of a package", p)
		}
	}
	return nil
}

// show is what a sandbox needs to use what was installed: in a tree, by the
// managers that have a directory of their own there, and in a system. Either
// may be "".
func show(tree, system string, own []string) []hands.Layer {
	if tree == "" && system == "" {
		return nil
	}
	l := hands.Layer{Tree: tree, System: system, Env: map[string]string{}}
	if tree != "" {
		l.Path = Path
	}
	for _, m := range managers {
		if slices.Contains(own, m.name) {
			l.Bin = append(l.Bin, m.own()+"/bin")
			maps.Copy(l.Env, m.env)
		}
	}
	return []hands.Layer{l}
}
