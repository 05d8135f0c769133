//go:build !unix

package attack

import "time"

func processTime() time.Duration { return 0 }

func openFiles() uint64 { return 0 }
