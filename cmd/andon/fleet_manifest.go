package main

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"path"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/reports/text"
	"github.com/kaizenautomation/andon/scenarios"
	"github.com/kaizenautomation/andon/scenarios/fleet/kubernetes"
)

type manifestFlags struct {
	target, production, fixtures string
	networks                     []string
	seed                         uint64
	to                           kubernetes.Manifest
}

// fleetManifest prints a run on many machines for Kubernetes.
func (c *command) fleetManifest() *cobra.Command {
	var f manifestFlags
	cmd := &cobra.Command{
		Use:   "manifest [SCENARIO] [-- WORDS]",
		Short: "Print a run on many machines for Kubernetes",
		Long: `Manifest prints the documents of a run in a Kubernetes cluster: the plan's files (the scenario, its
data and the description), a job with the hub, a job with the workers, one shard of the plan each,
the hub's disk, on which the run ends up, and who may speak with whom. Nothing is sent, and no
cluster is spoken with.

The image has andon as its entry point; scenarios/fleet/README.md shows how to build one. WORDS are
further ones for andon fleet run. No secret is in the documents. What the pods know each other by is
in the Secret NAME-join, which is made before; what calls carry (ANDON_TOKEN, and what {env:NAME}
names) are entries of the Secret that --environment names, whose values become the workers'
variables.

A worker has --cores whole cores and --memory for itself, no less and no more, so that neither its
neighbours nor its own limit make its calls late. Workers may reach the hub, name servers, and the
target: where that is the name of a service, all pods of its namespace; where it is another name,
every address on its port, or those of --network.`,
		Example: `  andon fleet manifest --workers 8 --target https://staging.example.com --image images.example.com/andon:1.2 | kubectl apply --server-side -f -
  andon fleet manifest peak.yaml --workers 20 --target http://agents.staging.svc:8080 --image … --namespace load -- --release 4f2c1e9`,
		Args: func(cmd *cobra.Command, args []string) error {
			own, _ := beforeDash(cmd, args)
			return atMostOne(cmd, own)
		},
		ValidArgsFunction: completeShipped,
		RunE: func(cmd *cobra.Command, args []string) error {
			own, words := beforeDash(cmd, args)
			return c.printManifest(own, words, f)
		},
	}
	flags := cmd.Flags()
	flags.IntVar(&f.to.Workers, "workers", 0, "`number` of workers")
	flags.StringVar(&f.target, "target", "", "base `URL` of the provider, as pods reach it")
	flags.StringVar(&f.production, "production", "", productionUse)
	flags.StringVar(&f.to.Image, "image", "", "`image` whose entry point is andon; best with its digest")
	flags.StringVar(&f.to.Name, "name", "", "`name` that all objects begin with (default andon-SCENARIO)")
	flags.StringVar(&f.to.Namespace, "namespace", "", "`namespace` of the objects (default: left to kubectl)")
	flags.StringVar(&f.to.Environment, "environment", "", "`Secret` whose entries are variables of the workers, such as ANDON_TOKEN")
	flags.StringArrayVar(&f.networks, "network", nil, "`CIDR` that the target's addresses are in; may be repeated")
	flags.IntVar(&f.to.Cores, "cores", 2, "`number` of cores of a worker")
	flags.StringVar(&f.to.Memory, "memory", "1Gi", "`memory` of a worker")
	flags.Uint64Var(&f.seed, "seed", defaultSeed, seedUse)
	flags.StringVar(&f.fixtures, "fixtures", "", fixturesUse)
	return cmd
}

// beforeDash are the arguments before -- and those behind it.
func beforeDash(cmd *cobra.Command, args []string) (own, words []string) {
	if at := cmd.ArgsLenAtDash(); at >= 0 {
		return args[:at], args[at:]
	}
	return args, nil
}

