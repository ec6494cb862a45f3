//go:build linux

// Package tun makes the network interface of a sandbox whose network is the
// kernel's: a TUN device with the addresses of gate/netstack/subnet.
//
// The package may not import store, api, brain, wire or a driver.
package tun

import (
	"fmt"
	"net"
	"net/netip"
	"os"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/ostlerdev/ostler/internal/gate/netstack/subnet"
)

// Make makes the interface in the calling thread's network namespace, brings it
// up and makes it the way to everywhere. Each read and write of what it returns
// is one IP packet; the interface is gone when that is closed. It needs
// CAP_NET_ADMIN there.
func Make() (fd int, err error) {
	// The device belongs to the namespace in which it is opened.
	fd, err = unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("open /dev/net/tun: %w", err)
	}
	defer func() {
		if err != nil {
			_ = unix.Close(fd)
		}
	}()
	request, err := unix.NewIfreq(subnet.Interface)
	if err != nil {
		return -1, err
	}
	request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, request); err != nil {
		return -1, fmt.Errorf("make a TUN device: %w", err)
	}
	link, err := netlink.LinkByName(subnet.Interface)
	if err != nil {
		return -1, fmt.Errorf("find the TUN device: %w", err)
	}
	if err := netlink.LinkSetMTU(link, subnet.MTU); err != nil {
		return -1, fmt.Errorf("set its MTU: %w", err)
	}
	if err := netlink.LinkSetUp(link); err != nil {
		return -1, fmt.Errorf("bring it up: %w", err)
	}
	if err := address(link, subnet.Sandbox, subnet.Names.Bits(), subnet.Gateway); err != nil {
		return -1, err
	}
	if withoutIPv6() {
		return fd, nil
	}
	return fd, address(link, subnet.Sandbox6, subnet.Bits6, subnet.Gateway6)
}

// address gives the interface an address and makes it the way to everywhere.
func address(link netlink.Link, a netip.Addr, bits int, gateway netip.Addr) error {
	mask := net.CIDRMask(bits, a.BitLen())
	// There is nobody else who could have the address.
	err := netlink.AddrAdd(link, &netlink.Addr{IPNet: &net.IPNet{IP: a.AsSlice(), Mask: mask}, Flags: unix.IFA_F_NODAD})
	if err != nil {
		return fmt.Errorf("give it the address %s: %w", a, err)
	}
	everywhere := &net.IPNet{IP: make(net.IP, a.BitLen()/8), Mask: net.CIDRMask(0, a.BitLen())}
	if err := netlink.RouteAdd(&netlink.Route{LinkIndex: link.Attrs().Index, Dst: everywhere, Gw: gateway.AsSlice()}); err != nil {
		return fmt.Errorf("route everything to %s: %w", gateway, err)
	}
	return nil
}

// withoutIPv6 says whether the host's kernel has no IPv6, or gives it to no new
// interface.
func withoutIPv6() bool {
	off, err := os.ReadFile("/proc/sys/net/ipv6/conf/" + subnet.Interface + "/disable_ipv6")
	return err != nil || string(off) != "0\n"
}
