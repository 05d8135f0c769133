package fleet

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/kaizenautomation/andon/scenarios/fleet/hub"
)

// partSize is how many bytes are handed in at a time.
const partSize = 512 << 10

// mostPages bounds the pages of a listing: a million parts, which are half a terabyte, have 128.
const mostPages = 256

// A listing names the files of a directory, with what proves each of their parts. What is longer than a part is in
// pages of its own, and the listing names these.
type listing struct {
	Files []listed `json:"files,omitempty"`
	// Pages are the SHA-256 of so many bytes of the listing each, in hex.
	Pages []string `json:"pages,omitempty"`
}

type listed struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
	// Parts are the SHA-256 of so many bytes each, in hex.
	Parts []string `json:"parts"`
}

func hexSum(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// key is where a part lies below the key of what it is of.
func key(of string, file, part int) string {
	return of + "." + strconv.Itoa(file) + "." + strconv.Itoa(part)
}

// list lists the files of a directory.
func list(dir string) (l listing, err error) {
	err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		one, err := listFile(path, filepath.ToSlash(name))
		l.Files = append(l.Files, one)
		return err
	})
	return l, err
}

func listFile(path, name string) (l listed, err error) {
	f, err := os.Open(path)
	if err != nil {
		return l, err
	}
	defer f.Close()
	l.Name = name
	whole := sha256.New()
	part := make([]byte, partSize)
	for {
		n, err := io.ReadFull(f, part)
		if n > 0 {
			whole.Write(part[:n])
			l.Parts = append(l.Parts, hexSum(part[:n]))
			l.Size += int64(n)
		}
		switch {
		case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
			l.SHA256 = hex.EncodeToString(whole.Sum(nil))
			return l, nil
		case err != nil:
			return l, err
		}
	}
}

// upKey is below what key a side of a shard is handed in.
func upKey(shard int, side string) string {
	return strings.TrimSuffix("up."+strconv.Itoa(shard)+"."+side, ".")
}

// handIn puts the files of a directory into a bucket, below a key: only the parts whose keys are in, if that is not
// nil. attempt tells it from one before. try runs each step until it is done, and says when to give up.
func handIn(b *hub.Bucket, of, dir string, l listing, in []string, attempt int, try func(func(context.Context) error) error) error {
	put := func(key string, value []byte) error {
		id := fmt.Sprintf("%s/%d/%s", key, attempt, hexSum(value))
		return try(func(ctx context.Context) error { return b.Put(ctx, key, value, id) })
	}
	for i, file := range l.Files {
		f, err := os.Open(filepath.Join(dir, filepath.FromSlash(file.Name)))
		if err != nil {
			return err
		}
		for p := range file.Parts {
			at := int64(p) * partSize
			if in != nil && !slices.Contains(in, key(of, i, p)) {
				continue
			}
			part := make([]byte, min(partSize, file.Size-at))
			if _, err := f.ReadAt(part, at); err != nil {
				return errors.Join(fmt.Errorf("%s cannot be read: %w", f.Name(), err), f.Close())
			}
			if err := put(key(of, i, p), part); err != nil {
				return errors.Join(err, f.Close())
			}
		}
		if err := f.Close(); err != nil {
			return err
		}
	}
	text, err := json.Marshal(l)
	if err != nil {
		return err
	}
	// The listing is there last of all.
	if len(text) > partSize {
		var pages listing
		for page := range slices.Chunk(text, partSize) {
			if err := put(pageKey(of, len(pages.Pages)), page); err != nil {
				return err
			}
			pages.Pages = append(pages.Pages, hexSum(page))
		}
		if text, err = json.Marshal(pages); err != nil {
			return err
		}
	}
	return put(of+".list", text)
}

// pageKey is where a page of a listing lies below the key of what it is of.
func pageKey(of string, page int) string { return of + ".list." + strconv.Itoa(page) }

