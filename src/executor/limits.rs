//! Before a run starts, compares the limits of the machine with the threads and files that the run
//! needs at one instant.
//!
//! Only definite needs are counted: tasks that arrive together, their branches, and workers. If
//! tasks arrive faster than they end, the machine may refuse a thread or a file later. Then the
//! task fails, and the log gives the reason.

use crate::scenario::steps::{ChildTasks, Service};
use crate::scenario::{Arrivals, Branch, Scenario, Start, Step, TaskSpec, Workers};
use rustix::process::{Resource, geteuid, getrlimit};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

/// The number of threads that tasklab itself needs: for the services, the monitor and the
/// conductor. tasklab uses more threads if the machine allows more.
const OWN_THREADS: u64 = 4;
/// The number of file descriptors that tasklab itself needs: for the standard streams and the
/// services. The monitor keeps more files open if it can.
const OWN_FILES: u64 = 12;

/// The maximum number of threads that records can distinguish. Lane ids have 16 bits.
const LANES: u64 = 65_000;

/// The machine allows less than a scenario needs.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "the scenario needs {needed} {what} at once, but {} leaves only {}; {}, or let fewer tasks arrive together",
    limit.from, limit.left, limit.raise
)]
pub struct Exceeded {
    /// The name of the quantity: `threads` or `open files`.
    what: &'static str,
    needed: u64,
    limit: Limit,
}

/// A limit of the machine, and how much of it is left.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Limit {
    left: u64,
    /// The source of the limit.
    from: String,
    /// How a user can raise the limit.
    raise: String,
}

/// The threads and files that the tasks of a scenario certainly need at one instant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Needs {
    /// Threads, summed over all processes.
    pub threads: u64,
    /// File descriptors.
    pub files: u64,
}

/// Checks that the machine allows what the scenario needs at once.
///
/// # Errors
/// Returns an error with the tightest limit if this limit is too low.
pub(super) fn check(needs: Needs) -> Result<(), Exceeded> {
    let root = Path::new("/");
    let mut limits = task_limits(root);
    limits.push(Limit {
        left: LANES,
        from: "tasklab's limit on lanes".to_owned(),
        raise: "use `pool`".to_owned(),
    });
    exceeded("threads", needs.threads + OWN_THREADS, limits)?;
    exceeded("open files", needs.files + OWN_FILES, file_limit())
}

fn exceeded(what: &'static str, needed: u64, limits: impl IntoIterator<Item = Limit>) -> Result<(), Exceeded> {
    let tightest = limits.into_iter().min_by_key(|limit| limit.left);
    match tightest {
        Some(limit) if limit.left < needed => Err(Exceeded { what, needed, limit }),
        _ => Ok(()),
    }
}

/// The number of threads that branches certainly need at once, on executors where each branch has
/// its own thread. Only the branches of the widest step are counted, because it is not known in
/// advance whether two tasks reach such a step at the same time.
pub(super) fn widest_branches(scenario: &Scenario) -> u64 {
    let tasks = scenario.tasks.iter().filter(|task| arriving_together(task) > 0);
    tasks.map(|task| branches(&task.steps, scenario)).max().unwrap_or(0)
}

/// The largest sum of `needs` over groups whose first tasks arrive at the same instant.
pub(super) fn max_at_one_instant(needs: impl IntoIterator<Item = (Start, u64)>) -> u64 {
    let mut by_start = BTreeMap::<Duration, u64>::new();
    for (start, need) in needs {
        if let Start::At(at) = start {
            let sum = by_start.entry(at).or_default();
            *sum = sum.saturating_add(need);
        }
    }
    by_start.into_values().max().unwrap_or(0)
}

/// The number of descriptors for the connections that tasks certainly have open at once, if each
/// task has its own connection. Each connection needs two descriptors, because the service is in
/// this process.
pub(super) fn connections(scenario: &Scenario) -> u64 {
    let requests = |task: &&TaskSpec| {
        let mut requests = false;
        for step in &task.steps {
            step.visit(&mut |step| requests |= step.service() == Some(Service::Http));
        }
        requests
    };
    let groups = scenario.tasks.iter().filter(requests);
    2 * max_at_one_instant(groups.map(|task| (task.start, arriving_together(task))))
}

