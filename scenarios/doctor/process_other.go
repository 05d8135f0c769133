//go:build !unix

package doctor

import "time"

func processTime() time.Duration { return 0 }
