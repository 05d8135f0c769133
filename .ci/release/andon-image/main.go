// Command andon-image makes andon's image without a daemon: an OCI layout for several architectures, the bytes of which
// depend on what is put into it alone. It also gives what a layout has in it to those who run it.
package main

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/google/go-containerregistry/pkg/v1/validate"
	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// user runs andon, and owns where it starts. It is the number that images without a user database commonly have.
const (
	user  = 65532
	start = "/work"
)

const usage = `usage:
  andon-image root FOLDER                                   what an image has besides programs, written there
  andon-image layout [flags] OUT ARCHITECTURE=FOLDER…       an OCI layout of what lies in the folders
  andon-image tar LAYOUT ARCHITECTURE                       the files of an image, for tar --extract --ignore-zeros
  andon-image runc LAYOUT ARCHITECTURE ARGUMENT…            a config.json for runc, beside the folder rootfs`

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "andon-image:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) < 2 {
		return errors.New(usage)
	}
	rest := args[2:]
	switch args[0] {
	case "root":
		return root(args[1])
	case "layout":
		return index(args[1:])
	case "tar", "runc":
		if len(rest) == 0 {
			return errors.New(usage)
		}
		image, err := open(args[1], rest[0])
		if err != nil {
			return err
		}
		if args[0] == "runc" {
			return runtime(os.Stdout, image, rest[1:])
		}
		return unpack(os.Stdout, image)
	}
	return errors.New(usage)
}

// root writes the certificates of those authorities that Mozilla trusts without a condition, which PEM could not say,
// the names of the user and of this host, and the folders that a read-only root must have.
func root(dir string) error {
	var authorities bytes.Buffer
	for r := range bundle.Roots() {
		if r.Constraint != nil {
			continue
		}
		if err := pem.Encode(&authorities, &pem.Block{Type: "CERTIFICATE", Bytes: r.Certificate}); err != nil {
			return err
		}
	}
	for name, text := range map[string]string{
		"etc/ssl/certs/ca-certificates.crt": authorities.String(),
		"etc/passwd":                        fmt.Sprintf("root:x:0:0:root:/:/sbin/nologin\nandon:x:%d:%d:andon:%s:/sbin/nologin\n", user, user, start),
		"etc/hosts":                         "127.0.0.1 localhost\n::1 localhost\n",
		"etc/group":                         fmt.Sprintf("root:x:0:\nandon:x:%d:\n", user),
	} {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			return err
		}
	}
	for _, name := range []string{"tmp", "work"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			return err
		}
	}
	return os.Chmod(filepath.Join(dir, "tmp"), 0o777|os.ModeSticky)
}

// label is what an image says of itself.
type label struct {
	version, revision string
	created           time.Time
}

func index(args []string) error {
	flags := flag.NewFlagSet("layout", flag.ContinueOnError)
	var l label
	flags.StringVar(&l.version, "version", "", "`version` of andon")
	flags.StringVar(&l.revision, "revision", "", "`commit` that it was built of")
	created := flags.Int64("created", 0, "time of the commit, in `seconds` since 1970")
	bases := map[string]string{}
	flags.Func("base", "`ARCHITECTURE=FILE`: a tar archive that lies below the folder", func(given string) error {
		arch, file, ok := strings.Cut(given, "=")
		if !ok {
			return errors.New("want ARCHITECTURE=FILE")
		}
		bases[arch] = file
		return nil
	})
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() < 2 || l.version == "" || l.revision == "" || *created == 0 {
		return errors.New("layout wants --version, --revision, --created, a folder to write and an ARCHITECTURE=FOLDER")
	}
	l.created = time.Unix(*created, 0).UTC()
	all := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, given := range flags.Args()[1:] {
		arch, folder, ok := strings.Cut(given, "=")
		if !ok {
			return fmt.Errorf("%s: want ARCHITECTURE=FOLDER", given)
		}
		image, err := l.image(arch, folder, bases[arch])
		if err != nil {
			return err
		}
		all = mutate.AppendManifests(all, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{
			MediaType: types.OCIManifestSchema1, Platform: &v1.Platform{OS: "linux", Architecture: arch},
		}})
	}
	return write(flags.Arg(0), all, l)
}

// write writes a layout whose one entry is the index of all architectures, named by the version.
func write(out string, index v1.ImageIndex, l label) error {
	if err := os.RemoveAll(out); err != nil {
		return err
	}
	path, err := layout.Write(out, empty.Index)
	if err != nil {
		return err
	}
	if err := path.AppendIndex(index, layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": l.version})); err != nil {
		return err
	}
	written, err := path.ImageIndex()
	if err != nil {
		return err
	}
	if err := validate.Index(written); err != nil {
		return err
	}
	digest, err := index.Digest()
	if err == nil {
		fmt.Println(digest)
	}
	return err
}

