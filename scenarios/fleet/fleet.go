// Package fleet sends one plan from many machines, as one run of which nothing is missing unnoticed.
//
// Call n of a plan is a function of the plan and n alone, so that nothing has to be handed out while a run goes on.
// What is needed is that all have the same plan, that each shard has one owner, a common start, an end that all hear
// of, and that what was measured comes home whole:
//
//  1. The coordinator ([Run]) starts a hub (package hub) and puts the job there: the scenario, its data, the
//     description, the seed and the target, and no secret (job.go).
//  2. A worker ([Work]) makes the plan by itself and compares its digest. It takes a shard by making a key, which one
//     of several can, reaches the target, and says that it is armed.
//  3. Once all are armed the start is fixed, by the hub's clock. Each worker knows how its own stands to that
//     (clock.go), and begins by the machine's clock that nobody sets.
//  4. It keeps what it measures in a run directory of its own first. Every so often it tells how far it is, with the
//     figures since the last time (live.go), and hears whether to stop. Figures that nobody has taken are told again.
//  5. Conditions that end the run are judged on the sum. Who is silent for too long is lost, and is named; nobody takes
//     over. Who hears nothing for too long stops by itself.
//  6. At the end a worker hands its directory in, in parts, each with its checksum (spool.go). The coordinator brings
//     it home, asks again for parts that are damaged, and compares the figures with those that were told, bit for bit.
//
// A [Crew] is workers that stay (roster.go): they serve one run after the other, so that whatever makes trials has them
// made by many machines ([trial.Maker]). Where single calls are observed, workers tell of these in the place of figures
// (rows.go), and what comes home is one trial (merged.go). So they do where two targets are met in turn ([RunPair]),
// which each call's row tells apart by when it was due (figures.go), and each worker brings home two runs.
//
// What the coordinator decides is in coordination.go, which knows neither a network nor a clock. Where it was lost
// itself, [Collect] brings home what lies in the hub's store and in the workers' directories.
package fleet
