//! Tasks that tasks call: who waits for whom, who is cancelled, whose failure is lost. For each, async and on threads.
//!
//! A channel into which nobody sends keeps a branch waiting until the run stops, so that nothing here depends on time.

use super::journal::lines_about;
use super::lab::*;
use std::sync::{Arc, Mutex};
use tasklab::probe;
use tasklab::record::{Batch, Outcome, Record};
use tasklab::scenario::{Repeat, Scenario, Step, TaskSpec};
use tasklab::workload::{DetachedSpawner, TaskCtx};
use tokio::runtime::Builder;
use tracing::Level;

/// A scenario with a channel called `gate`.
fn gated(tasks: Vec<TaskSpec>) -> Scenario {
    let mut scenario = scenario(tasks);
    scenario.channels = vec![channel("gate", 100)];
    scenario
}

/// Whether so many repetitions have ended like this, counted from batch to batch.
fn repetitions(count: usize, outcome: Outcome) -> impl FnMut(&Batch) -> bool {
    let mut seen = 0;
    move |batch| {
        let like_this = |record: &Record| matches!(record, Record::Repetition(r) if r.outcome == outcome);
        seen += batch.records.iter().filter(|(_, record)| like_this(record)).count();
        seen >= count
    }
}

/// Runs a scenario on tokio and on threads, and stops each when what is asked for has been seen.
fn both_until<F: FnMut(&Batch) -> bool>(scenario: &Scenario, shows: impl Fn() -> F) -> [(&'static str, Seen); 2] {
    [
        ("tokio", Lab::new(scenario).on_tokio_until(shows())),
        ("threads", Lab::new(scenario).on_threads_until(shows())),
    ]
}

#[test]
fn gather_waits_for_all_and_tells_the_results_in_the_order_of_the_call() {
    let steps = vec![Step::Gather(vec![
        group("late"),
        group("early"),
        inline(vec![Step::Yield]),
    ])];
    // The second branch ends before the first can.
    let tasks = vec![
        task("g1", 1, steps),
        called("late", vec![recv("gate"), Step::Yield]),
        called("early", vec![Step::Yield, send("gate")]),
    ];
    for (executor, seen) in everywhere(&gated(tasks)) {
        assert_eq!(seen.outcome("g1"), Outcome::Completed, "{executor}");
        for child in ["late", "early", "g1 gather"] {
            assert_eq!(seen.outcome(child), Outcome::Completed, "{executor} {child}");
            assert!(seen.ended_at(child) <= seen.ended_at("g1"), "{executor} {child}");
            assert_eq!(seen.parent(child), Some(seen.tasks["g1"]), "{executor} {child}");
        }
        assert!(
            seen.orphans("late").is_empty() && seen.orphans("early").is_empty(),
            "{executor}"
        );
    }
    let lines = lines_about("g1 gather#0 completed");
    assert_eq!(lines.len(), 3, "one for each executor");
    for (level, line) in lines {
        assert_eq!(level, Level::INFO);
        let at = |name| line.find(name).unwrap_or_else(|| panic!("{name} in {line:?}"));
        let order = [
            at("gather: late#0 completed"),
            at("early#0 completed"),
            at("g1 gather#0 completed"),
        ];
        assert!(order.is_sorted(), "{line}");
    }
}

#[test]
fn gather_fails_at_the_first_failure_while_the_siblings_run_on() {
    let steps = vec![Step::Gather(vec![
        group("patient"),
        group("broken"),
        inline(vec![fail(1.0)]),
    ])];
    let tasks = vec![
        task("g2", 1, steps),
        called("patient", vec![recv("gate")]),
        called("broken", vec![fail(1.0)]),
    ];
    for (executor, seen) in both_until(&gated(tasks), || repetitions(3, Outcome::Failed)) {
        assert_eq!(seen.outcome("g2"), Outcome::Failed, "{executor}");
        assert_eq!(seen.orphans("patient"), [0], "{executor}");
        // It waited for its gate, and only the run's end sent it away.
        assert_eq!(seen.outcome("patient"), Outcome::Cancelled, "{executor}");
        assert!(seen.ended_at("patient") > seen.ended_at("g2"), "{executor}");
    }
}

/// The ways in which a task can fail: a name, the step that does it, and how the task ends.
fn faults() -> [(&'static str, Step, Outcome); 3] {
    let panic = Step::Panic {
        message: "on purpose".into(),
        chance: 1.0,
    };
    // Noticed when it ends, everywhere.
    let timeout = Step::Timeout {
        after: fixed(MS / 1000),
        steps: vec![Step::Block(fixed(MS))],
    };
    [
        ("failed", fail(1.0), Outcome::Failed),
        ("timed out", timeout, Outcome::TimedOut),
        ("panicked", panic, Outcome::Panicked),
    ]
}

#[test]
fn a_failure_after_gather_has_left_is_lost_and_seen_to_be_lost() {
    for (how, fault, outcome) in faults() {
        let straggler = format!("straggler {how}");
        let outcome = match outcome {
            Outcome::Failed => Outcome::UnobservedFailure,
            outcome => outcome,
        };
        let steps = vec![
            send("left"),
            Step::Gather(vec![group(&straggler), inline(vec![fail(1.0)])]),
        ];
        // The gate opens when the second repetition has begun, so that the first straggler has been left behind by then; and for
        // both, so that it is not kept waiting by the second.
        let opener = vec![recv("left"), recv("left"), send("gate"), send("gate")];
        let tasks = vec![
            task("g3", 2, steps),
            task("opener", 1, opener),
            called(&straggler, vec![recv("gate"), fault]),
        ];
        let mut scenario = gated(tasks);
        scenario.channels.push(channel("left", 100));
        for (executor, seen) in everywhere(&scenario) {
            let first = seen.ends(&straggler)[0];
            assert_eq!((first.outcome, first.unheard), (outcome, true), "{executor}");
            assert!(seen.orphans(&straggler).contains(&0), "{executor} {how}");
        }
        let mut lines = lines_about(&format!("{how}, and no task waits for it"));
        lines.retain(|(_, line)| line.starts_with(&format!("{straggler}#")));
        assert!(lines.len() >= 3, "one for each executor: {lines:?}");
        assert!(lines.iter().all(|(level, _)| *level == Level::WARN));
    }
}

#[test]
fn whichever_way_a_child_fails_the_call_fails() {
    for (how, fault, outcome) in faults() {
        for (call, children) in [
            (Step::Gather as fn(_) -> _, "api gather"),
            (Step::Group as fn(_) -> _, "api group"),
        ] {
            let branches = vec![inline(vec![fault.clone()]), group("patient")];
            let tasks = vec![
                task("api", 1, vec![call(branches)]),
                called("patient", vec![recv("gate")]),
            ];
            // The parent's, and the child's if it is one of these.
            let failed = 1 + usize::from(outcome == Outcome::Failed);
            let seen = Lab::new(&gated(tasks)).on_tokio_until(repetitions(failed, Outcome::Failed));
            assert_eq!(seen.outcome("api"), Outcome::Failed, "{how} {children}");
            assert_eq!(seen.outcome(children), outcome, "{children}");
            assert_eq!(seen.outcome("patient"), Outcome::Cancelled, "{how} {children}");
            let orphans = if children == "api gather" { vec![0] } else { vec![] };
            assert_eq!(seen.orphans("patient"), orphans, "{how} {children}");
        }
    }
}

#[test]
fn on_threads_too_whichever_way_a_child_fails_the_call_fails() {
    for (how, fault, outcome) in faults() {
        for call in [Step::Gather as fn(_) -> _, Step::Group as fn(_) -> _] {
            let branches = vec![group("faulty"), inline(vec![Step::Yield])];
            let tasks = vec![
                task("api", 1, vec![call(branches)]),
                called("faulty", vec![fault.clone()]),
            ];
            let seen = Lab::new(&scenario(tasks)).on_threads();
            assert_eq!(seen.outcome("api"), Outcome::Failed, "{how}");
            assert_eq!(seen.outcome("faulty"), outcome);
        }
    }
}

#[test]
fn group_cancels_the_siblings_and_waits_for_their_ends() {
    let steps = vec![Step::Group(vec![
        group("patient"),
        group("gone"),
        inline(vec![fail(1.0)]),
    ])];
    let tasks = vec![
        task("g4", 1, steps),
        called("patient", vec![recv("gate")]),
        called("gone", vec![Step::Yield]),
    ];
    let lab = Lab::new(&gated(tasks));
    let seen = lab.on_tokio();
    assert_eq!(seen.outcome("g4"), Outcome::Failed);
    assert_eq!(seen.outcome("patient"), Outcome::Cancelled);
    assert_eq!(seen.outcome("g4 group"), Outcome::Failed);
    for child in ["patient", "gone", "g4 group"] {
        assert!(seen.ended_at(child) <= seen.repetition_end("g4"), "{child}");
    }
    assert!(seen.orphans("patient").is_empty());
    let lines = lines_about("g4 group#0");
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].1.contains("patient#0 was cancelled"), "{lines:?}");
}

