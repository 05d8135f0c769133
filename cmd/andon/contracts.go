package main

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/reports"
)

func (c *command) contracts() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "contracts",
		Short: "List and show the cases that the description implies",
		Args:  cobra.ArbitraryArgs,
		RunE:  group,
	}
	cmd.AddCommand(&cobra.Command{
		Use:   "list",
		Short: "List the cases: what must be accepted, what must be refused, and what is left open",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			d, _, err := c.description()
			if err != nil {
				return err
			}
			cases, leftOut := d.Cases()
			t := reports.Table{Header: []string{"case", "must be", ">bytes", "proves"}}
			counts := map[contracts.Expectation]int{}
			for _, k := range cases {
				counts[k.Expect]++
				t.Rows = append(t.Rows, []string{k.ID, string(k.Expect), fmt.Sprint(len(k.Body)), k.Proves})
			}
			if err := t.Text(c.stdout); err != nil {
				return err
			}
			_, err = fmt.Fprintf(c.stdout, "\n%d cases: %d must be accepted, %d refused, %d are left open; %d combinations are left out: every two of tier, content and properties meet\n",
				len(cases), counts[contracts.Accepted], counts[contracts.Refused], counts[contracts.Either], leftOut)
			return err
		},
	}, c.showCase())
	return cmd
}

func (c *command) showCase() *cobra.Command {
	var curl bool
	cmd := &cobra.Command{
		Use:   "show CASE",
		Short: "Print a case's request",
		Args:  exactlyOne("the id of a case"),
		RunE: func(_ *cobra.Command, args []string) error {
			d, _, err := c.description()
			if err != nil {
				return err
			}
			cases, _ := d.Cases()
			i := slices.IndexFunc(cases, func(k contracts.Case) bool { return k.ID == args[0] })
			if i < 0 {
				var names []string
				for _, k := range cases {
					names = append(names, k.ID)
				}
				return fmt.Errorf("there is no case %q; %s", reports.Printable(args[0], 100), suggest(args[0], names, "andon contracts list shows them"))
			}
			k := cases[i]
			if curl {
				_, err = fmt.Fprintln(c.stdout, k.Curl("http://127.0.0.1:8080"))
				return err
			}
			_, err = fmt.Fprintf(c.stdout, "%s: %s; it must be %s\n\n%s %s\nContent-Type: %s\n\n%s\n", k.ID, k.Proves, k.Expect, k.Method, d.Path(), k.ContentType, reports.Printable(string(k.Body), 1<<20))
			return err
		},
	}
	cmd.Flags().BoolVar(&curl, "curl", false, "print it as a curl line; the token stands in it as $ANDON_TOKEN")
	return cmd
}
