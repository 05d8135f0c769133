package text

// Color is how a terminal shows a text: the parameters of an SGR control sequence (ECMA-48, section 8.3.117).
type Color string

// The colours in use. They can be joined, as in Bold + ";" + Red.
const (
	Red    Color = "31"
	Green  Color = "32"
	Yellow Color = "33"
	Bold   Color = "1"
	Faint  Color = "2"
)

// Paint gives a text a colour, if it has one and the terminal is to be given colours.
func Paint(s string, c Color, colors bool) string {
	if !colors || c == "" || s == "" {
		return s
	}
	return "\x1b[" + string(c) + "m" + s + "\x1b[0m"
}
