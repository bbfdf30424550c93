//! Fork-join: in order on one thread, and together on the threads of a pool.

use super::harness::*;
use crate::support::run::TestRun;
use tasklab::record::{LaneKind, Nanos, Outcome, Reason};
use tasklab::scenario::Step;
use tasklab::scenario::steps::Par;

fn par(lists: Vec<Vec<Step>>) -> Step {
    Step::Par(Par(lists))
}

#[test]
fn without_a_pool_one_list_follows_the_other() {
    let step = par(vec![vec![cpu(MS / 10)], vec![cpu(MS / 20)], vec![cpu(MS / 40)]]);
    for (executor, observed) in on_every_executor(&scenario(vec![task("api", 1, vec![step])])) {
        let steps = ["cpu 100µs", "cpu 50µs", "cpu 25µs", "par 3"];
        assert_eq!(observed.steps("api"), steps, "{executor}");
    }
}

#[test]
fn all_lists_run_even_if_one_fails_and_then_the_step_fails() {
    let step = par(vec![vec![fail(1.0)], vec![cpu(MS / 20)]]);
    for (executor, observed) in on_every_executor(&scenario(vec![task("api", 1, vec![step])])) {
        assert_eq!(observed.outcome("api"), Outcome::Failed, "{executor}");
        assert_eq!(observed.spans("api", "cpu 50µs").len(), 1, "{executor}");
    }
}

#[test]
fn each_list_is_a_receiver_from_the_start_of_the_step() {
    for executor in ["tokio", "current-thread", "threads", "pool"] {
        let mut run = TestRun::start(&format!(
            "title = 't'\n[executor]\nkind = '{executor}'\n\
             [[channel]]\nname = 'news'\nkind = 'broadcast'\ncapacity = 4\n\
             [[task]]\nname = 'api'\nrepeat = 3\nsteps = [{{ par = [[{{ send = 'news' }}], [{{ recv = 'news' }}]] }}]"
        ));
        assert_eq!(run.join(), None, "{executor}");
        let counts = run.model.counts();
        assert_eq!(counts.completed, counts.ended(), "{executor}: {counts:?}");
        let news = &run.model.resources()[0];
        let received: u64 = run.model.receptions(news).values().map(|it| it.received).sum();
        assert_eq!((news.acquired, received), (3, 3), "{executor}");
    }
}

const POOL: &str = "title = 't'\n[executor]\nkind = 'pool'\nworkers = 2\n";

#[test]
fn lists_run_at_the_same_time_on_the_threads_of_the_pool() {
    // Each list continues only after the other list has begun.
    let mut run = TestRun::start(&format!(
        "{POOL}[[channel]]\nname = 'a'\ncapacity = 1\n[[channel]]\nname = 'b'\ncapacity = 1\n\
         [[task]]\nname = 'api'\nrepeat = 5\n\
         steps = [{{ par = [[{{ send = 'a' }}, {{ recv = 'b' }}], [{{ send = 'b' }}, {{ recv = 'a' }}]] }}, {{ cpu = '1ms' }}]"
    ));
    assert_eq!(run.join(), None);
    let counts = run.model.counts();
    assert_eq!((counts.completed, counts.ended()), (11, 11), "{counts:?}");
    let lanes = run.model.lanes().iter().filter(|lane| lane.kind == LaneKind::Pool);
    assert_eq!(lanes.count(), 2);
    assert_eq!(run.model.lanes().len(), 2, "no other thread");
    let api = run.find_group("api").expect("the parent").id;
    let times = run.model.group_times(api);
    assert!(times.not_ready[Reason::Join as usize] > Nanos::ZERO, "{times:?}");
}

#[test]
fn the_times_of_a_task_that_forks_add_up_to_its_lifetime() {
    let mut run = TestRun::start(&format!(
        "{POOL}[[task]]\nname = 'api'\ncount = 4\nrepeat = 5\n\
         steps = [{{ par = [[{{ cpu = '1ms' }}], [{{ par = [[{{ cpu = '1ms' }}], [{{ cpu = '1ms' }}]] }}]] }}]"
    ));
    assert_eq!(run.join(), None);
    let model = &run.model;
    let counts = model.counts();
    assert_eq!(counts.completed, 4 + 4 * 5 * 4, "{counts:?}");
    for task in model.tasks() {
        let lifetime = task.ended_at().expect("an end") - task.spawned_at;
        assert_eq!(model.times(task.id).total(), lifetime, "{}", model.task_name(task.id));
    }
}