/// The number of tasks of a group that arrive at one instant.
pub(super) fn arriving_together(task: &TaskSpec) -> u64 {
    match (task.start, task.arrivals) {
        (Start::Called, _) => 0,
        (Start::At(_), Arrivals::Together) => task.count.unwrap_or(1).into(),
        (Start::At(_), Arrivals::Every { burst, .. }) => task.count.map_or(burst, |count| count.min(burst)).into(),
        (Start::At(_), Arrivals::Rate(_) | Arrivals::Ramp { .. }) => 1,
    }
}

/// The maximum number of threads that one task uses at once while it runs `steps`, in addition to
/// its own thread.
///
/// If the task does not wait for a child, the child has its own thread only on the executor
/// `threads`.
pub(super) fn branches(steps: &[Step], scenario: &Scenario) -> u64 {
    let within = |branch: &Branch| match branch {
        Branch::Steps(steps) => branches(steps, scenario),
        // The recursion ends, because `check` rejects a group that calls itself.
        Branch::Group(name) => {
            let called = scenario.tasks.iter().find(|task| task.name == *name);
            called.map_or(0, |task| branches(&task.steps, scenario))
        }
    };
    let workers = scenario.executor.kind.traits().workers;
    let at_once = |step: &Step| -> u64 {
        let with_thread = |child: &ChildTasks<'_>| child.awaited || workers == Workers::OnePerTask;
        let children = step.children().into_iter().filter(with_thread);
        let (inline, with_thread): (Vec<_>, Vec<_>) = children.partition(|child| child.inline);
        let threads = with_thread
            .iter()
            .map(|child| u64::from(child.count).saturating_mul(1 + within(child.branch)));
        // If branches have no thread of their own, the task runs these branches one after the
        // other.
        let inline = inline.iter().map(|child| within(child.branch));
        let own_steps = step.own_steps().into_iter().filter(|_| step.is_certain());
        let own = own_steps.map(|steps| branches(steps, scenario)).chain(inline).max();
        threads.fold(own.unwrap_or(0), u64::saturating_add)
    };
    steps.iter().map(at_once).max().unwrap_or(0)
}

/// The limits on the number of threads. Linux counts each thread as a process.
fn task_limits(root: &Path) -> Vec<Limit> {
    let number = |path: &str| fs::read_to_string(root.join(path)).ok()?.trim().parse::<u64>().ok();
    // `0.20 0.18 0.12 1/80 11206`: 80 is the number of threads on this machine.
    let load = fs::read_to_string(root.join("proc/loadavg")).unwrap_or_default();
    let existing: u64 = load
        .split(['/', ' '])
        .nth(4)
        .and_then(|word| word.parse().ok())
        .unwrap_or(0);
    let mut limits = Vec::new();
    for (path, key) in [
        ("proc/sys/kernel/threads-max", "kernel.threads-max"),
        ("proc/sys/kernel/pid_max", "kernel.pid_max"),
    ] {
        if let Some(most) = number(path) {
            limits.push(Limit {
                left: most.saturating_sub(existing),
                from: format!("{key} ({most})"),
                raise: format!("raise it with `sysctl -w {key}=…`"),
            });
        }
    }
    // The kernel does not apply this limit to the superuser.
    if let (Some(most), false) = (getrlimit(Resource::Nproc).current, geteuid().is_root()) {
        limits.push(Limit {
            left: most,
            from: format!("RLIMIT_NPROC ({most}, which counts all of the user's threads)"),
            raise: "raise it with `ulimit -u …`".to_owned(),
        });
    }
    limits.extend(cgroup_limits(root));
    limits
}

/// `pids.max` of every control group (version 1 or 2) that this process is in, from the innermost
/// to the outermost.
fn cgroup_limits(root: &Path) -> Vec<Limit> {
    let groups = fs::read_to_string(root.join("proc/self/cgroup")).unwrap_or_default();
    let mut limits = Vec::new();
    for line in groups.lines() {
        let mut words = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (words.next(), words.next()) else {
            continue;
        };
        let mount = match controllers {
            "" => "sys/fs/cgroup",
            "pids" => "sys/fs/cgroup/pids",
            _ => continue,
        };
        let mount = root.join(mount);
        let group = mount.join(path.trim_start_matches('/'));
        for group in group.ancestors().take_while(|group| group.starts_with(&mount)) {
            let number = |file: &str| fs::read_to_string(group.join(file)).ok()?.trim().parse::<u64>().ok();
            // The file may contain the word `max`, which means that there is no limit.
            if let Some(most) = number("pids.max") {
                limits.push(Limit {
                    left: most.saturating_sub(number("pids.current").unwrap_or(0)),
                    from: format!("{} ({most})", group.join("pids.max").display()),
                    raise: "raise it there, or where the container is started (`--pids-limit`)".to_owned(),
                });
            }
        }
    }
    limits
}

