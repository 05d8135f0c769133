package search

import (
	"fmt"
	"time"

	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/sizing"
	"github.com/kaizenautomation/andon/scenarios/capacity"
)

// recordFile is what a search can be gone on with.
const (
	recordFile   = "search.json"
	recordSchema = "andon.search/1"
)

// record is what recordFile says.
type record struct {
	Schema  string    `json:"schema"`
	ID      string    `json:"id"`
	Started time.Time `json:"started"`
	// Parts are what trials have to share to be of one search.
	Parts   []results.Part `json:"parts"`
	Resumed int            `json:"resumed"`
	// Waited is for how many seconds the target was left alone between trials, which the budget counts too.
	Waited float64 `json:"waited,omitempty"`
	Trials []kept  `json:"trials"`
}

// kept is a trial as the record has it.
type kept struct {
	Trial   capacity.Trial `json:"trial"`
	Shown   sizing.Trial   `json:"shown"`
	Took    float64        `json:"took"`
	Started uint64         `json:"started"`
	Lost    uint64         `json:"lost"`
	Ended   string         `json:"ended,omitempty"`
}

func dirOf(n int) string { return fmt.Sprintf("trials/%02d", n) }
