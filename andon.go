// Package andon is the map of the house.
//
// An andon is the cord on a production line: whoever sees a defect pulls it, and the line stops before the defect
// ships. This tool is that cord for one API call, POST /agents/execute. Data flows through it one way, and each stage
// is a package:
//
//	openapi.yaml ─► contracts ─► scenarios ─► attack ─► results ─► metrics ─► summary ─► reports
//	 the shapes     what must     what is      fires     one row    HDR by     verdict    what a person
//	                hold          sent         calls     per call   class      figures    or a machine reads
//
// What must hold:
//
//   - contracts loads the description, builds requests, judges whether a request or a response conforms, and says what
//     changed between two descriptions.
//   - contracts/pattern reads the regular expressions of JSON Schema.
//   - contracts/schema is the tree of a JSON Schema: plain, valid, broken, random and smaller values of it.
//   - contracts/bundle makes one document of a description in several files, or of an older version.
//   - contracts/jsontext reads and writes JSON without changing what stands in it.
//   - contracts/document reads YAML with positions, and tells every problem at once.
//   - contracts/credentials says what calls carry besides their bodies, where secrets come from, and keeps them out.
//   - contracts/cases is what a description implies: the cases, their choice, their coverage.
//   - contracts/provider is the reference provider, with latency, capacity and faults set at will.
//   - contracts/pact proves the same cases by Pact, with the process around its native library.
//   - contracts/broker talks to a Pact Broker: pacts, results, and whether a version may be deployed.
//   - contracts/deviations are the known breaches that are waived, with a reason and an end.
//   - contracts/verify holds a target against the cases, by engines that share one function type.
//
// What is sent:
//
//   - scenarios reads a scenario and turns it into a plan: when each call is due and what it carries.
//   - scenarios/wire is HTTP/1.1 connections of our own, with their times.
//   - scenarios/attack drives a plan with vegeta's Attacker, has responses judged, and streams results.
//   - scenarios/follow finds out what becomes of the executions that accepted calls start: by polls and by webhooks.
//   - scenarios/trial is one trial as a function: plan and target in, run directory and summary out.
//   - scenarios/capacity searches for the highest rate: which trial comes next, what each came to, and what all say.
//   - scenarios/search makes those trials, one after the other within a budget, and what else is asked of a capacity.
//   - scenarios/paired meets two targets in turn on one schedule, and says whether the second is worse.
//   - scenarios/fleet sends one plan from many machines, as one run, which meet at a scenarios/fleet/hub.
//   - scenarios/fleet/kubernetes writes down a run on many machines for Kubernetes.
//   - scenarios/targets says where calls may go and what they may come to, and keeps the ledger of what was started.
//   - scenarios/gate asks in one go whether a release is safe to ship, by what answers each part alone.
//   - scenarios/doctor finds out what this machine allows, and the highest rate that it sends on time.
//   - scenarios/queuetest has queues of which the capacity is known, for the tests of these.
//   - scenarios/scalability fits the law by which throughput grows with callers or replicas, or refuses to.
//
// What came of it:
//
//   - reports/text puts numbers and foreign text into words for people.
//   - reports/regular reads files of the user's that are regular ones: no pipe is waited for.
//   - reports/bounded reads the answers of others: no server decides how much is read, or for how long.
//   - reports/results is the record of one call, and the files in which a run keeps them.
//   - reports/histogram is the one configuration of HDR histograms, merged exactly.
//   - reports/build says which andon this is: by the linker, or by what Go has recorded.
//   - reports/splitmix turns numbers that are alike into ones that are not: ids, and what is drawn by number.
//   - reports/student is Student's t distribution.
//   - reports/executions is what became of executions: how long they took and which are lost, between bounds.
//   - reports/metrics aggregates results by class and time, and evaluates thresholds.
//   - reports/summary is the verdict and the figures of a run as data, and the comparison of groups.
//   - reports/sizing is what a search for capacity came to, as data and in words.
//   - reports/compare holds two sets of runs against each other, and says what the difference is worth.
//   - reports/baseline keeps runs to compare with in one small file.
//   - reports/approval is what a gate came to, as data and in words.
//   - reports/fitness is what a machine allows, as data and in words.
//   - reports/render is what a terminal and Markdown show of it, reports/page the HTML page, reports/export what other
//     programs read.
//   - reports/live shows a run on a person's terminal while it goes on, reports/telemetry to monitoring systems.
//   - reports opens runs, knows the formats and writes them; reports/reportstest makes runs up for the tests of these.
//
// And around it:
//
//   - cmd/andon turns flags into calls of the above and outcomes into an exit code; nothing else is decided there, and
//     nothing below it knows a flag.
//   - cmd/andon-pact is the process in which Pact's native library runs.
//
// cmd leans on scenarios, scenarios on contracts and on reports, contracts on the plain types of reports alone, and
// nothing leans back. A test in cmd/andon holds every import against this picture.
//
// This package holds only what the root alone can embed.
package andon

import _ "embed"

// Spec is openapi.yaml, the one source of every shape that andon sends or accepts.
//
//go:embed openapi.yaml
var Spec []byte