/// The hard limit on open files. tasklab automatically raises the soft limit to the hard limit.
fn file_limit() -> Option<Limit> {
    let most = getrlimit(Resource::Nofile).maximum?;
    Some(Limit {
        left: most,
        from: format!("RLIMIT_NOFILE's hard limit ({most})"),
        raise: "raise it with `ulimit -Hn …` as root".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::kind_of;
    use super::*;

    fn scenario(tasks: &str) -> Scenario {
        on("kind = 'threads'", tasks)
    }

    fn on(executor: &str, tasks: &str) -> Scenario {
        let text = format!("title = 't'\n[executor]\n{executor}\n{tasks}");
        crate::scenario::read("test.toml", &text).unwrap_or_else(|report| panic!("{report}"))
    }

    /// The numbers of threads and descriptors that the scenario needs.
    fn needs(scenario: &Scenario) -> (u64, u64) {
        let Needs { threads, files } = (kind_of(scenario.executor.kind).needs)(scenario);
        (threads, files)
    }

    #[test]
    fn tasks_that_arrive_together_count_with_all_their_branches() {
        let scenario = scenario(
            "[[task]]\nname = 'a'\ncount = 10\nsteps = [{ http = '/' }, { gather = ['b', [{ race = [['yield'], ['yield']] }]] }]\n\
             [[task]]\nname = 'b'\nstart = 'called'\nsteps = ['yield']\n\
             [[task]]\nname = 'c'\ncount = 100\nevery = '1s'\nburst = 20\nsteps = ['yield']",
        );
        assert_eq!(needs(&scenario), (10 * (1 + 1 + 3) + 20, 20));
    }

    #[test]
    fn groups_that_arrive_at_different_instants_are_not_summed() {
        let group = |name, start| {
            format!("[[task]]\nname = '{name}'\ncount = 40000\nstart = '{start}'\nsteps = [{{ http = '/' }}]\n")
        };
        let apart = scenario(&[group("a", "0s"), group("b", "1s")].concat());
        assert_eq!(needs(&apart), (40_000, 80_000));
        let together = scenario(&[group("a", "1s"), group("b", "1s"), group("c", "2s")].concat());
        assert_eq!(needs(&together), (80_000, 160_000));
    }

    #[test]
    fn branches_also_need_threads_on_a_pool_and_in_processes() {
        let tasks = |wait| {
            format!(
                "[[task]]\nname = 'a'\ncount = 9\nsteps = [{{ spawn = {{ what = 'b', count = 100000, wait = {wait} }} }}]\n\
                 [[task]]\nname = 'b'\nstart = 'called'\nsteps = ['yield']"
            )
        };
        for (kind, own) in [("pool", 2), ("processes", 12)] {
            let executor = format!("kind = '{kind}'\nworkers = 2");
            assert_eq!(needs(&on(&executor, &tasks(true))).0, own + 100_000);
            assert_eq!(
                needs(&on(&executor, &tasks(false))).0,
                own,
                "spawned tasks go to the queue"
            );
        }
    }

    #[test]
    fn the_tightest_limit_of_nested_control_groups_counts() {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("proc/self/cgroup", "3:cpu:/x\n0::/box/run\n");
        write("proc/loadavg", "0.20 0.18 0.12 1/80 11206\n");
        write("proc/sys/kernel/threads-max", "1080\n");
        write("sys/fs/cgroup/box/run/pids.max", "max\n");
        write("sys/fs/cgroup/box/pids.max", "500\n");
        write("sys/fs/cgroup/box/pids.current", "100\n");
        let error = exceeded("threads", 401, task_limits(root.path()))
            .unwrap_err()
            .to_string();
        assert!(error.contains("needs 401 threads at once"), "{error}");
        assert!(
            error.contains("box/pids.max (500) leaves only 400; raise it there"),
            "{error}"
        );
        fs::remove_file(root.path().join("sys/fs/cgroup/box/pids.max")).unwrap();
        let error = exceeded("threads", 1001, task_limits(root.path()).into_iter().take(1)).unwrap_err();
        assert!(
            error.to_string().contains("kernel.threads-max (1080) leaves only 1000"),
            "{error}"
        );
        assert_eq!(
            exceeded("threads", 1000, task_limits(root.path()).into_iter().take(1)),
            Ok(())
        );
    }
}