#[test]
fn on_threads_group_waits_for_all_and_reports_all_failures_together() {
    let tasks = vec![task(
        "g5",
        1,
        vec![Step::Group(vec![
            inline(vec![fail(1.0)]),
            inline(vec![Step::Block(fixed(5 * MS)), fail(1.0)]),
            inline(vec![Step::Block(fixed(5 * MS))]),
        ])],
    )];
    let seen = Lab::new(&scenario(tasks)).on_threads();
    use Outcome::{Completed, Failed};
    assert_eq!(seen.outcomes("g5 group"), [Failed, Failed, Completed]);
    assert_eq!(seen.outcome("g5"), Failed);
    assert!(seen.ended_at("g5 group") <= seen.repetition_end("g5"));
    let lines = lines_about("g5 group#0 failed");
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].1.contains("g5 group#1 failed"), "{lines:?}");
}

#[test]
fn group_that_has_no_failure_completes_everywhere() {
    let branches = vec![inline(vec![cpu(MS / 10)]), inline(vec![Step::Yield])];
    for (executor, seen) in everywhere(&scenario(vec![task("api", 2, vec![Step::Group(branches)])])) {
        assert_eq!(seen.repetitions("api"), [Outcome::Completed; 2], "{executor}");
        assert_eq!(seen.outcomes("api group"), [Outcome::Completed; 4], "{executor}");
        assert_eq!(seen.steps("api"), ["group 2", "group 2"], "{executor}");
    }
}

