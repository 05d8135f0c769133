//go:build !unix || aix || solaris

package regular

import "os"

// locked does nothing where there are no locks of this kind.
func locked(*os.File) bool { return false }
