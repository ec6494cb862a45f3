package wire

// Types of environments and of their networking.
const (
	TypeCloud        = "cloud"
	TypeSelfHosted   = "self_hosted"
	TypeUnrestricted = "unrestricted"
	TypeLimited      = "limited"
)

// Environment is where sessions run their tools.
type Environment struct {
	ID          string            `json:"id"`
	Type        string            `json:"type"` // environment
	Name        string            `json:"name"`
	Description *string           `json:"description"`
	Scope       string            `json:"scope"` // organization
	Config      EnvironmentConfig `json:"config"`
	Metadata    Metadata          `json:"metadata"`
	CreatedAt   Time              `json:"created_at"`
	UpdatedAt   Time              `json:"updated_at"`
	ArchivedAt  *Time             `json:"archived_at"`
}

// EnvironmentConfig is the config of an environment, resolved. Of type cloud
// it has networking and packages, of type self_hosted neither.
type EnvironmentConfig struct {
	Type       string      `json:"type"`
	Networking *Networking `json:"networking,omitzero"`
	Packages   *Packages   `json:"packages,omitzero"`
}

// Networking is what a sandbox may reach. Of type limited it has the
// LimitedNetwork.
type Networking struct {
	Type string `json:"type"` // unrestricted or limited
	*LimitedNetwork
}

// LimitedNetwork is what a sandbox may reach under limited networking.
type LimitedNetwork struct {
	AllowedHosts         []string `json:"allowed_hosts"`          // host or *.host
	AllowMCPServers      bool     `json:"allow_mcp_servers"`      // and the hosts of the agent's MCP servers
	AllowPackageManagers bool     `json:"allow_package_managers"` // and the public registries
}

// Packages are installed in a sandbox, in alphabetical order of the managers.
// Versions are in the manager's own syntax.
type Packages struct {
	Type  string   `json:"type"` // packages
	Apt   []string `json:"apt"`
	Cargo []string `json:"cargo"`
	Gem   []string `json:"gem"`
	Go    []string `json:"go"`
	Npm   []string `json:"npm"`
	Pip   []string `json:"pip"`
}

// Lists are the package lists by manager, in order of installation.
func (p *Packages) Lists() []PackageList {
	return []PackageList{{"apt", &p.Apt}, {"cargo", &p.Cargo}, {"gem", &p.Gem}, {"go", &p.Go}, {"npm", &p.Npm}, {"pip", &p.Pip}}
}

// PackageList is the packages of one manager.
type PackageList struct {
	Manager  string
	Packages *[]string
}
