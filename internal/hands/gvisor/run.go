package gvisor

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"

	"github.com/google/subcommands"
	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/control/client"
	"gvisor.dev/gvisor/pkg/urpc"
	"gvisor.dev/gvisor/runsc/boot"
	"gvisor.dev/gvisor/runsc/cmd"
	"gvisor.dev/gvisor/runsc/cmd/util"
	"gvisor.dev/gvisor/runsc/config"
	"gvisor.dev/gvisor/runsc/container"
	"gvisor.dev/gvisor/runsc/flag"

	"github.com/ostlerdev/ostler/internal/gate/netstack/subnet"
)

// run is gVisor's command of that name for our sandboxes. gVisor itself would
// take over a device of a network namespace; this gives its kernel a socket in
// that place, so that neither a device nor the right to make one is needed. It
// makes a checkpoint when the server asks for one, and goes on from one.
type run struct {
	cmd.Run
	wire    *os.File // each message is an IP packet; nil without an interface
	control *os.File // see box.AnswerControl
	resume  bool     // from box.CheckpointDir
}

// Execute implements subcommands.Command.
func (r *run) Execute(_ context.Context, f *flag.FlagSet, args ...any) subcommands.ExitStatus {
	conf, status := args[0].(*config.Config), args[1].(*unix.WaitStatus)
	id, spec, err := r.FetchSpec(conf, f)
	if err != nil {
		return util.Errorf("the specification: %v", err)
	}
	c, err := container.New(conf, container.Args{ID: id, Spec: spec, BundleDir: bundleDir, Attached: true})
	if err != nil {
		return util.Errorf("creating container: %v", err)
	}
	if r.resume {
		err = r.restore(c, conf)
	} else {
		err = r.start(c, conf)
	}
	if err == nil {
		saver := watch(r.control, c.Sandbox.GetControlSocketPath())
		*status, err = c.Wait()
		saver.wait()
	}
	if err != nil {
		_ = c.Destroy() // the launcher ends, and all with it
		return util.Errorf("running container: %v", err)
	}
	return subcommands.ExitSuccess
}

// start starts the sandbox with its interfaces.
func (r *run) start(c *container.Container, conf *config.Config) error {
	if r.wire == nil {
		return c.Start(conf)
	}
	if err := connect(c.Sandbox.GetControlSocketPath(), r.wire); err != nil {
		return err
	}
	// Start would set the network up by the configuration, in place of what
	// was set up just now. With the host's network there is nothing to set up;
	// the sandbox was created without it and stays so.
	start := *conf
	start.Network = config.NetworkHost
	return c.Start(&start)
}

// connect tells gVisor's kernel, which hasn't started yet, of its interfaces.
func connect(control string, wire *os.File) error {
	conn, err := client.ConnectTo(control)
	if err != nil {
		return fmt.Errorf("network: %w", err)
	}
	defer conn.Close()
	if err := conn.Call(boot.ContMgrSetNetworkArgs, interfaces(wire), nil); err != nil {
		return fmt.Errorf("network: %w", err)
	}
	return wire.Close()
}

// interfaces are loopback and the one to the gate.
func interfaces(wire *os.File) *boot.CreateLinksAndRoutesArgs {
	return &boot.CreateLinksAndRoutesArgs{
		FilePayload:   urpc.FilePayload{Files: []*os.File{wire}},
		LoopbackLinks: []boot.LoopbackLink{boot.DefaultLoopbackLink},
		FDBasedLinks: []boot.FDBasedLink{{
			Name: subnet.Interface, MTU: subnet.MTU, NumChannels: 1, QDisc: config.QDiscFIFO,
			Addresses: []boot.IPWithPrefix{
				{Address: subnet.Sandbox.AsSlice(), PrefixLen: subnet.Names.Bits()},
				{Address: subnet.Sandbox6.AsSlice(), PrefixLen: subnet.Bits6},
			},
			Routes: []boot.Route{
				{Destination: network(subnet.Names)}, {Destination: network(netip.PrefixFrom(subnet.Sandbox6, subnet.Bits6))},
			},
		}},
		Defaultv4Gateway: everywhere(netip.IPv4Unspecified(), subnet.Gateway),
		Defaultv6Gateway: everywhere(netip.IPv6Unspecified(), subnet.Gateway6),
	}
}

func network(p netip.Prefix) net.IPNet {
	return net.IPNet{IP: p.Masked().Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}

func everywhere(any, gateway netip.Addr) boot.DefaultRoute {
	return boot.DefaultRoute{Name: subnet.Interface, Route: boot.Route{Destination: network(netip.PrefixFrom(any, 0)), Gateway: gateway.AsSlice()}}
}
