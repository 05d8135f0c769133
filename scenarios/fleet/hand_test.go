package fleet

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/kaizenautomation/andon/reports/results"
)

// An order ends the sending, and what comes after it where nothing is sent any more.
func TestOrders(t *testing.T) {
	stopped := func(stop <-chan struct{}) bool {
		synctest.Wait()
		select {
		case <-stop:
			return true
		default:
			return false
		}
	}
	synctest.Test(t, func(t *testing.T) {
		h := newHand(nil, question{}, Times{}, time.Now)
		interrupt, over := make(chan struct{}), make(chan struct{})
		ends, stop := h.orders(interrupt, over)
		h.order(results.End{Reason: results.Aborted})
		if e := <-ends; e.Reason != results.Aborted {
			t.Errorf("the order is %+v", e)
		}
		time.Sleep(time.Minute)
		if stopped(stop) {
			t.Error("what comes after the sending is ended by an order that the sending took")
		}
		// It is told every so often.
		for range 10 {
			h.order(results.End{Reason: results.Aborted})
			time.Sleep(300 * time.Millisecond)
		}
		if stopped(stop) {
			t.Error("what comes after the sending is ended by an order that the sending took, when it comes again")
		}
		for range 3 {
			h.order(results.End{Reason: results.Interrupted})
			time.Sleep(300 * time.Millisecond)
		}
		if !stopped(stop) {
			t.Error("an order that came after the sending ends nothing")
		}
		close(over)
	})
	synctest.Test(t, func(t *testing.T) {
		interrupt, over := make(chan struct{}), make(chan struct{})
		_, stop := newHand(nil, question{}, Times{}, time.Now).orders(interrupt, over)
		if stopped(stop) {
			t.Error("ended without an interrupt")
		}
		close(interrupt)
		if !stopped(stop) {
			t.Error("an interrupt ends nothing")
		}
	})
}
