package main

import (
	"bytes"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/kaizenautomation/andon"
	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/provider"
)

// ownFault is something that is wrong on andon's side of the wire.
type ownFault struct {
	// what it is, in the words of the table in the README.
	what string
	// script brings it about; sh runs it in a folder of its own. It says what andon said, and ends with its exit code.
	script string
	// says is in what andon says; … is anything.
	says string
	// code is the exit code against a sound target, and breach that against one that breaks the contract; 0 where no
	// call tells.
	code, breach int
	// linux says that it takes what only Linux has, and root.
	linux bool
}

// ownFaults is the table. What a script may use: $URL is the target, $SECURE one over TLS that wants a certificate of
// its clients, $CA who vouches for it, $GUARDED one that wants a token, $SLOW one that takes its time, $CLOSED an
// address where nobody listens; $ASKING, $REFUSING and $SILENT are proxies.
func ownFaults() []ownFault {
	const (
		paused = "andon run %s --target $URL --out run & P=$!; until [ -s run/hits.arrow ]; do sleep 0.05; done; sleep 0.7; kill -STOP $P; sleep 1.5; kill -CONT $P; wait $P"
		signal = "andon run long.yaml --target $URL --out run & P=$!; until [ -n \"$(find run/hits.arrow -size +6k 2>/dev/null)\" ]; do sleep 0.05; done; kill -%s $P; wait $P"
	)
	return []ownFault{
		{"fewer descriptors than calls in flight (`ulimit -n 64`)", "ulimit -n 64; andon run slow.yaml --target $SLOW --out run", "may have only 64 files", 3, 1, false},
		{"no local port left", "unshare -n sh -c 'ip link set lo up; sysctl -qw net.ipv4.ip_local_port_range=\"40000 40040\" net.ipv4.tcp_tw_reuse=0; " +
			"andon serve --listen 127.0.0.1:9000 --latency 500ms $FAULT >serve.txt & S=$!; until [ -s serve.txt ]; do sleep 0.05; done; " +
			"andon run slow.yaml --target http://127.0.0.1:9000 --out run; C=$?; kill $S; exit $C'", "(local-ports): andon's own machine had no local port left", 3, 1, true},
		{"nobody listens where the proxy should be", "HTTP_PROXY=http://$CLOSED andon run one.yaml --target http://provider.test --out run",
			"nobody listens where the proxy … should be; start it, or correct the environment variable", 3, 0, false},
		{"the proxy wants a password", "HTTP_PROXY=$ASKING andon run one.yaml --target http://provider.test --out run", "the proxy … answered the call with 407", 3, 0, false},
		{"the proxy refuses", "HTTPS_PROXY=$REFUSING andon run one.yaml --target https://provider.test --out run", "the proxy … answered CONNECT with 503", 3, 0, false},
		{"the proxy is silent", "HTTP_PROXY=$SILENT andon run brief.yaml --target http://provider.test --out run", "the proxy … did not answer in time; find out what holds it up", 3, 0, false},
		{"the disk is full", "mkdir small; unshare -m sh -c 'mount -t tmpfs -o size=64k none small && andon run long.yaml --target $URL --out small/run'",
			"the results cannot be kept: write … no space left on device", 3, 1, true},
		{"the run directory is removed while it is written", "andon run steady.yaml --target $URL --out run & P=$!; until [ -s run/hits.arrow ]; do sleep 0.05; done; until rm -rf run; do :; done; wait $P",
			"the results cannot be kept: open run/end.json: no such file", 3, 1, false},
		{"the run directory cannot be made", "andon run one.yaml --target $URL --out one.yaml/run", "the run directory cannot be made: … nothing was sent", 3, 0, false},
		{"paused for a second (SIGSTOP)", fmt.Sprintf(paused, "steady.yaml"), "stood still for … the process was paused", 3, 1, false},
		{"paused, with few slots", fmt.Sprintf(paused, "slots.yaml"), "stood still for … the process was paused", 3, 1, false},
		{"paused, in a closed loop", fmt.Sprintf(paused, "closed.yaml"), "stood still for … the process was paused", 3, 1, false},
		{"a container's share of the processors is used up", "R=/sys/fs/cgroup; G=$R/andon-$$; if [ -d $R/cpu ]; then G=$R/cpu/andon-$$; fi; mkdir $G || exit 77; " +
			"if [ -d $R/cpu ]; then echo 100000 >$G/cpu.cfs_period_us; echo 6000 >$G/cpu.cfs_quota_us; else echo 6000 100000 >$G/cpu.max || { rmdir $G; exit 77; }; fi; " +
			"sh -c \"echo \\$\\$ >$G/cgroup.procs; exec andon run busy.yaml --target $URL --out run\"; C=$?; rmdir $G; exit $C", "its container may use … raise its CPU limit", 3, 1, true},
		{"no certificate for a target that wants one", "andon run one.yaml --target $SECURE --cacert $CA --out run", "the target wants to see a client's certificate, and was shown none", 3, 0, false},
		{"the target's authority is not trusted", "andon run one.yaml --target $SECURE --out run", "nothing was sent: the certificate of … is not trusted", 3, 0, false},
		{"a token that the target does not take", "ANDON_TOKEN=old andon run one.yaml --target $GUARDED --out run", "all answered with status 401; the target wants a valid token", 1, 0, false},
		{"the target's name is not known", "andon run one.yaml --target http://provider.invalid --out run", "nothing was sent: … provider.invalid", 3, 0, false},
		{"the target's port is wrong", "andon run one.yaml --target http://$CLOSED --out run", "nothing was sent: nobody listens at", 3, 0, false},
		{"the target's path is wrong", "andon run one.yaml --target $URL/other --out run", "all answered with status 404; there is no such call below the target's URL", 1, 0, false},
		{"the target is an empty variable", "andon run one.yaml --target \"$UNSET\" --out run", "--target is given, and is empty", 2, 0, false},
		{"the scenario's file of data is broken", "andon run feeder.yaml --target $URL --out run", "feeder.yaml:2:21: ids.csv:3:5: this is not CSV", 2, 0, false},
		{"standard output cannot be written", "andon run one.yaml --target $URL --out run >/dev/full", "standard output cannot be written", 3, 1, false},
		{"interrupted (Ctrl-C)", fmt.Sprintf(signal, "INT"), "the run was interrupted: it was told to stop", 3, 3, false},
		{"ended by what supervises it (SIGTERM)", fmt.Sprintf(signal, "TERM"), "the run was interrupted: it was told to stop", 3, 3, false},
		{"a bit of what was measured has flipped (`andon report` afterwards)", "andon run steady.yaml --target $URL --out run >run.txt; rm run/summary.json run/histograms.bin; " +
			"printf X | dd of=run/hits.arrow bs=1 seek=5000 conv=notrunc; andon report run", "calls are missing; … is damaged: its CRC-32C is", 3, 3, false},
		{"killed, as where memory runs out (`andon report` afterwards)", fmt.Sprintf(signal, "KILL") + "; andon report run", "the run was cut off", 3, 3, false},
	}
}

