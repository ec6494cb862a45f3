package layers

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/provision/setup"
)

// Path is where packages are seen inside a sandbox, in a directory for each
// manager but apt, whose packages are part of the system.
const Path = "/opt/packages"

// manager is a package manager.
type manager struct {
	name string
	// script is called with the directory to fill, the registry to use in
	// place of the public one ("" for that), and the packages.
	script string
	env    map[string]string // for what was installed
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
	{name: "apt", script: aptScript},
	{name: "cargo", script: cargoScript},
	{name: "gem", script: gemScript, env: map[string]string{"GEM_PATH": Path + "/gem"}},
	{name: "go", script: goScript},
	{name: "npm", script: npmScript, env: map[string]string{"NODE_PATH": Path + "/npm/lib/node_modules"}},
	{name: "pip", script: pipScript, env: map[string]string{"PYTHONPATH": Path + "/pip"}},
}

const apt = "apt"

// system is where apt's packages are collected inside a setup sandbox.
const system = setup.Outputs + "/system"

// target is the directory inside that a manager fills.
func (m manager) target() string {
	if m.name == apt {
		return system
	}
	return Path + "/" + m.name
}

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

// show is what a sandbox needs to use what was installed: of a tree, of a
// system, either of which may be "".
func show(tree, system string, installed []string) []hands.Layer {
	if tree == "" && system == "" {
		return nil
	}
	l := hands.Layer{Tree: tree, System: system, Env: map[string]string{}}
	if tree != "" {
		l.Path = Path
	}
	for _, m := range managers {
		for _, name := range installed {
			if name != m.name || name == apt {
				continue
			}
			l.Bin = append(l.Bin, m.target()+"/bin")
			for k, v := range m.env {
				l.Env[k] = v
			}
		}
	}
	return []hands.Layer{l}
}
