package attack

import (
	"context"
	"net/http"
	"time"
)

// look is how often the token's file is looked at.
const look = time.Second

// renew has the calls carry a fresh token, when its file has changed and when one was turned away, until ctx ends. The
// calls do not wait for it: they go on with the old one.
func (r *run) renew(ctx context.Context) {
	tick := time.NewTicker(look)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case stale := <-r.stale:
			// Where there is no fresh one, the statuses tell. Whoever has another token keeps it.
			for _, set := range r.carried() {
				if set.Renew(ctx, stale) == nil {
					r.setHeads()
				}
			}
		case <-tick.C:
			for _, set := range r.carried() {
				if set.Refresh(ctx) {
					r.setHeads()
				}
			}
		}
	}
}

// setHeads takes what the calls carry from now on.
func (r *run) setHeads() {
	for i, with := range r.wires() {
		token := r.carried()[min(i, len(r.carried())-1)].Token()
		heads := make([]head, max(1, r.Plan.Carried.Tenants.Rows()))
		for tenant := range heads {
			heads[tenant] = head{with.Template(tenant), token}
		}
		r.sides[i].heads.Store(&heads)
	}
}

// turnedAway has the token renewed that a call was sent with, if the answer's status says that it is not valid.
func (r *run) turnedAway(token string, status int) {
	if status != http.StatusUnauthorized || token == "" {
		return
	}
	select {
	case r.stale <- token:
	default:
	}
}