// ownFaultFiles are what the scripts find in their folder.
func ownFaultFiles() map[string]string {
	return map[string]string{
		"one.yaml":    "load: [{rate: 50/s, for: 1s}]\n",
		"brief.yaml":  "load: [{rate: 50/s, for: 1s}]\nlimits: {timeout: 1s}\n",
		"slow.yaml":   "load: [{rate: 200/s, for: 3s}]\nlimits: {timeout: 5s, inFlight: 300}\n",
		"steady.yaml": "load: [{rate: 100/s, for: 4s}]\n",
		"slots.yaml":  "load: [{rate: 100/s, for: 4s}]\nlimits: {inFlight: 20}\n",
		"closed.yaml": "load: [{callers: 4, for: 4s}]\n",
		"busy.yaml":   "load: [{rate: 800/s, for: 4s}]\n",
		"long.yaml":   "load: [{rate: 100/s, for: 1m}]\n",
		"feeder.yaml": "load: [{rate: 50/s, for: 1s}]\ndata: {file: {from: ids.csv, column: id}}\n",
		"ids.csv":     "id\none\n\"two\n",
	}
}

// what andon must never say where it is at fault itself.
var blame = regexp.MustCompile("finding about the target|target-limited")

// faultHouse is what the scripts meet: targets and proxies of this process.
type faultHouse struct{ env []string }

