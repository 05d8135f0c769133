package splitmix

import "testing"

// The first numbers of the seed 1234567 are those of the reference implementation in C.
func TestNext(t *testing.T) {
	state := uint64(1234567)
	for _, want := range []uint64{6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821} {
		if got := Next(state); got != want {
			t.Errorf("%d: %d, want %d", state, got, want)
		}
		state += Golden
	}
}
