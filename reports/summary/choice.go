package summary

import (
	"fmt"
	"strings"

	"github.com/kaizenautomation/andon/reports/text"
)

// String says how many cases were chosen, and by what.
func (c *Choice) String() string {
	var by []string
	for _, part := range []struct {
		name string
		list []string
	}{{"cases", c.Cases}, {"tags", c.Tags}, {"not cases", c.Skip}, {"not tags", c.SkipTags}} {
		if len(part.list) > 0 {
			by = append(by, part.name+" "+text.Printable(strings.Join(part.list, ", "), 200))
		}
	}
	return fmt.Sprintf("%d of %d cases (%s)", c.Chosen, c.Of, strings.Join(by, "; "))
}
