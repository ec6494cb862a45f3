package main

import (
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/model"
	"github.com/ostlerdev/ostler/internal/model/demo"
	"github.com/ostlerdev/ostler/internal/server"
)

// options are the settings that serve and demo share.
type options struct {
	Sandbox string `default:"gvisor" enum:"gvisor,namespace,docker" env:"OSTLER_SANDBOX" help:"Sandbox driver: gvisor, namespace (weaker: the host's kernel is shared), or docker (weaker too; the engine of DOCKER_HOST)."`
	Rootfs  string `type:"path" env:"OSTLER_ROOTFS" help:"Directory shown as the sandbox's system, in place of the host's /usr."`
	Memory  int64  `default:"8192" env:"OSTLER_SANDBOX_MEMORY" help:"Memory of a sandbox in MiB."`
	Disk    int64  `default:"10240" env:"OSTLER_SANDBOX_DISK" help:"Disk of a sandbox in MiB."`
	Pids    int    `default:"1024" env:"OSTLER_SANDBOX_PROCESSES" help:"Processes of a sandbox."`

	DockerImage   string `name:"docker-image" default:"${docker_image}" env:"OSTLER_DOCKER_IMAGE" help:"With docker: image of sandboxes, pulled if need be. It needs bash."`
	DockerRuntime string `name:"docker-runtime" env:"OSTLER_DOCKER_RUNTIME" help:"With docker: runtime of the engine, such as runsc."`
	Guest         string `type:"path" env:"OSTLER_GUEST" help:"With docker: Linux program to run inside of containers, where this one can't (see make guest)."`

	APIKey       string   `name:"api-key" env:"OSTLER_API_KEY" help:"Fixed admin key. Without it one is made and kept in the data directory."`
	Models       string   `type:"path" env:"OSTLER_MODELS" help:"JSON file of models and their upstreams."`
	ModelBaseURL string   `name:"model-base-url" env:"OSTLER_MODEL_BASE_URL" help:"Default upstream, a server that speaks the Messages API."`
	ModelAPIKey  string   `name:"model-api-key" env:"OSTLER_MODEL_API_KEY,ANTHROPIC_API_KEY" help:"Key of the default upstream."`
	AllowPrivate string   `env:"OSTLER_ALLOW_PRIVATE" help:"Loopback and private addresses that server-side calls and sandboxes may reach: 1 for all, or a list of CIDRs and names."`
	GateHosts    string   `env:"OSTLER_GATE_HOSTS" help:"Static names at the gate: name=ip:port,…"`
	GateCA       string   `name:"gate-ca" type:"path" env:"OSTLER_GATE_CA" help:"PEM file of authorities that hosts of credentials may have their certificates from, besides the system's."`
	GitHosts     []string `env:"OSTLER_GIT_HOSTS" help:"Hosts besides github.com from which repositories may be attached."`
	Registries   []string `sep:";" env:"OSTLER_REGISTRIES" help:"Registries in place of the public ones for the packages of environments: manager=URL;… or apt=LINE of a sources.list."`
	PackagesDisk int64    `default:"20480" env:"OSTLER_PACKAGES_DISK" help:"Disk for installed packages of environments in MiB."`
	MirrorsDisk  int64    `default:"10240" env:"OSTLER_MIRRORS_DISK" help:"Disk for mirrors of repositories in MiB."`
	WebFetch     string   `default:"on" enum:"on,off" env:"OSTLER_WEB_FETCH" help:"Offer web_fetch to agents: on or off."`
	Search       string   `default:"none" enum:"none,brave,tavily,searxng,model" env:"OSTLER_SEARCH" help:"Search engine of web_search: none, brave, tavily, searxng, or model (the web search of the model's upstream)."`
	SearchAPIKey string   `name:"search-api-key" env:"OSTLER_SEARCH_API_KEY" help:"Key of the search engine."`
	SearchURL    string   `name:"search-url" env:"OSTLER_SEARCH_URL" help:"Where SearXNG is, or another search engine's API if not in its usual place."`
	LogLevel     string   `default:"info" enum:"debug,info,warn,error" env:"OSTLER_LOG_LEVEL" help:"Least severe level that is logged."`

	MaxRounds  int           `name:"max-rounds" default:"500" env:"OSTLER_MAX_ROUNDS" help:"Rounds of tool calls in one turn, after which it ends with an error."`
	MCPTimeout time.Duration `name:"mcp-timeout" default:"60s" env:"OSTLER_MCP_TIMEOUT" help:"Time of a call of an MCP server's tool that tells no progress."`
}

// config is the server's configuration over a data directory.
func (o *options) config(dataDir string, log *slog.Logger) server.Config {
	return server.Config{
		DataDir: dataDir, APIKey: o.APIKey, Sandbox: o.Sandbox, Rootfs: o.Rootfs,
		DockerImage: o.DockerImage, DockerRuntime: o.DockerRuntime, Guest: o.Guest,
		Limits:       hands.Limits{Memory: o.Memory << 20, Disk: o.Disk << 20, Processes: o.Pids},
		AllowPrivate: o.AllowPrivate, GateHosts: o.GateHosts, GateCA: o.GateCA, GitHosts: o.GitHosts, Log: log,
		MaxRounds: o.MaxRounds, MCPTimeout: o.MCPTimeout, Registries: o.Registries, PackagesDisk: o.PackagesDisk << 20, MirrorsDisk: o.MirrorsDisk << 20,
		Web:   server.Web{NoFetch: o.WebFetch == "off", Search: o.Search, SearchKey: o.SearchAPIKey, SearchURL: o.SearchURL},
		Model: model.Config{BaseURL: o.ModelBaseURL, APIKey: o.ModelAPIKey, File: o.Models, Env: os.LookupEnv, Demo: demo.New(demo.Options{Delay: demo.DefaultDelay})},
	}
}

// logger writes to standard error.
func (o *options) logger() *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(strings.ToUpper(o.LogLevel))); err != nil {
		panic(err) // kong has checked the name
	}
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
}
