//! A branch that holds a lock or a permit while its task does not poll it.

use crate::support::run::TestRun;
use tasklab::model::Resource;
use tasklab::record::Nanos;

/// One branch holds `held` for 5 ms, while the other branch blocks the thread for 100 ms.
fn scenario(held: &str, wait: &str) -> String {
    format!(
        "title = 't'\n[executor]\nkind = 'current-thread'\n[[semaphore]]\nname = 'slots'\npermits = 2\n\
         [[task]]\nname = 'api'\nsteps = [{{ {wait} = [[{held}], ['yield', {{ block = '100ms' }}]] }}]\n\
         [[task]]\nname = 'other'\nsteps = [{{ lock = {{ name = 'db', steps = ['yield'] }} }}, {{ acquire = 'slots' }}]"
    )
}

fn resource<'a>(run: &'a TestRun, name: &str) -> &'a Resource {
    let mut resources = run.model.resources().iter();
    resources
        .find(|resource| resource.info.name == name)
        .expect("a resource")
}

#[test]
fn the_time_in_which_a_branch_holds_something_and_is_not_polled_is_counted() {
    let lock = "{ lock = { name = 'db', steps = [{ sleep = '5ms' }] } }";
    let permit = "{ acquire = 'slots' }, { sleep = '5ms' }, { release = 'slots' }";
    for (name, held) in [("db", lock), ("slots", permit)] {
        let mut run = TestRun::start(&scenario(held, "join"));
        assert_eq!(run.join(), None);
        let held = resource(&run, name);
        let unpolled = run.model.held_unpolled(held);
        // The timer of the branch is ready after 5 ms, or up to 2 ms later.
        assert!(unpolled >= Nanos::from_millis(90), "{name}: {unpolled:?}");
        assert!(
            unpolled <= held.held_time().max,
            "{name}: {unpolled:?} of {:?}",
            held.held_time()
        );
        // If each branch is a task of its own, nothing is counted.
        let mut run = TestRun::start(&scenario(if name == "db" { lock } else { permit }, "gather"));
        assert_eq!(run.join(), None);
        assert_eq!(run.model.held_unpolled(resource(&run, name)), Nanos::ZERO, "{name}");
    }
}

#[test]
fn a_branch_that_loses_a_select_releases_what_it_holds() {
    let text = scenario(
        "{ lock = { name = 'db', steps = [{ sleep = '5ms' }, { sleep = '1h' }] } }",
        "select",
    );
    let mut run = TestRun::start(&text);
    assert_eq!(run.join(), None);
    let lock = resource(&run, "db");
    assert_eq!(lock.holders(), []);
    // The branch was ready when it was dropped, so the time until then counts.
    assert!(run.model.held_unpolled(lock) >= Nanos::from_millis(90));
    assert_eq!(lock.acquired, 2, "the other task got the lock");
}

#[test]
fn a_branch_that_holds_a_lock_now_is_known_by_its_name() {
    let held = "{ lock = { name = 'db', steps = [{ sleep = '5ms' }] } }";
    let mut run = TestRun::start(&scenario(held, "join").replace("100ms", "1h"));
    run.until("a branch that holds a lock and is not polled", |run| {
        run.model.held_unpolled(resource(run, "db")) >= Nanos::from_millis(20)
    });
    let holders = resource(&run, "db").holders();
    let [branch] = holders[..] else { panic!("{holders:?}") };
    assert_eq!(run.model.task_name(branch).to_string(), "api join#0");
    assert_eq!(run.model.held_by(branch).collect::<Vec<_>>(), ["db"]);
    let before = run.model.held_unpolled(resource(&run, "db"));
    run.stop_and_join();
    let after = run.model.held_unpolled(resource(&run, "db"));
    assert!(after >= before, "{before:?} at the end: {after:?}");
}
