package docker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"github.com/ostlerdev/ostler/internal/hands/box"
	"github.com/ostlerdev/ostler/internal/hands/docker/inside"
)

func imageName(key string) string { return "ostler-sandbox:" + key }

// makeImage finds or makes the image of a key.
func (d *Driver) makeImage(ctx context.Context, key string, from *base, layers []string) (*image, error) {
	found, err := d.api.ImageInspect(ctx, imageName(key))
	id := found.ID
	if cerrdefs.IsNotFound(err) {
		id, err = d.prepare(ctx, key, from, layers)
	}
	if err != nil {
		return nil, fmt.Errorf("the image of sandboxes: %w", err)
	}
	return &image{id: id, env: from.env}, nil
}

// prepare runs [inside.Prepare] in a container of the base and makes an image
// of that. No program of an agent's ever runs in it.
func (d *Driver) prepare(ctx context.Context, key string, from *base, layers []string) (id string, err error) {
	e := d.engine.Load()
	made, err := d.api.ContainerCreate(ctx, d.preparation(e, from.id, layers))
	if err != nil {
		return "", err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), removeTime)
		defer cancel()
		err = errors.Join(err, remove(ctx, d.api, made.ID))
	}()
	var said box.Tail
	in, out, err := attach(ctx, d.api, made.ID, &said)
	if err != nil {
		return "", err
	}
	defer out.Close()
	defer context.AfterFunc(ctx, func() { _ = out.Close() })()
	if _, err := d.api.ContainerStart(ctx, made.ID, client.ContainerStartOptions{}); err != nil {
		return "", err
	}
	order := inside.Order{User: e.user}
	for i := range layers {
		order.Layers = append(order.Layers, insideLayer(i))
	}
	if err := json.NewEncoder(in).Encode(order); err != nil {
		return "", err
	}
	answer, err := io.ReadAll(io.LimitReader(out, 1<<10))
	if err != nil {
		return "", err
	}
	if string(answer) != inside.Prepared {
		return "", fmt.Errorf("it could not be made: %q %s", answer, said.String())
	}
	list, err := json.Marshal(layers)
	if err != nil {
		return "", err
	}
	commit, err := d.api.ContainerCommit(ctx, made.ID, client.ContainerCommitOptions{
		Reference: imageName(key), Comment: "made by ostler",
		Config: &container.Config{Labels: map[string]string{labelState: d.state, labelBase: from.id, labelLayers: string(list)}},
	})
	return commit.ID, err
}

func insideLayer(i int) string { return path.Join(insideDir, "layers", strconv.Itoa(i)) }

// preparation is the container in which an image is made. It stays root's,
// with what it takes to copy files and give them away.
func (d *Driver) preparation(e *engine, imageID string, layers []string) client.ContainerCreateOptions {
	volumes := []box.Volume{{Source: filepath.Join(d.programs, inside.PrepareName), Path: insidePrepare, ReadOnly: true}}
	for i, layer := range layers {
		volumes = append(volumes, box.Volume{Source: layer, Path: insideLayer(i), ReadOnly: true})
	}
	options := d.confine(e, imageID, volumes)
	options.Config.Entrypoint = []string{insidePrepare}
	options.HostConfig.CapAdd = []string{"CHOWN", "DAC_OVERRIDE", "FOWNER"}
	return options
}

// sweepImages removes the images that we made of what is gone.
func (d *Driver) sweepImages(ctx context.Context) error {
	ours := client.Filters{}.Add("label", labelState+"="+d.state)
	all, err := d.api.ImageList(ctx, client.ImageListOptions{Filters: ours})
	if err != nil {
		return err
	}
	var failed []error
	for _, i := range all.Items {
		stale, err := d.stale(ctx, i.Labels)
		if err == nil && stale {
			_, err = d.api.ImageRemove(ctx, i.ID, client.ImageRemoveOptions{PruneChildren: true})
			if cerrdefs.IsNotFound(err) || cerrdefs.IsConflict(err) { // another server uses it
				err = nil
			}
		}
		failed = append(failed, err)
	}
	return errors.Join(failed...)
}

// stale says whether the base or a layer of an image with labels is gone.
func (d *Driver) stale(ctx context.Context, labels map[string]string) (bool, error) {
	if labels[labelBase] == "" {
		return false, nil // it is a base itself
	}
	var layers []string
	if err := json.Unmarshal([]byte(labels[labelLayers]), &layers); err != nil {
		return true, nil // not as we make them
	}
	for _, layer := range layers {
		if _, err := os.Stat(layer); errors.Is(err, fs.ErrNotExist) {
			return true, nil
		}
	}
	base, err := d.api.ImageInspect(ctx, d.opts.Image)
	if err == nil {
		return d.opts.Rootfs == "" && base.ID != labels[labelBase], nil
	}
	if cerrdefs.IsNotFound(err) {
		return false, nil
	}
	return false, err
}
