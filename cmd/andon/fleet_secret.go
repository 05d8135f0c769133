package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/kaizenautomation/andon/scenarios/fleet/hub"
	"github.com/kaizenautomation/andon/scenarios/fleet/kubernetes"
)

// fleetSecret prints the Secret that the pods of a manifest read.
func (c *command) fleetSecret() *cobra.Command {
	var name, namespace string
	cmd := &cobra.Command{
		Use:   "secret",
		Short: "Print the Secret by which the pods of a manifest know each other",
		Long: `Secret prints a new Kubernetes Secret, NAME-join: how workers join the hub, and what the hub is known
by. Both are drawn at random each time. It is secret, so pipe it to kubectl, and keep it in no file.`,
		Example: "  andon fleet secret --name andon-mixed | kubectl apply --server-side -f -",
		Args:    noArgs,
		RunE: func(*cobra.Command, []string) error {
			if name == "" {
				return errors.New("--name is missing: the name that the objects of the manifest begin with")
			}
			join, key, err := hub.NewJoin(kubernetes.HubAddress(name))
			if err != nil {
				return err
			}
			document, err := kubernetes.Secret(name, namespace, join, key)
			if err != nil {
				return err
			}
			_, err = exact{c.stdout}.Write(document)
			return err
		},
	}
	cmd.Flags().StringVar(&name, "name", "", "`name` that the objects of the manifest begin with")
	cmd.Flags().StringVar(&namespace, "namespace", "", "`namespace` of the Secret (default: left to kubectl)")
	return cmd
}
