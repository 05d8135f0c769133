package attack

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/kaizenautomation/andon/reports/results"
)

// What limits a process is found where the system of today and that of yesterday keep it, in the group or in one that
// it is in, seen from within the container or from outside; and nothing is known where there is nothing.
func TestMachine(t *testing.T) {
	for _, c := range []struct {
		why           string
		before, after map[string]string
		want          results.Machine
	}{
		{"no such files", nil, nil, results.Machine{}},
		{"no limits", map[string]string{
			"proc/self/cgroup": "0::/user.slice\n", "sys/fs/cgroup/user.slice/cpu.max": "max 100000\n", "sys/fs/cgroup/user.slice/memory.max": "max\n",
			"sys/fs/cgroup/user.slice/cpu.stat": "usage_usec 100\n",
			"proc/stat":                         "cpu  1 2 3 4 5 6 7 8 9 10\ncpu0 1 2 3 4 5 6 7 8 9 10\n",
		}, nil, results.Machine{}},
		{"a container of today", map[string]string{
			"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "8000 100000\n", "sys/fs/cgroup/memory.max": "67108864\n",
			"sys/fs/cgroup/cpu.stat":    "usage_usec 100\nnr_periods 50\nnr_throttled 20\nthrottled_usec 7\n",
			"sys/fs/cgroup/memory.stat": "anon 1000\nfile 9\n", "sys/fs/cgroup/memory.events": "low 0\nhigh 0\nmax 5\noom 0\n",
		}, map[string]string{
			"sys/fs/cgroup/cpu.stat":    "usage_usec 200\nnr_periods 150\nnr_throttled 117\nthrottled_usec 9\n",
			"sys/fs/cgroup/memory.stat": "anon 2000\nfile 9\n", "sys/fs/cgroup/memory.events": "low 0\nhigh 0\nmax 12\noom 0\n",
		}, results.Machine{Quota: 0.08, Periods: 100, Throttled: 97, MemoryLimit: 64 << 20, Memory: 2000, MemoryFull: 7}},
		{"a quota further up", map[string]string{
			"proc/self/cgroup": "0::/pods/a/b\n", "sys/fs/cgroup/pods/a/b/cpu.max": "max 100000\n", "sys/fs/cgroup/pods/a/cpu.max": "200000 100000\n",
			"sys/fs/cgroup/pods/cpu.max": "50000 100000\n", "sys/fs/cgroup/pods/cpu.stat": "nr_periods 10\nnr_throttled 1\n",
		}, map[string]string{"sys/fs/cgroup/pods/cpu.stat": "nr_periods 20\nnr_throttled 4\n"},
			results.Machine{Quota: 0.5, Periods: 10, Throttled: 3}},
		{"a container of yesterday, whose path is that outside of it", map[string]string{
			"proc/self/cgroup":                           "4:memory:/docker/0123\n2:cpu,cpuacct:/docker/0123\n1:name=systemd:/docker/0123\n0::/\n",
			"sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "150000\n", "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
			"sys/fs/cgroup/cpu,cpuacct/cpu.stat":         "nr_periods 1\nnr_throttled 1\nthrottled_time 1\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "1048576\n", "sys/fs/cgroup/memory/memory.stat": "rss 7\ntotal_rss 8\n", "sys/fs/cgroup/memory/memory.failcnt": "3\n",
		}, map[string]string{"sys/fs/cgroup/memory/memory.failcnt": "4\n"},
			results.Machine{Quota: 1.5, MemoryLimit: 1 << 20, Memory: 8, MemoryFull: 1}},
		{"no limits of yesterday", map[string]string{
			"proc/self/cgroup": "2:cpu:/\n4:memory:/\n", "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n", "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
		}, nil, results.Machine{}},
		{"stolen time", map[string]string{"proc/stat": "cpu  1 2 3 4 5 6 7 100 9 10\n"}, map[string]string{"proc/stat": "cpu  1 2 3 4 5 6 7 350 9 10\n"},
			results.Machine{StolenSeconds: 2.5}},
		{"nonsense", map[string]string{"proc/self/cgroup": "::\n\n0:/\n0::/\x00..\n", "proc/stat": "cpu", "sys/fs/cgroup/cpu.max": "a b c\n"}, nil, results.Machine{}},
	} {
		m := machine{root: t.TempDir()}
		write := func(files map[string]string) {
			for name, text := range files {
				path := filepath.Join(m.root, name)
				if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
					t.Fatal(err)
				}
			}
		}
		write(c.before)
		m.since()
		write(c.after)
		if got := m.since(); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.why, got, c.want)
		}
	}
}
