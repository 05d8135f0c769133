package results

// Generator says what the calls of a run were sent with.
type Generator struct {
	// Command is the command line that repeats the run; no secret is ever on one.
	Command []string `json:"command,omitempty"`
	// Transport names what carried the calls.
	Transport string `json:"transport,omitempty"`
	// Proxy is the address of the proxy that they went through, without credentials; empty where there was none.
	Proxy string `json:"proxy,omitempty"`
	// Cores is how many processors the process could use; OpenFiles is how many files and sockets it could have open, 0
	// where there is no limit or it is not known.
	Cores     float64 `json:"cores,omitempty"`
	OpenFiles uint64  `json:"openFiles,omitempty"`
	// Platform is the operating system, the architecture and the version of Go.
	Platform string `json:"platform,omitempty"`
}