func (c *command) printManifest(args, words []string, f manifestFlags) error {
	plan, err := c.planned(args, f.seed, f.fixtures, false)
	if err != nil {
		return err
	}
	var found []error
	m := f.to
	if f.target != "" {
		if m.Target, err = plan.Description().Operation().ParseTarget(f.target); err != nil {
			return fmt.Errorf("--target: %w", err)
		}
		found = append(found, permittedURLs(f.production, m.Target))
	}
	for _, n := range f.networks {
		network, err := netip.ParsePrefix(n)
		if err != nil {
			found = append(found, fmt.Errorf("--network: expected one such as 10.1.0.0/16, found %q", text.Printable(n, 60)))
			continue
		}
		m.Networks = append(m.Networks, network)
	}
	if m.Name == "" {
		m.Name = kubernetes.NameOf(plan.Name)
	}
	var scenario string
	m.Files, scenario, err = kubernetes.Pack(plan)
	m.Calls, m.Lasts = plan.MaxCalls(), kubernetes.Lasts(plan)
	if found = append(found, err); m.Target != nil {
		m.Hub, m.Worker = fleetLines(m.Target, f, scenario, plan.Description().Choice(), words)
		m.Head = manifestHead(m, plan)
	}
	if _, err := plan.Shard(scenarios.Shard{Of: m.Workers}); m.Workers > 0 && err != nil {
		found = append(found, fmt.Errorf("--workers %d: %w", m.Workers, err))
	}
	found = append(found, c.checkWords(words)...)
	// A manifest that is wrong is told as a whole.
	if err := errors.Join(append(found, m.Check())...); err != nil {
		return err
	}
	documents, err := m.YAML()
	if err != nil {
		return err
	}
	_, err = exact{c.stdout}.Write(documents)
	return err
}

// checkWords says which of the words behind -- andon fleet run would not take there.
func (c *command) checkWords(words []string) (found []error) {
	run := c.fleetRun()
	if run.ParseFlags(words) != nil {
		return []error{fmt.Errorf("behind --: %w", flagErrors(run, words))}
	}
	for _, more := range run.Flags().Args() {
		found = append(found, fmt.Errorf("behind --: expected flags, found %q", text.Printable(more, 60)))
	}
	for _, name := range []string{"workers", "target", "production", "fixtures", "seed", "listen", "store", "out", "plain"} {
		if run.Flags().Changed(name) {
			found = append(found, fmt.Errorf("behind --: --%s is given by the manifest", name))
		}
	}
	return found
}

// fleetLines are the command lines of the hub and of a worker.
func fleetLines(target *url.URL, f manifestFlags, scenario string, chosen contracts.Choice, words []string) (hub, worker []string) {
	hub = []string{
		"fleet", "run", path.Join(kubernetes.Plan, scenario), "--spec", path.Join(kubernetes.Plan, kubernetes.DescriptionFile),
		"--workers", strconv.Itoa(f.to.Workers), "--target", target.String(), "--seed", strconv.FormatUint(f.seed, 10),
		"--listen", "0.0.0.0:" + strconv.Itoa(kubernetes.Port), "--out", path.Join(kubernetes.Disk, "result"), "--plain",
	}
	if chosen.Operation != "" {
		hub = append(hub, "--operation", chosen.Operation)
	}
	for _, one := range chosen.Values {
		hub = append(hub, "--param", one)
	}
	if f.production != "" {
		hub = append(hub, "--production", f.production)
	}
	return append(hub, words...), []string{"fleet", "worker", "--allow", target.Host, "--spool", kubernetes.Disk}
}

// manifestHead says what the documents are, and what is done with them.
func manifestHead(m kubernetes.Manifest, plan *scenarios.Plan) []string {
	in := ""
	if m.Namespace != "" {
		in = " --namespace " + m.Namespace
	}
	apply := "kubectl apply --server-side" + in + " -f "
	return strings.Split(fmt.Sprintf(`%s of the scenario %s for %s, seed %d.

Before, once: andon fleet secret --name %s%s | %s-
To begin:     %sFILE
To watch:     kubectl logs%s --follow job/%[5]s-hub
Again:        kubectl delete%[9]s -f FILE, which takes the disk with the run too, and then as above`,
		text.Plural(uint64(m.Workers), "worker"), plan.Name, m.Target.Host, plan.Seed, m.Name, in, apply, apply, in), "\n")
}
