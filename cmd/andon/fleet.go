package main

import "github.com/spf13/cobra"

// fleet is what runs on many machines.
func (c *command) fleet() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "fleet",
		Short: "Drive a target from many machines at once",
		Args:  cobra.ArbitraryArgs,
		RunE:  group,
	}
	cmd.AddCommand(c.fleetManifest(), c.fleetSecret())
	return cmd
}
