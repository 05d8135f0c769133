package fleet

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/kaizenautomation/andon/reports/regular"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/scenarios/fleet/hub"
)

// Collect brings home what a run has measured that was not brought home while it ran: from the hub's store, and from
// the spools of workers, which are run directories. join is what a hub is joined with that was there before the run;
// nil where it was the run's own. It gives the directories of all shards that are home then, nil where there is no such
// run. What cannot be had is an error, beside what can.
//
// Of two targets in turn, against are the directories of the same shards for the second one; nil where there is none.
func Collect(ctx context.Context, dir string, spools []string, join *hub.Join) (shards, against []string, err error) {
	r := run{times: Times{}.usual()}
	if err := results.ReadJSON(filepath.Join(dir, recordFile), &r.record); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil, fmt.Errorf("%s is no directory of andon fleet run: it has no %s", dir, recordFile)
		}
		return nil, nil, err
	}
	if r.record.Schema != recordSchema || r.record.Run == "" || r.record.Shards < 1 || r.record.Shards > results.MaxShards {
		return nil, nil, fmt.Errorf("%s: expected \"schema\": %q, the name of a run and from 1 to %d shards, found %q, %q and %d; another version of andon wrote it", filepath.Join(dir, recordFile), recordSchema, results.MaxShards, r.record.Schema, r.record.Run, r.record.Shards)
	}
	r.record.Dir = dir
	release, err := r.hold()
	if err != nil {
		return nil, nil, err
	}
	defer release()
	take := func() (map[int]error, error) { return r.takeStore(ctx) }
	if r.record.Hub != "" {
		take = func() (map[int]error, error) { return r.takeFrom(ctx, join) }
	}
	missing, err := take()
	if errors.Is(err, regular.ErrLocked) {
		return nil, nil, err
	}
	wrong := []error{err}
	for _, spool := range spools {
		wrong = append(wrong, r.takeSpool(spool))
	}
	shards = []string{}
	for i := range r.record.Shards {
		// What a worker wrote until it was killed is as good as that of any run that was cut off, and is told to be that.
		var err error
		for _, side := range r.record.sides() {
			if err == nil {
				_, err = r.record.home(side, i)
			}
		}
		switch {
		case err == nil:
			shards = append(shards, r.shard(i))
			if r.record.Against != "" {
				against = append(against, r.record.shard("b", i))
			}
		case !errors.Is(err, fs.ErrNotExist):
			wrong = append(wrong, err)
		case missing[i] != nil:
			wrong = append(wrong, missing[i])
		default:
			wrong = append(wrong, fmt.Errorf("shard %d is missing; what its worker measured is in the spool on that machine: bring it here, and name it", i))
		}
	}
	return shards, against, errors.Join(wrong...)
}

// takeSpool copies the directory of a worker to its place.
func (r *run) takeSpool(spool string) error {
	for _, side := range r.record.sides() {
		from := filepath.Join(spool, side)
		m, err := results.Open(from)
		if err != nil {
			return err
		}
		var shard int
		if m.Shard != nil {
			shard = m.Shard.Index
		}
		if err := r.record.owns(from, m, side, shard); err != nil {
			return err
		}
		if r.record.isHome(shard) {
			return nil
		}
		// What is there, which may be the spool itself, goes once there is something in its place.
		dir := r.record.shard(side, shard)
		open := dir + ".part"
		if err := errors.Join(os.MkdirAll(filepath.Dir(dir), 0o777), os.RemoveAll(open), os.CopyFS(open, os.DirFS(from))); err != nil {
			return err
		}
		if err := errors.Join(os.RemoveAll(dir), os.Rename(open, dir)); err != nil {
			return err
		}
	}
	return nil
}

// store is where the hub's store is: where it was, or else below the run's directory, which was moved or copied from
// another machine, or is named from another working directory.
func (r *run) store() string {
	if _, err := os.Stat(r.record.Store); err != nil {
		return filepath.Join(r.record.Dir, storeDir)
	}
	return r.record.Store
}

// takeStore brings home what lies in the hub's store.
func (r *run) takeStore(ctx context.Context) (missing map[int]error, err error) {
	store := r.store()
	if _, err := os.Stat(store); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	id := hub.NewIdentity()
	h, err := hub.Start(hub.Config{Identity: id, Listen: "127.0.0.1:0", Dir: store})
	if err != nil {
		return nil, err
	}
	defer h.Stop()
	join, err := id.Coordinator(h.Address())
	if err != nil {
		return nil, err
	}
	return r.takeFrom(ctx, &join)
}

// takeFrom brings home what lies at a hub, and says of shards that are not whole there why they are not.
func (r *run) takeFrom(ctx context.Context, join *hub.Join) (missing map[int]error, err error) {
	if join == nil {
		return nil, fmt.Errorf("the run's hub is at %s, and nothing says how to join it", r.record.Hub)
	}
	soon, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	conn, err := hub.Connect(soon, *join)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if r.bucket, err = conn.Bucket(soon, r.record.Run); err != nil {
		return nil, err
	}
	missing = map[int]error{}
	for i := range r.record.Shards {
		if r.record.isHome(i) {
			continue
		}
		again, err := r.record.bring(r.bucket, i, func(step func(context.Context) error) error { return try(ctx, r.times, step) })
		switch {
		case err != nil:
			missing[i] = err
		case slices.Contains(again, upKey(i, r.record.sides()[0])+".list"):
			missing[i] = fmt.Errorf("shard %d was not handed in; what its worker measured is in the spool on that machine: bring it here, and name it", i)
		case len(again) > 0:
			missing[i] = fmt.Errorf("shard %d is not whole at the hub: %d of its parts are missing or damaged; it is whole in the spool on its worker's machine: bring it here, and name it", i, len(again))
		}
	}
	return missing, nil
}
