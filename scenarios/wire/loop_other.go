//go:build !linux

package wire

import (
	"errors"
	"time"
)

// Loop is what this system has not: see [NewLoop].
type Loop struct{}

// NewLoop is an error here.
func NewLoop() (*Loop, error) { return nil, errors.ErrUnsupported }

// Carries is false.
func (*Loop) Carries(Transport) bool { return false }

// Send is false.
func (*Loop) Send(Transport, *Exchange) bool { return false }

// Dial does nothing.
func (*Loop) Dial(Transport, *Exchange) {}

// Defer does nothing.
func (*Loop) Defer(*Exchange, func()) {}

// Wake does nothing.
func (*Loop) Wake() {}

// Yield does nothing.
func (*Loop) Yield() {}

// Batch does nothing.
func (*Loop) Batch() (end func()) { return func() {} }

// Wait gives nothing.
func (*Loop) Wait(_, _ time.Duration, _ bool) []*Exchange { return nil }

// Close does nothing.
func (*Loop) Close() {}