// pages reads a listing that has pages. One that is not as it should be is [hub.ErrMissing].
func pages(b *hub.Bucket, of string, sums []string, try func(func(context.Context) error) error) (text []byte, err error) {
	if len(sums) > mostPages {
		return nil, fmt.Errorf("the listing below %s, /pages: expected at most %d, found %d", of, mostPages, len(sums))
	}
	for i, sum := range sums {
		page, err := get(b, pageKey(of, i), try)
		switch {
		case err != nil:
			return nil, err
		case hexSum(page) != sum:
			return nil, hub.ErrMissing
		}
		text = append(text, page...)
	}
	return text, nil
}

func get(b *hub.Bucket, key string, try func(func(context.Context) error) error) (value []byte, err error) {
	err = try(func(ctx context.Context) error {
		value, err = b.Get(ctx, key)
		return err
	})
	return value, err
}

func parseListing(of string, text []byte) (l listing, err error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&l); err != nil {
		return l, fmt.Errorf("the listing below %s cannot be read: %w", of, err)
	}
	return l, nil
}

// readListing reads what was handed in below a key.
func readListing(b *hub.Bucket, of string, try func(func(context.Context) error) error) (l listing, err error) {
	text, err := get(b, of+".list", try)
	if err != nil {
		return l, err
	}
	if l, err = parseListing(of, text); err != nil {
		return l, err
	}
	if len(l.Pages) > 0 {
		if text, err = pages(b, of, l.Pages, try); err != nil {
			return l, err
		}
		if l, err = parseListing(of, text); err != nil {
			return l, err
		}
	}
	for i, f := range l.Files {
		if !filepath.IsLocal(filepath.FromSlash(f.Name)) || f.Size < 0 || int64(len(f.Parts)) != (f.Size+partSize-1)/partSize {
			return l, fmt.Errorf("the listing below %s, /files/%d: expected a name within the directory, and as many parts as its size wants, found %q with %d bytes in %d parts", of, i, f.Name, f.Size, len(f.Parts))
		}
	}
	return l, nil
}

// bringHome writes what was handed in below a key into a directory, whole or not at all. again are the keys of the
// parts that are not as the listing says.
func bringHome(b *hub.Bucket, of, dir string, try func(func(context.Context) error) error) (again []string, err error) {
	l, err := readListing(b, of, try)
	if errors.Is(err, hub.ErrMissing) {
		return []string{of + ".list"}, nil
	} else if err != nil {
		return nil, err
	}
	// It has its name once it is whole.
	open := dir + ".part"
	if err := os.RemoveAll(open); err != nil {
		return nil, err
	}
	if again, err = bringFiles(b, of, open, l, try); err != nil || len(again) > 0 {
		return again, errors.Join(err, os.RemoveAll(open))
	}
	if err := os.RemoveAll(dir); err != nil {
		return nil, err
	}
	return nil, os.Rename(open, dir)
}

func bringFiles(b *hub.Bucket, of, dir string, l listing, try func(func(context.Context) error) error) (again []string, err error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	for i, file := range l.Files {
		missing, err := bringFile(b, of, i, file, root, try)
		if err != nil {
			return nil, err
		}
		again = append(again, missing...)
	}
	return again, nil
}

func bringFile(b *hub.Bucket, of string, i int, file listed, root *os.Root, try func(func(context.Context) error) error) (again []string, err error) {
	name := filepath.FromSlash(file.Name)
	if err := root.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		return nil, err
	}
	f, err := root.Create(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	whole := sha256.New()
	for p, sum := range file.Parts {
		part, err := get(b, key(of, i, p), try)
		switch {
		case errors.Is(err, hub.ErrMissing) || err == nil && hexSum(part) != sum:
			again = append(again, key(of, i, p))
			continue
		case err != nil:
			return nil, err
		}
		whole.Write(part)
		if _, err := f.Write(part); err != nil {
			return nil, err
		}
	}
	if again == nil && hex.EncodeToString(whole.Sum(nil)) != file.SHA256 {
		return nil, fmt.Errorf("%s came home with another checksum than it left with, though its parts have theirs", file.Name)
	}
	return again, nil
}
