// Package andon is the map of the house.
//
// An andon is the cord on a production line: whoever sees a defect pulls it, and the line stops before the defect ships.
// This tool is that cord for one API call, POST /agents/execute. Data flows through it one way, and each stage is a package:
//
//	openapi.yaml ─► contracts ─► scenarios ─► attack ─► results ─► metrics ─► reports
//	 the shapes     what must     what is      vegeta    one row     HDR by      what a person
//	                hold          sent         fires     per hit     class       or a machine reads
//
// The stages:
//
//   - contracts loads the description, builds requests by it, and judges whether a request or a response conforms.
//   - contracts/schema is the tree of its schemas: plain, valid, broken, random and smaller values of them.
//   - contracts/cases derives what the description implies: the cases, their choice, their coverage.
//   - contracts/jsontext reads JSON strictly, and writes it.
//   - contracts/provider is the reference provider, with latency, capacity and faults set at will.
//   - contracts/pact proves the same cases with Pact: our requests against its mock server, a provider against the pact.
//   - contracts/broker talks to a Pact Broker: pacts, results, and whether a version may be deployed.
//   - contracts/verify holds a target against every case that the description implies.
//   - scenarios reads a scenario and turns it into a plan: when each call is due and what it carries.
//   - scenarios/attack drives a plan with vegeta's Attacker and streams results.
//   - reports/results is the record of one hit, and the files in which a run keeps them.
//   - reports/metrics aggregates results by class and evaluates thresholds.
//   - reports renders what was measured, for people and for machines.
//   - reports/live shows a run on a person's terminal while it goes on.
//   - reports/telemetry shows a run to monitoring systems while it goes on: Prometheus and OpenTelemetry.
//   - cmd/andon-pact is the process in which Pact's native library runs.
//   - cmd/andon turns flags into calls of the above and outcomes into an exit code; nothing else is decided there.
//
// cmd leans on scenarios, scenarios on contracts and on reports, and nothing leans back.
//
// This package holds only what the root alone can embed.
package andon

import _ "embed"

// Spec is openapi.yaml, the one source of every shape that andon sends or accepts.
//
//go:embed openapi.yaml
var Spec []byte