func (l label) image(arch, folder, base string) (v1.Image, error) {
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	var layers []v1.Layer
	if base != "" {
		below, err := tarball.LayerFromFile(base, tarball.WithMediaType(types.OCILayer))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", base, err)
		}
		layers = append(layers, below)
	}
	files, err := pack(folder, l.created)
	if err != nil {
		return nil, err
	}
	own, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(files)), nil }, tarball.WithMediaType(types.OCILayer))
	if err != nil {
		return nil, err
	}
	if image, err = mutate.AppendLayers(image, append(layers, own)...); err != nil {
		return nil, err
	}
	config, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Created = "linux", arch, v1.Time{Time: l.created}
	for i := range config.History {
		config.History[i] = v1.History{Created: v1.Time{Time: l.created}, CreatedBy: "andon-image"}
	}
	config.Config = v1.Config{
		User: fmt.Sprintf("%d:%d", user, user), WorkingDir: start, Entrypoint: []string{"/usr/local/bin/andon"},
		Env: []string{"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=" + start},
		// No licence is named, since none has been chosen.
		Labels: map[string]string{
			"org.opencontainers.image.title": "andon", "org.opencontainers.image.version": l.version, "org.opencontainers.image.revision": l.revision,
			"org.opencontainers.image.source": "https://github.com/kaizenautomation/andon", "org.opencontainers.image.created": l.created.Format(time.RFC3339),
		},
	}
	return mutate.ConfigFile(image, config)
}

// pack is a folder as a tar archive: in order, of one time, root's, and executable or not, whatever it is on this machine.
func pack(folder string, at time.Time) ([]byte, error) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	err := filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if err != nil || path == folder {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		name, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		h := &tar.Header{Typeflag: tar.TypeReg, Name: filepath.ToSlash(name), Mode: 0o644, ModTime: at, Size: info.Size(), Format: tar.FormatPAX}
		switch {
		case e.IsDir():
			h.Typeflag, h.Name, h.Mode, h.Size = tar.TypeDir, h.Name+"/", 0o755, 0
		case !info.Mode().IsRegular():
			return fmt.Errorf("%s is no file and no folder", path)
		case info.Mode()&0o100 != 0:
			h.Mode = 0o755
		}
		switch "/" + strings.TrimSuffix(h.Name, "/") {
		case start:
			h.Uid, h.Gid = user, user
		case "/tmp":
			h.Mode = 0o1777
		}
		if err := w.WriteHeader(h); err != nil || h.Typeflag == tar.TypeDir {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		_, err = w.Write(text)
		return err
	})
	return b.Bytes(), errors.Join(err, w.Close())
}

// open gives the image for an architecture, of the one index in a layout.
func open(dir, arch string) (v1.Image, error) {
	all, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		return nil, err
	}
	listed, err := all.IndexManifest()
	if err != nil {
		return nil, err
	}
	if len(listed.Manifests) != 1 {
		return nil, fmt.Errorf("%s has %d entries; want one", dir, len(listed.Manifests))
	}
	index, err := all.ImageIndex(listed.Manifests[0].Digest)
	if err != nil {
		return nil, err
	}
	images, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	for _, m := range images.Manifests {
		if m.Platform != nil && m.Platform.Architecture == arch {
			return index.Image(m.Digest)
		}
	}
	return nil, fmt.Errorf("%s has no image for %s", dir, arch)
}

// unpack writes the layers one after the other, none of which takes away what is in one below.
func unpack(w io.Writer, image v1.Image) error {
	layers, err := image.Layers()
	if err != nil {
		return err
	}
	for _, l := range layers {
		files, err := l.Uncompressed()
		if err != nil {
			return err
		}
		_, err = io.Copy(w, files)
		if err := errors.Join(err, files.Close()); err != nil {
			return err
		}
	}
	return nil
}

// runtime writes what runc is to do: as the image says, with a root that nobody can write to, no capability, and no
// network but its own loopback. What is written goes to /reports, which is in memory.
func runtime(w io.Writer, image v1.Image, args []string) error {
	file, err := image.ConfigFile()
	if err != nil {
		return err
	}
	uid, gid, _ := strings.Cut(file.Config.User, ":")
	u, err1 := strconv.Atoi(uid)
	g, err2 := strconv.Atoi(gid)
	if err := errors.Join(err1, err2); err != nil {
		return fmt.Errorf("the image's user is %q; want two numbers", file.Config.User)
	}
	mount := func(kind, at string, options ...string) map[string]any {
		return map[string]any{"destination": at, "type": kind, "source": kind, "options": append([]string{"nosuid", "noexec"}, options...)}
	}
	var spaces []map[string]string
	for _, kind := range []string{"pid", "network", "ipc", "uts", "mount"} {
		spaces = append(spaces, map[string]string{"type": kind})
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(map[string]any{
		"ociVersion": "1.0.2",
		"root":       map[string]any{"path": "rootfs", "readonly": true},
		"hostname":   "andon",
		"process": map[string]any{
			"user": map[string]any{"uid": u, "gid": g}, "cwd": file.Config.WorkingDir, "env": file.Config.Env,
			"args": append(append(file.Config.Entrypoint, file.Config.Cmd...), args...), "noNewPrivileges": true,
			"capabilities": map[string]any{"bounding": []string{}, "effective": []string{}, "inheritable": []string{}, "permitted": []string{}, "ambient": []string{}},
		},
		"mounts": []any{
			mount("proc", "/proc", "nodev"), mount("tmpfs", "/dev", "mode=755", "size=64k"),
			mount("tmpfs", "/tmp", "nodev", "mode=1777", "size=64m"),
			mount("tmpfs", "/reports", "nodev", "size=256m", fmt.Sprintf("uid=%d", u), fmt.Sprintf("gid=%d", g)),
		},
		"linux": map[string]any{"namespaces": spaces},
	})
}