#[test]
fn race_is_decided_by_the_first_and_the_losers_are_cancelled_where_that_is_possible() {
    let steps = vec![Step::Race(vec![group("patient"), inline(vec![Step::Yield])])];
    let tasks = vec![task("api", 1, steps), called("patient", vec![recv("gate")])];
    let scenario = gated(tasks);
    let seen = Lab::new(&scenario).on_tokio();
    assert_eq!(seen.outcome("api"), Outcome::Completed);
    assert_eq!(seen.outcome("patient"), Outcome::Cancelled);
    assert!(seen.orphans("patient").is_empty());

    // The winner's repetition, and then the racer's.
    let seen = Lab::new(&scenario).on_threads_until(repetitions(2, Outcome::Completed));
    assert_eq!(seen.outcome("api"), Outcome::Completed);
    assert_eq!(seen.orphans("patient"), [0]);
    assert_eq!(seen.outcome("patient"), Outcome::Cancelled);
    assert!(seen.ended_at("patient") > seen.ended_at("api"));
}

#[test]
fn a_race_that_a_failure_wins_is_lost() {
    let steps = vec![Step::Race(vec![inline(vec![fail(1.0)]), group("patient")])];
    let tasks = vec![task("api", 1, steps), called("patient", vec![recv("gate")])];
    for (executor, seen) in both_until(&gated(tasks), || repetitions(2, Outcome::Failed)) {
        assert_eq!(seen.outcome("api"), Outcome::Failed, "{executor}");
    }
}