// open starts the targets, which break the contract in half of their answers if breaking, and the proxies.
func openFaultHouse(t *testing.T, breaking bool) faultHouse {
	t.Helper()
	d, err := contracts.Load("openapi.yaml", andon.Spec)
	if err != nil {
		t.Fatal(err)
	}
	fault, share := "", 0.0
	if breaking {
		fault, share = "--fault missingField=50%", 0.5
	}
	target := func(token, takes string) http.Handler {
		latency, err := provider.ParseLatency(takes)
		if err != nil {
			t.Fatal(err)
		}
		h, err := provider.New(d, provider.Config{Token: token, Latency: map[string]provider.Latency{contracts.NoTier(d.Tiers()): latency}, Faults: provider.Faults{MissingField: share}})
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	serve := func(h http.Handler) string {
		s := httptest.NewServer(h)
		t.Cleanup(s.Close)
		return s.URL
	}
	answering := func(status int) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
	}
	secure := httptest.NewUnstartedServer(target("", "20ms"))
	secure.Config.ErrorLog = discard
	secure.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert}
	secure.StartTLS()
	t.Cleanup(secure.Close)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw}), 0o666); err != nil {
		t.Fatal(err)
	}
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = silent.Close() })
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	return faultHouse{[]string{
		"URL=" + serve(target("", "20ms")), "SLOW=" + serve(target("", "400ms")), "GUARDED=" + serve(target("new", "20ms")), "SECURE=" + secure.URL, "CA=" + ca, "FAULT=" + fault,
		"ASKING=" + serve(answering(http.StatusProxyAuthRequired)), "REFUSING=" + serve(answering(http.StatusServiceUnavailable)),
		"SILENT=http://" + silent.Addr().String(), "CLOSED=" + closed.Addr().String(),
	}}
}

// run brings a fault about, and gives what andon said, in one line, and its exit code.
func (h faultHouse) run(t *testing.T, f ownFault) (said string, code int) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range ownFaultFiles() {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	place, err := plain()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", "-c", f.script)
	cmd.Dir = dir
	cmd.Env = append([]string{"PATH=" + place + string(os.PathListSeparator) + os.Getenv("PATH"), "HOME=" + dir, "CI=1"}, h.env...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	var exit *exec.ExitError
	switch err := cmd.Run(); {
	case errors.As(err, &exit):
		code = exit.ExitCode()
	case err != nil:
		t.Fatal(err)
	}
	return strings.Join(strings.Fields(out.String()), " "), code
}

// What is wrong on andon's own side is named, is never said of the target, and hides no breach of the contract.
func TestGeneratorFaults(t *testing.T) {
	for _, breaking := range []bool{false, true} {
		house := openFaultHouse(t, breaking)
		for _, f := range ownFaults() {
			want, says := f.code, []string{f.says}
			if breaking {
				want, says = f.breach, append(says, "count(violations) == 0: found")
			}
			if want == 0 {
				continue
			}
			if strings.Contains(f.script, "/dev/full") {
				says = says[:1]
			}
			t.Run(fmt.Sprintf("%s, breaking %v", f.what, breaking), func(t *testing.T) {
				t.Parallel()
				if f.linux && (runtime.GOOS != "linux" || os.Getuid() != 0) {
					t.Skip("it takes root on Linux")
				}
				said, code := house.run(t, f)
				// The target is a goroutine here: on a busy machine it, too, may stand still, and be rightly blamed.
				for tries := 1; tries < 3 && code != want && blame.MatchString(said); tries++ {
					said, code = house.run(t, f)
				}
				if code == 77 {
					t.Skip("no share of a processor can be set here")
				}
				for _, words := range says {
					if !regexp.MustCompile("(?i)" + strings.ReplaceAll(regexp.QuoteMeta(words), "…", ".*")).MatchString(said) {
						t.Errorf("%q is not said", words)
					}
				}
				if code != want || blame.MatchString(said) || t.Failed() {
					t.Errorf("exit code %d, want %d: %s", code, want, said)
				}
			})
		}
	}
}

// The table in the README is that of the test.
func TestGeneratorFaultsReference(t *testing.T) {
	const head = "| wrong on andon's side | it says | exit code | where the target breaks the contract |\n"
	var table strings.Builder
	table.WriteString(head + "| --- | --- | --- | --- |\n")
	for _, f := range ownFaults() {
		breach := "–"
		switch f.breach {
		case 1:
			breach = "1"
		case 3:
			breach = "3, with what was found"
		}
		fmt.Fprintf(&table, "| %s | %s | %d | %s |\n", f.what, f.says, f.code, breach)
	}
	readme := filepath.Join("..", "..", "reports", "README.md")
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), head)
	_, after, ends := strings.Cut(rest, "\n\n")
	if !found || !ends {
		t.Fatalf("%s has no such table", readme)
	}
	if want := before + table.String() + "\n" + after; want != string(text) {
		if *update {
			text = []byte(want)
			if err := os.WriteFile(readme, text, 0o666); err != nil {
				t.Fatal(err)
			}
		} else {
			t.Errorf("the table in %s is not that of the test: run it with -update", readme)
		}
	}
}

var discard = log.New(io.Discard, "", 0)
