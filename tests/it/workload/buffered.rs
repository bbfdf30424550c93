//! Tests of `buffered`: a task polls only some of its branches at the same time.

use super::harness::*;
use crate::support::run::TestRun;
use tasklab::model::Task;
use tasklab::record::{Outcome, Reason};
use tasklab::scenario::steps::Buffered;
use tasklab::scenario::{Branch, Step};

fn buffered(branch: Branch, count: u32, limit: u32, unordered: bool) -> Step {
    Step::Buffered(Buffered {
        branch,
        count,
        limit,
        unordered,
    })
}

#[test]
fn every_branch_runs_inside_the_task() {
    for unordered in [false, true] {
        let steps = vec![buffered(steps_branch(vec![Step::Yield, cpu(MS / 50)]), 5, 2, unordered)];
        for (executor, observed) in on_every_executor(&scenario(vec![task("b1", 2, steps)])) {
            assert_eq!(observed.repetitions("b1"), [Outcome::Completed; 2], "{executor}");
            assert_eq!(observed.outcomes("b1 buffered"), [Outcome::Completed; 10], "{executor}");
            assert_eq!(observed.parent("b1 buffered"), Some(observed.tasks["b1"]), "{executor}");
            assert!(
                observed.slices("b1 buffered").iter().all(|slice| slice.branch),
                "{executor}"
            );
            let name = if unordered {
                "buffered steps ×5 by 2 unordered"
            } else {
                "buffered steps ×5 by 2"
            };
            assert_eq!(observed.steps("b1"), [name, name], "{executor}");
        }
    }
}

#[test]
fn all_branches_run_even_if_one_fails_and_then_the_step_fails() {
    let steps = vec![buffered(group_branch("flaky"), 6, 2, false)];
    let tasks = vec![
        task("b2", 1, steps),
        called_group("flaky", vec![Step::Yield, fail(1.0)]),
    ];
    for (executor, observed) in on_every_executor(&scenario(tasks)) {
        assert_eq!(observed.outcome("b2"), Outcome::Failed, "{executor}");
        assert_eq!(observed.outcomes("flaky"), [Outcome::Failed; 6], "{executor}");
    }
}

#[test]
fn a_branch_that_was_not_woken_is_not_polled() {
    // The branches wait at the gate until `opener` has yielded many times beside them.
    let opener = vec![buffered(group_branch("patient"), 3, 3, true)];
    let yields = std::iter::repeat_n(Step::Yield, 20).collect();
    let tasks = vec![
        task(
            "b3",
            1,
            vec![Step::Join(tasklab::scenario::steps::Join(vec![
                steps_branch(opener),
                group_branch("busy"),
            ]))],
        ),
        called_group(
            "busy",
            [yields, vec![send("gate"), send("gate"), send("gate")]].concat(),
        ),
        called_group("patient", vec![recv("gate")]),
    ];
    let observed = Harness::new(&with_gate(tasks)).on_current_thread();
    assert_eq!(observed.outcome("b3"), Outcome::Completed);
    assert!(
        observed.slices("b3 join").len() >= 20,
        "`join` polls each branch again and again"
    );
    assert_eq!(
        observed.slices("patient").len(),
        2,
        "one poll before the gate, one after it"
    );
}

#[test]
fn a_panic_in_a_branch_ends_the_task_and_cancels_the_other_branches() {
    let panic = Step::Panic(tasklab::scenario::steps::Panic {
        message: "on purpose".into(),
        chance: 1.0,
    });
    // The first branch gets the only message, and panics before the second branch is polled.
    let steps = vec![send("gate"), buffered(group_branch("brittle"), 4, 2, false)];
    let tasks = vec![task("b4", 1, steps), called_group("brittle", vec![recv("gate"), panic])];
    let observed = Harness::new(&with_gate(tasks)).on_current_thread();
    assert_eq!(observed.outcome("b4"), Outcome::Panicked);
    assert_eq!(observed.outcomes("brittle"), [Outcome::Panicked, Outcome::Cancelled]);
}

/// The branches of a run in which most branches are fast, and some wait for a long time.
fn branches_of_a_run(unordered: bool) -> Vec<Task> {
    let mut run = TestRun::start(&format!(
        "title = 't'\nseed = 3\n[executor]\nkind = 'current-thread'\n[[task]]\nname = 'api'\n\
         steps = [{{ buffered = {{ what = 'call', count = 40, limit = {LIMIT}, unordered = {unordered} }} }}]\n\
         [[task]]\nname = 'call'\nstart = 'called'\n\
         steps = [{{ choose = [{{ weight = 8, steps = ['yield'] }}, {{ weight = 2, steps = [{{ sleep = '30ms' }}] }}] }}]"
    ));
    assert_eq!(run.join(), None);
    let group = run.find_group("call").expect("the branches").id;
    let api = run.find_group("api").expect("the task").id;
    let waits = run.model.group_times(api).not_ready[Reason::Join as usize];
    assert!(waits >= tasklab::record::Nanos::from_millis(20), "{waits:?}");
    let of_group = run.model.tasks().iter().filter(|task| task.group == Some(group));
    let mut branches: Vec<Task> = of_group.cloned().collect();
    branches.sort_by_key(|task| task.index);
    assert_eq!(branches.len(), 40);
    branches
}

const LIMIT: usize = 4;

/// Whether branch `n` starts only after the branches 0 to `n - LIMIT` have ended, for each `n`.
fn keeps_order(branches: &[Task]) -> bool {
    let ended_by = |branch: &Task, at| branch.ended_at().is_some_and(|end| end <= at);
    (LIMIT..branches.len()).all(|index| {
        let start = branches[index].spawned_at;
        branches[..=index - LIMIT].iter().all(|before| ended_by(before, start))
    })
}

#[test]
fn at_most_as_many_branches_as_the_limit_run_at_once() {
    for unordered in [false, true] {
        let branches = branches_of_a_run(unordered);
        for branch in &branches {
            let at = branch.spawned_at;
            let running = |other: &&Task| other.spawned_at <= at && other.ended_at().is_none_or(|end| end > at);
            let running = branches.iter().filter(running).count();
            assert!(running <= LIMIT, "{running} at {at:?}");
        }
        assert_eq!(keeps_order(&branches), !unordered, "unordered = {unordered}");
    }
}