#[test]
fn a_timeout_around_cancels_async_children() {
    for around in [
        Step::Gather(vec![group("patient"), group("patient")]),
        Step::Group(vec![group("patient"), group("patient")]),
        Step::Race(vec![group("patient"), group("patient")]),
        Step::Spawn {
            branch: group("patient"),
            count: 2,
            wait: true,
        },
    ] {
        let limited = Step::Timeout {
            after: fixed(5 * MS),
            steps: vec![around],
        };
        let tasks = vec![task("api", 1, vec![limited]), called("patient", vec![recv("gate")])];
        let seen = Lab::new(&gated(tasks)).on_tokio();
        assert_eq!(seen.outcome("api"), Outcome::TimedOut);
        assert_eq!(seen.outcomes("patient"), [Outcome::Cancelled; 2]);
        assert!(seen.orphans("patient").is_empty());
    }
}

#[test]
fn a_timeout_around_leaves_offloaded_work_running_on_its_own() {
    let job = Step::Offload(vec![recv("gate"), recv("gate")]);
    for around in [Step::Gather(vec![inline(vec![job.clone()])]), job] {
        let limited = Step::Timeout {
            after: fixed(5 * MS),
            steps: vec![around],
        };
        let mut api = task("api", 1, vec![send("gate"), limited]);
        api.repeat = Repeat::Forever;
        // With the gates that later repetitions open, a job that was left alone gets to its end.
        let mut left = Vec::new();
        let lab = Lab::new(&gated(vec![api]));
        let seen = lab.on_tokio_until(|batch| {
            let records = || batch.records.iter().map(|(_, record)| *record);
            left.extend(records().filter_map(|record| match record {
                Record::Orphaned(orphan) => Some(orphan.task),
                _ => None,
            }));
            records().any(|record| {
                matches!(record, Record::Ended(e) if e.outcome == Outcome::Completed && left.contains(&e.task))
            })
        });
        assert_eq!(seen.repetitions("api")[0], Outcome::TimedOut);
    }
}

#[test]
fn on_threads_a_timeout_around_is_noticed_at_the_end() {
    let branches = || vec![inline(vec![Step::Block(fixed(5 * MS))]), inline(vec![Step::Yield])];
    for around in [Step::Gather(branches()), Step::Group(branches())] {
        let limited = Step::Timeout {
            after: fixed(MS),
            steps: vec![around],
        };
        let seen = Lab::new(&scenario(vec![task("api", 1, vec![limited])])).on_threads();
        assert_eq!(seen.outcome("api"), Outcome::TimedOut);
        let children = ["api gather", "api group"].map(|name| seen.outcomes(name)).concat();
        assert_eq!(children, [Outcome::Completed; 2]);
    }
}

#[test]
fn a_task_that_is_aborted_before_it_ran_has_an_end() {
    let steps = vec![Step::Gather(vec![inline(vec![Step::Yield])])];
    let lab = Lab::new(&scenario(vec![task("api", 1, steps)]));
    let running = lab.start(Builder::new_current_thread());
    running.tasks[0].abort();
    let seen = running.join();
    assert_eq!(seen.outcome("api"), Outcome::Cancelled);
    assert!(seen.repetitions("api").is_empty());
}

