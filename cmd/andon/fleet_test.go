package main

import (
	"errors"
	"strings"
	"testing"
)

// Where calls were sent, it is never told as what is when nothing was.
func TestNothingHome(t *testing.T) {
	err := new(command).concludeFleet("", nil, errors.New("shard 0 is missing"), errors.New("the disk is full"))
	var e exit
	if !errors.As(err, &e) || e.code != noVerdict || !strings.Contains(err.Error(), "shard 0 is missing") || !strings.Contains(err.Error(), "the disk is full") {
		t.Errorf("it ends with %+v", err)
	}
}
