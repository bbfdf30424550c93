//! Deadlocks between branches that one task polls itself.

use crate::support::program::run;
use crate::support::run::TestRun;

/// A task with two branches. The branches take two locks in opposite orders.
const CROSSED_BRANCHES: &str = "title = 'Crossed branches'\n[executor]\nkind = 'current-thread'\n\
    [[task]]\nname = 'transfer'\nsteps = [{ join = [\n\
    [{ lock = { name = 'a', steps = ['yield', { lock = { name = 'b', steps = ['yield'] } }] } }],\n\
    [{ lock = { name = 'b', steps = ['yield', { lock = { name = 'a', steps = ['yield'] } }] } }],\n]}]\n";
const SENTENCE: &str = "deadlock: transfer join#0 waits for b, held by transfer join#1; \
    transfer join#1 waits for a, held by transfer join#0";

#[test]
fn branches_of_one_task_that_take_locks_in_opposite_orders_are_a_deadlock() {
    for kind in ["current-thread", "tokio"] {
        for step in ["join", "try_join", "select"] {
            let text = CROSSED_BRANCHES
                .replace("current-thread", kind)
                .replace("join =", &format!("{step} ="));
            let done = run(&text, &["--headless"]);
            assert_eq!(done.code, Some(1), "{kind} {step}: {}", done.err);
            let sentence = SENTENCE.replace("transfer join", &format!("transfer {step}"));
            assert!(done.err.contains(&sentence), "{kind} {step}: {}", done.err);
        }
    }
}

#[test]
fn on_threads_the_branches_of_one_task_follow_each_other() {
    for kind in ["threads", "pool"] {
        let done = run(&CROSSED_BRANCHES.replace("current-thread", kind), &["--headless"]);
        assert_eq!(done.code, Some(0), "{kind}: {}", done.err);
    }
}

#[test]
fn a_wait_that_another_branch_or_a_timeout_can_end_is_no_deadlock() {
    let third = CROSSED_BRANCHES.replace("join = [", "select = [[{ sleep = '500ms' }],");
    let limited = CROSSED_BRANCHES.replace("name = 'transfer'", "name = 'transfer'\ntimeout = '500ms'");
    for text in [third, limited] {
        let mut run = TestRun::start(&text);
        assert_eq!(run.join(), None);
        assert_eq!(run.model.deadlocks(), [], "{text}");
    }
}

/// Branch 0 holds lock `a`. Branch 1 blocks the thread until task `other` releases lock `b`. But
/// task `other` waits for lock `a`.
fn holder_beside_a_blocked_branch(kind: &str) -> String {
    format!(
        "title = 'A blocked branch'\n[executor]\nkind = '{kind}'\n\
         [[task]]\nname = 'api'\nsteps = [{{ join = [\n\
         [{{ lock = {{ name = 'a', steps = [{{ sleep = '60ms' }}] }} }}],\n\
         [{{ sleep = '30ms' }}, {{ lock = {{ name = 'b', how = 'sync', steps = ['yield'] }} }}],\n]}}]\n\
         [[task]]\nname = 'other'\nsteps = [{{ lock = {{ name = 'b', how = 'sync', steps = [\n\
         {{ sleep = '10ms' }}, {{ lock = {{ name = 'a', steps = ['yield'] }} }}] }} }}]\n"
    )
}

#[test]
fn a_branch_that_blocks_its_thread_and_a_sibling_that_holds_a_lock_are_a_deadlock() {
    for kind in ["current-thread", "tokio"] {
        let done = run(&holder_beside_a_blocked_branch(kind), &["--headless"]);
        assert_eq!(done.code, Some(1), "{kind}: {}", done.err);
        let sentence = "other waits for a, held by api join#0; api join#0 waits for its thread, held by api join#1; \
            api join#1 waits for b, held by other";
        for clause in sentence.split("; ") {
            assert!(done.err.contains(clause), "{kind}: {clause} in {}", done.err);
        }
    }
    // If each branch has a thread of its own, the lock becomes free.
    let text = holder_beside_a_blocked_branch("threads").replace("join =", "gather =");
    let done = run(&text, &["--headless"]);
    assert_eq!(done.code, Some(0), "{}", done.err);
}

#[test]
fn a_deadlock_of_branches_ends_a_run_on_threads_although_other_branches_have_not_begun() {
    for kind in ["threads", "pool"] {
        let text = format!(
            "title = 'Two tasks'\n[executor]\nkind = '{kind}'\n\
             [[task]]\nname = 'one'\nsteps = [{{ join = [\n\
             [{{ lock = {{ name = 'a', steps = [{{ sleep = '20ms' }}, {{ lock = {{ name = 'b', steps = ['yield'] }} }}] }} }}],\n\
             ['yield'],\n]}}]\n\
             [[task]]\nname = 'two'\n\
             steps = [{{ lock = {{ name = 'b', steps = [{{ sleep = '20ms' }}, {{ lock = {{ name = 'a', steps = ['yield'] }} }}] }} }}]\n"
        );
        let done = run(&text, &["--headless"]);
        assert_eq!(done.code, Some(1), "{kind}: {}", done.err);
        assert!(
            done.err.contains("one join#0 waits for b, held by two"),
            "{kind}: {}",
            done.err
        );
    }
}

/// `parent` holds a lock while it waits for its stolen child. Meanwhile its thread runs `waiter`,
/// which waits for this lock.
const LOCK_ACROSS_PAR: &str = "title = 'A lock across par'\n[executor]\nkind = 'pool'\nworkers = 2\n\
    [[task]]\nname = 'parent'\nsteps = [{ lock = { name = 'a', how = 'sync', steps = [\n\
    { par = [[{ cpu = '30ms' }], [{ sleep = '200ms' }]] }] } }]\n\
    [[task]]\nname = 'waiter'\nstart = '80ms'\nsteps = [{ lock = { name = 'a', how = 'sync', steps = ['yield'] } }]\n";

#[test]
fn a_lock_that_is_held_across_par_is_a_deadlock_if_the_thread_runs_a_waiter() {
    let done = run(LOCK_ACROSS_PAR, &["--headless"]);
    assert_eq!(done.code, Some(1), "{}", done.err);
    let sentence = "deadlock: parent waits for its thread, held by waiter; waiter waits for a, held by parent";
    assert!(done.err.contains(sentence), "{}", done.err);
}
