//go:build !race

package metrics

// raced says that the race detector is at work, which makes simulations take ten times as long.
const raced = false
