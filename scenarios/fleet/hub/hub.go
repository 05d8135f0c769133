// Package hub is the notice board and the pipe of a fleet: a NATS server in the process that coordinates it, and what
// coordinator and workers say through it.
//
// An [Identity] is the one secret that a hub is made of. [Start] starts it; [Connect] joins it, knowing it by the
// fingerprint of its certificate and known there by a key ([Join]). Who has joined asks and answers ([Conn.Ask],
// [Conn.Answer]), which nothing keeps, and sets keys in the bucket of a run ([Bucket]), which are on the hub's disk
// when the call returns, and are there again when the hub was killed and started anew. NATS is used in this package
// only.
package hub
