package policy

// registries are the hosts that allow_package_managers adds: what the package
// managers of an environment ask in their default configuration. They are
// public registries, and most of them accept uploads from whoever has an
// account. Hosts where anybody can put content for download (code forges,
// object stores, PPAs) are left out, so packages that are fetched from there
// need their hosts in allowed_hosts.
var registries = map[string][]string{
	"apt": {
		"deb.debian.org", "*.deb.debian.org", "security.debian.org", "ftp.debian.org",
		"archive.ubuntu.com", "*.archive.ubuntu.com", "security.ubuntu.com", "ports.ubuntu.com",
	},
	"cargo": {"crates.io", "index.crates.io", "static.crates.io"},
	"gem":   {"rubygems.org", "*.rubygems.org"},
	"go":    {"proxy.golang.org", "sum.golang.org"},
	"npm":   {"registry.npmjs.org", "registry.yarnpkg.com"},
	"pip":   {"pypi.org", "files.pythonhosted.org", "pypi.python.org"},
}
