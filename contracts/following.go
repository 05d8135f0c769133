package contracts

// Following is the operation by which a provider tells what became of an execution, and how to read its answers. The
// pointers are JSON pointers; an empty one is of something that the provider does not tell.
type Following struct {
	// Method and Path say where it lives below the target's base URL. Where the path has {id}, the execution's id stands
	// there.
	Method, Path string
	// ID is where the id stands in the request's body; empty where the path has it, and the request has no body then.
	ID string
	// State, Session, Began, Ended and Same are where the answer has the execution's state, its session, the provider's own
	// times of its begin and its end, and the id that was asked for.
	State, Session, Began, Ended, Same string
	// Waiting, Running, Completed and Failed are the states by what they mean. An execution goes from one that waits to
	// one that runs, maybe to and fro, and ends in one that has completed or failed.
	Waiting, Running, Completed, Failed []string
}

// DefaultFollowing is the operation of the API as its public pages have it, which a description need not contain.
func DefaultFollowing() Following {
	return Following{
		Method: "POST", Path: "/executions/get", ID: "/id",
		State: "/execution/status", Session: "/execution/sessionId", Began: "/execution/startTime", Same: "/execution/id",
		Waiting: []string{"Enqueued"}, Running: []string{"InProgress", "Paused"}, Completed: []string{"Completed"}, Failed: []string{"Failed"},
	}
}

// String is the operation as people write it: POST /executions/get.
func (f Following) String() string { return f.Method + " " + f.Path }
