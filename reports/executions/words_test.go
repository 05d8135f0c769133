package executions

import (
	"strings"
	"testing"
)

// Bounds that read alike are one figure; what is not known is said, and no interval with 0 in it is called growth.
func TestWords(t *testing.T) {
	b := func(low, high float64) *Bounds { return &Bounds{low, high} }
	for got, want := range map[string]string{
		b(1.9, 2.1).Duration():                                  "1.90–2.10 s",
		b(2.0001, 2.0002).Duration():                            "2.00 s",
		b(0.0004, 0.9).Duration():                               "0.40–900 ms",
		b(30, 660).Duration():                                   "0.50–11.0 min",
		(*Bounds)(nil).Duration():                               "–",
		b(981.4, 1012).Count():                                  "981–1,012",
		b(7, 7).Count():                                         "7",
		b(-1, 0).Count():                                        "0",
		b(40, 40.001).Rate():                                    "40.0/s",
		b(39.1, 1200).Rate():                                    "39.1–1,200/s",
		(*Growth)(nil).String():                                 "too little is known to say whether it grew",
		(&Growth{2, 1.9, 2.1, 1}).String():                      "grew by 2.00/s (1.90–2.10/s)",
		(&Growth{-2, -2.1, -1.9, 0}).String():                   "shrank by 2.00/s (1.90–2.10/s)",
		(&Growth{0.01, -0.1, 0.12, 0.6}).String():               "did not grow (−0.10 to +0.12/s)",
		(&Growth{2, -0.5, 4.5, 0.955}).String():                 "may have grown by 2.00/s (−0.50 to +4.50/s; 95 % certain)",
		Backlog{}.drained():                                     "not seen to be empty",
		Polls{}.words():                                         "none",
		Webhooks{Received: 3, Believed: 1, Unsigned: 2}.words(): "3 received, 1 believed, 2 without a right signature",
		Report{End: EndRefused}.ended():                         "the target does not tell what becomes of executions",
		Report{End: EndInterrupted, Seconds: 3}.ended():         "it was told to stop, 3.00 s after the last call was answered",
		strings.Join(Names(map[string]Figures{"b": {}, "a": {}, "z": {}}, []string{"z", "none", "b"}), " "): "z b a",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