#[test]
fn spawn_waits_if_it_is_told_to() {
    let spawn = |branch| Step::Spawn {
        branch,
        count: 3,
        wait: true,
    };
    let tasks = vec![
        task("api", 1, vec![spawn(inline(vec![cpu(MS / 10)]))]),
        task("bad", 1, vec![spawn(inline(vec![fail(1.0)]))]),
    ];
    for (executor, seen) in everywhere(&scenario(tasks)) {
        assert_eq!(seen.outcomes("api spawn"), [Outcome::Completed; 3], "{executor}");
        assert!(seen.ended_at("api spawn") <= seen.repetition_end("api"), "{executor}");
        assert_eq!(seen.outcome("api"), Outcome::Completed, "{executor}");
        assert_eq!(seen.outcomes("bad spawn"), [Outcome::Failed; 3], "{executor}");
        assert_eq!(seen.outcome("bad"), Outcome::Failed, "{executor}");
    }
}

fn spawn(what: &str) -> Step {
    Step::Spawn {
        branch: group(what),
        count: 1,
        wait: false,
    }
}

#[test]
fn what_is_spawned_and_not_waited_for_lives_on_and_its_failure_is_lost() {
    let tasks = vec![
        task("api", 1, vec![spawn("patient"), spawn("stray")]),
        called("patient", vec![recv("gate")]),
        called("stray", vec![fail(1.0)]),
    ];
    // The spawner's, and not the patient's.
    for (executor, seen) in both_until(&gated(tasks), || repetitions(1, Outcome::Completed)) {
        assert_eq!(seen.outcome("api"), Outcome::Completed, "{executor}");
        assert!(seen.ended_at("patient") > seen.ended_at("api"), "{executor}");
        assert!(seen.orphans("patient").is_empty(), "{executor}");
        assert_eq!(seen.parent("patient"), Some(seen.tasks["api"]), "{executor}");
    }
    for (executor, seen) in everywhere(&scenario(vec![
        task("api", 1, vec![spawn("stray")]),
        called("stray", vec![fail(1.0)]),
    ])) {
        assert_eq!(seen.outcome("stray"), Outcome::UnobservedFailure, "{executor}");
    }
}

#[test]
fn an_executor_on_threads_takes_in_what_is_spawned() {
    #[derive(Default)]
    struct Taken(Mutex<Vec<TaskCtx>>);
    impl DetachedSpawner for Taken {
        fn spawn_detached(self: Arc<Self>, task: TaskCtx) {
            self.0.lock().unwrap().push(task);
        }
    }
    let lab = Lab::new(&scenario(vec![
        task("api", 1, vec![spawn("stray")]),
        called("stray", vec![Step::Yield]),
    ]));
    let taken = Arc::new(Taken::default());
    let intake: Arc<dyn DetachedSpawner> = taken.clone();
    lab.services.set_detached_spawner(Arc::downgrade(&intake));
    let seen = lab.on_threads_until(|_| {
        let Some(task) = taken.0.lock().unwrap().pop() else {
            return false;
        };
        // The test is the executor.
        std::thread::scope(|scope| scope.spawn(|| task.run_sync(probe::now())).join()).is_ok()
    });
    assert_eq!(seen.outcome("stray"), Outcome::Completed);
    assert_eq!(seen.slices("stray").len(), 1);
}

#[test]
fn what_is_never_awaited_never_starts() {
    let never = Step::Unawaited(inline(vec![fail(1.0)]));
    for (executor, seen) in everywhere(&scenario(vec![task("idle1", 1, vec![never])])) {
        assert_eq!(seen.outcome("idle1"), Outcome::Completed, "{executor}");
        let child = "idle1 unawaited";
        assert_eq!(seen.outcome(child), Outcome::NeverStarted, "{executor}");
        assert!(
            seen.slices(child).is_empty() && seen.repetitions(child).is_empty(),
            "{executor}"
        );
        assert_eq!(seen.spawned_at(child), seen.ended_at(child), "{executor}");
        assert_eq!(seen.parent(child), Some(seen.tasks["idle1"]), "{executor}");
    }
    let lines = lines_about("idle1 unawaited#0");
    assert_eq!(lines.len(), 3);
    assert!(
        lines
            .iter()
            .all(|(level, line)| *level == Level::WARN && line.contains("never"))
    );
}
