package main

import (
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
	"github.com/spf13/pflag"

	"github.com/kaizenautomation/andon/reports/build"
)

func (c *command) man() *cobra.Command {
	return &cobra.Command{
		Use:   "man FOLDER",
		Short: "Write the man pages of all commands",
		Long: `A page for each command is written into the folder, which is made if it is not there; a
release has them already. man --manpath FOLDER/.. finds them where the folder is called man1.
SOURCE_DATE_EPOCH is their date, if it is set.`,
		Example: `  andon man ~/.local/share/man/man1            man andon-run shows one then`,
		Args:    exactlyOne("a folder for the pages"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o777); err != nil {
				return err
			}
			forMan(cmd.Root())
			return doc.GenManTree(cmd.Root(), &doc.GenManHeader{Source: "andon " + build.Name(), Manual: "andon"}, args[0])
		},
	}
}

// forMan has no page say who generated it, and when, and nothing in it taken for the Markdown that pages are made of.
func forMan(c *cobra.Command) {
	plain := strings.NewReplacer("<", `\<`, "*", `\*`)
	c.DisableAutoGenTag, c.Long = true, plain.Replace(c.Long)
	c.LocalFlags().VisitAll(func(f *pflag.Flag) { f.Usage = plain.Replace(f.Usage) })
	for _, sub := range c.Commands() {
		forMan(sub)
	}
}
