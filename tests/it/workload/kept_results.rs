//! Results that no task collects.

use crate::support::run::TestRun;
use tasklab::model::Resource;
use tasklab::record::ResourceKind;

/// A run in which ten children end, and the task that keeps their results ends after two seconds.
/// On a runtime, that task also spawns a child that never ends.
fn start(executor: &str, has_stuck_child: bool) -> TestRun {
    let (spawn_stuck, stuck) = if has_stuck_child {
        (
            "{ spawn = { what = 'stuck', keep = true, result = '1KiB' } },",
            "[[task]]\nname = 'stuck'\nstart = 'called'\nsteps = [{ recv = 'never' }]\n\
             [[channel]]\nname = 'never'\ncapacity = 1\n",
        )
    } else {
        ("", "")
    };
    let text = format!(
        "title = 't'\n[executor]\n{executor}\n[[channel]]\nname = 'go'\ncapacity = 1\n\
         [[task]]\nname = 'parent'\nsteps = [{{ gather = [[\
         {{ spawn = {{ what = 'child', count = 10, keep = true, result = '1KiB' }} }},\
         {{ spawn = {{ what = 'failing', count = 3, keep = true, result = '1KiB' }} }},\
         {spawn_stuck} {{ recv = 'go' }}]] }}]\n\
         [[task]]\nname = 'feeder'\nstart = '2s'\nsteps = [{{ send = 'go' }}]\n\
         [[task]]\nname = 'child'\nstart = 'called'\nsteps = ['yield']\n\
         [[task]]\nname = 'failing'\nstart = 'called'\nsteps = [{{ fail = 'always' }}]\n{stuck}"
    );
    TestRun::start(&text)
}

fn results(run: &TestRun) -> &Resource {
    let mut resources = run.model.resources().iter();
    let is_results = |resource: &&Resource| resource.info.kind == ResourceKind::Results;
    resources.find(is_results).expect("results")
}

#[test]
fn the_results_of_completed_children_stay_until_their_parent_ends() {
    for (executor, has_stuck_child) in [
        ("kind = 'tokio'\nworkers = 2", true),
        ("kind = 'current-thread'", true),
        ("kind = 'threads'", false),
    ] {
        let mut run = start(executor, has_stuck_child);
        run.until("ten results that are kept", |run| {
            results(run).held(run.model.now()).now == 10
        });
        assert_eq!(results(&run).info.name, "parent results");
        assert_eq!(results(&run).info.item_bytes, 1024);
        run.until("the end of the parent, which drops all results", |run| {
            results(run).released == 10
        });
        let held = results(&run).held(run.model.now());
        assert_eq!((held.now, held.max, results(&run).acquired), (0, 10, 10), "{executor}");
        run.join();
        let counts = |name: &str| run.find_group(name).expect("a group").counts();
        assert_eq!(counts("child").completed, 10, "{executor}");
        if has_stuck_child {
            assert_eq!(counts("stuck").cancelled, 1, "{executor}");
        }
    }
}
