package docker

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync"
	"time"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/jsonstream"
	"github.com/moby/moby/client"

	"github.com/ostlerdev/ostler/internal/hands"
)

// image is one that was made fit for sandboxes.
type image struct {
	id  string
	env map[string]string // of the image it was made of
}

// images are those that were made, by key. What is being made is made once,
// whoever waits for it.
type images struct {
	base sync.Mutex // held while the base is looked for
	from *base

	mu   sync.Mutex
	made map[string]*making
}

type making struct {
	done  chan struct{}
	image *image
	err   error
}

// base is what all images are made of.
type base struct {
	id  string
	env map[string]string
}

// imageTime is how long it may take to make an image.
const imageTime = 15 * time.Minute

// image is the image of sandboxes with layers. If ctx ends first it is made all
// the same, for the next who asks.
func (d *Driver) image(ctx context.Context, layers []hands.Layer) (*image, error) {
	e, err := d.ask(ctx)
	if err != nil {
		return nil, err
	}
	from, err := d.base(ctx)
	if err != nil {
		return nil, err
	}
	var systems []string
	for _, l := range layers {
		if l.System != "" {
			systems = append(systems, l.System)
		}
	}
	key, err := imageKey(from.id, e.user, systems)
	if err != nil {
		return nil, err
	}
	d.images.mu.Lock()
	m := d.images.made[key]
	if m == nil {
		m = &making{done: make(chan struct{})}
		d.images.made[key] = m
		go func() {
			defer close(m.done)
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), imageTime)
			defer cancel()
			if m.image, m.err = d.makeImage(ctx, key, from, systems); m.err != nil {
				d.images.mu.Lock()
				delete(d.images.made, key) // the next who asks tries again
				d.images.mu.Unlock()
			}
		}()
	}
	d.images.mu.Unlock()
	select {
	case <-m.done:
		return m.image, m.err
	case <-ctx.Done():
		return nil, fmt.Errorf("the image of the sandbox is not ready yet: %w", ctx.Err())
	}
}

// forget has images looked for again: somebody has removed one.
func (d *Driver) forget() {
	d.images.base.Lock()
	d.images.from = nil
	d.images.base.Unlock()
	d.images.mu.Lock()
	clear(d.images.made)
	d.images.mu.Unlock()
}

// imageVersion changes when what package inside does to an image changes.
const imageVersion = "1"

// imageKey names the image that is made of a base and layers for programs of a
// user.
func imageKey(baseID string, user int, layers []string) (string, error) {
	sum := sha256.New()
	fmt.Fprintln(sum, imageVersion, baseID, user)
	for _, layer := range layers {
		if err := fingerprint(sum, layer); err != nil {
			return "", fmt.Errorf("layer: %w", err)
		}
	}
	return hex.EncodeToString(sum.Sum(nil)[:12]), nil
}

// fingerprint writes what tells a directory's contents from others: of files
// that are not small, their size and time stand for what is in them.
func fingerprint(w io.Writer, dir string) error {
	const small = 64 << 10
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	return fs.WalkDir(root.FS(), ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		_, _ = fmt.Fprintf(w, "%q %v ", path, info.Mode()) // a hash takes everything
		switch {
		case info.Mode()&fs.ModeSymlink != 0:
			target, err := root.Readlink(path)
			_, _ = fmt.Fprintf(w, "%q\n", target)
			return err
		case !info.Mode().IsRegular():
		case info.Size() > small:
			_, _ = fmt.Fprintf(w, "%d %d\n", info.Size(), info.ModTime().UnixNano())
		default:
			text, err := root.ReadFile(path)
			_, _ = fmt.Fprintf(w, "%q\n", text)
			return err
		}
		return nil
	})
}

// base finds what images are made of: the image that the options name, pulled
// if need be, or the root file system directory as an image.
func (d *Driver) base(ctx context.Context) (*base, error) {
	d.images.base.Lock()
	defer d.images.base.Unlock()
	if d.images.from != nil {
		return d.images.from, nil
	}
	name, get := d.opts.Image, d.pull
	if d.opts.Rootfs != "" {
		sum := sha256.New()
		if err := fingerprint(sum, d.opts.Rootfs); err != nil {
			return nil, fmt.Errorf("rootfs: %w", err)
		}
		name, get = "ostler-rootfs:"+hex.EncodeToString(sum.Sum(nil)[:12]), d.importRootfs
	}
	found, err := d.api.ImageInspect(ctx, name)
	if cerrdefs.IsNotFound(err) {
		if err := get(ctx, name); err != nil {
			return nil, fmt.Errorf("the image %s: %w", name, err)
		}
		found, err = d.api.ImageInspect(ctx, name)
	}
	if err != nil {
		return nil, fmt.Errorf("the image %s: %w", name, err)
	}
	b := &base{id: found.ID, env: map[string]string{}}
	if found.Config != nil {
		for _, variable := range found.Config.Env {
			if name, value, ok := strings.Cut(variable, "="); ok && name != "HOME" {
				b.env[name] = value
			}
		}
	}
	d.images.from = b
	return b, nil
}

// pull has the engine get an image from its registry.
func (d *Driver) pull(ctx context.Context, name string) error {
	d.opts.Log.Info("pulling the image of sandboxes, which may take minutes", "image", name)
	progress, err := d.api.ImagePull(ctx, name, client.ImagePullOptions{})
	if err != nil {
		return err
	}
	return errors.Join(progress.Wait(ctx), progress.Close())
}

// importRootfs makes an image of the root file system directory.
func (d *Driver) importRootfs(ctx context.Context, name string) error {
	d.opts.Log.Info("making an image of the root file system, which may take minutes", "directory", d.opts.Rootfs)
	r, w := io.Pipe()
	packed := make(chan struct{})
	go func() {
		defer close(packed)
		_ = w.CloseWithError(pack(w, d.opts.Rootfs))
	}()
	defer func() { _ = r.Close(); <-packed }()
	progress, err := d.api.ImageImport(ctx, client.ImageImportSource{Source: r, SourceName: "-"}, name, client.ImageImportOptions{
		Changes: []string{"LABEL " + labelState + "=" + d.state},
	})
	if err != nil {
		return err
	}
	defer progress.Close()
	for messages := json.NewDecoder(progress); ; {
		var m jsonstream.Message
		switch err := messages.Decode(&m); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case m.Error != nil:
			return m.Error
		}
	}
}

// environment is what an image and the driver add to the environment of
// programs inside.
func (i *image) environment(user string) map[string]string {
	env := map[string]string{"USER": user}
	for name, value := range i.env {
		env[name] = value
	}
	return env
}
