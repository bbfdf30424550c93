//! What a run needs at once, held against what the machine allows, before anything is started.
//!
//! Only what is certain to be there at one instant counts: tasks that arrive together, their branches, workers. What comes to be too
//! much later (tasks that arrive faster than they end) is told task by task when it does.

use crate::scenario::{Arrivals, Branch, Scenario, Start, Step, TaskSpec, Workers};
use rustix::process::{Resource, geteuid, getrlimit};
use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;
use std::time::Duration;

/// Threads that tasklab has beside those for tasks: services, monitor, conductor.
const OWN_THREADS: u64 = 16;
/// Descriptors that tasklab has beside those for tasks: standard streams, services, what the monitor keeps open.
const OWN_FILES: u64 = 320;

/// Threads that can be told apart in records.
const LANES: u64 = 65_000;

/// The machine does not allow as much as a scenario needs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Exceeded {
    /// `threads`, `open files`.
    what: &'static str,
    needed: u64,
    limit: Limit,
}

/// How much more is allowed.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Limit {
    left: u64,
    /// What says so.
    from: String,
    /// How to raise it.
    raise: String,
}

impl fmt::Display for Exceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Exceeded { what, needed, limit } = self;
        let Limit { left, from, raise } = limit;
        write!(
            f,
            "the scenario needs {needed} {what} at once, and {from} leaves {left}; {raise}, or let fewer tasks arrive together"
        )
    }
}

/// What a scenario has of the machine at one instant for certain, for its tasks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Needs {
    /// Threads, of all processes.
    pub threads: u64,
    /// Descriptors.
    pub files: u64,
}

/// Whether the machine allows what the scenario needs at once.
///
/// # Errors
/// Which limit stands against it.
pub(super) fn check(needs: Needs) -> Result<(), Exceeded> {
    let root = Path::new("/");
    let mut limits = task_limits(root);
    limits.push(Limit {
        left: LANES,
        from: "tasklab's room for lanes".to_owned(),
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

/// Threads that tasks have for branches where those have a thread each. Of all tasks one at least is in its widest step at some time;
/// whether two are at once, nobody knows.
pub(super) fn widest(scenario: &Scenario) -> u64 {
    let tasks = scenario.tasks.iter().filter(|task| together(task) > 0);
    tasks.map(|task| branches(&task.steps, scenario)).max().unwrap_or(0)
}

/// The most that is needed by groups that begin to arrive at the same instant.
pub(super) fn at_one_instant(needs: impl IntoIterator<Item = (Start, u64)>) -> u64 {
    let mut by_start = BTreeMap::<Duration, u64>::new();
    for (start, need) in needs {
        if let Start::At(at) = start {
            let sum = by_start.entry(at).or_default();
            *sum = sum.saturating_add(need);
        }
    }
    by_start.into_values().max().unwrap_or(0)
}

/// Descriptors of the connections that tasks have at once for certain, where each has its own: it has two ends.
pub(super) fn connections(scenario: &Scenario) -> u64 {
    let asks = |task: &&TaskSpec| {
        let mut asks = false;
        for step in &task.steps {
            step.visit(&mut |step| asks |= matches!(step, Step::Http { .. }));
        }
        asks
    };
    let asking = scenario.tasks.iter().filter(asks);
    2 * at_one_instant(asking.map(|task| (task.start, together(task))))
}

/// Tasks of a group that arrive at one instant.
pub(super) fn together(task: &TaskSpec) -> u64 {
    match (task.start, task.arrivals) {
        (Start::Called, _) => 0,
        (Start::At(_), Arrivals::Together) => task.count.unwrap_or(1).into(),
        (Start::At(_), Arrivals::Every { burst, .. }) => task.count.map_or(burst, |count| count.min(burst)).into(),
        (Start::At(_), Arrivals::Rate(_) | Arrivals::Ramp { .. }) => 1,
    }
}

/// Threads that one task has at once at most beside its own while it does these steps, one after the other. A task that it spawns and
/// does not wait for has a thread of its own only where every task has one.
pub(super) fn branches(steps: &[Step], scenario: &Scenario) -> u64 {
    let of = |branch: &Branch| match branch {
        Branch::Steps(steps) => 1 + branches(steps, scenario),
        // No group calls itself: the reader has seen to it.
        Branch::Group(name) => {
            let called = scenario.tasks.iter().find(|task| task.name == *name);
            1 + called.map_or(0, |task| branches(&task.steps, scenario))
        }
    };
    let workers = scenario.executor.kind.traits().workers;
    let at_once = |step: &Step| match step {
        Step::Gather(all) | Step::Group(all) | Step::Race(all) => all.iter().map(of).sum(),
        Step::Spawn { wait: false, .. } if workers != Workers::OnePerTask => 0,
        Step::Spawn { branch, count, .. } => u64::from(*count).saturating_mul(of(branch)),
        Step::Choose(_) | Step::Unawaited(_) => 0,
        other => other
            .within()
            .into_iter()
            .map(|steps| branches(steps, scenario))
            .max()
            .unwrap_or(0),
    };
    steps.iter().map(at_once).max().unwrap_or(0)
}

/// The limits on threads, each of which counts as a process to Linux.
fn task_limits(root: &Path) -> Vec<Limit> {
    let number = |path: &str| fs::read_to_string(root.join(path)).ok()?.trim().parse::<u64>().ok();
    // `0.20 0.18 0.12 1/80 11206`: one of eighty runs.
    let load = fs::read_to_string(root.join("proc/loadavg")).unwrap_or_default();
    let all: u64 = load
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
                left: most.saturating_sub(all),
                from: format!("{key} ({most})"),
                raise: format!("raise it with `sysctl -w {key}=…`"),
            });
        }
    }
    // The superuser is exempt from his own.
    if let (Some(most), false) = (getrlimit(Resource::Nproc).current, geteuid().is_root()) {
        limits.push(Limit {
            left: most,
            from: format!("RLIMIT_NPROC ({most}, which counts all of the user's)"),
            raise: "raise it with `ulimit -u …`".to_owned(),
        });
    }
    limits.extend(cgroup_limits(root));
    limits
}

/// `pids.max` of every control group that this process is in, from the innermost to the outermost, of either version.
fn cgroup_limits(root: &Path) -> Vec<Limit> {
    let told = fs::read_to_string(root.join("proc/self/cgroup")).unwrap_or_default();
    let mut limits = Vec::new();
    for line in told.lines() {
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
            // `max` is no number, and no limit.
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

/// Up to the hard limit the number of open files is raised without asking.
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
    use super::super::of;
    use super::*;

    fn scenario(tasks: &str) -> Scenario {
        on("kind = 'threads'", tasks)
    }

    fn on(executor: &str, tasks: &str) -> Scenario {
        let text = format!("title = 't'\n[executor]\n{executor}\n{tasks}");
        crate::scenario::read("test.toml", &text).unwrap_or_else(|report| panic!("{report}"))
    }

    /// Threads and descriptors.
    fn needs(scenario: &Scenario) -> (u64, u64) {
        let Needs { threads, files } = (of(scenario.executor.kind).needs)(scenario);
        (threads, files)
    }

    #[test]
    fn what_arrives_together_counts_with_all_its_branches() {
        let scenario = scenario(
            "[[task]]\nname = 'a'\ncount = 10\nsteps = [{ http = '/' }, { gather = ['b', [{ race = [['yield'], ['yield']] }]] }]\n\
             [[task]]\nname = 'b'\nstart = 'called'\nsteps = ['yield']\n\
             [[task]]\nname = 'c'\ncount = 100\nevery = '1s'\nburst = 20\nsteps = ['yield']",
        );
        assert_eq!(needs(&scenario), (10 * (1 + 1 + 3) + 20, 20));
    }

    #[test]
    fn what_arrives_at_different_instants_is_not_certain_to_meet() {
        let group = |name, start| {
            format!("[[task]]\nname = '{name}'\ncount = 40000\nstart = '{start}'\nsteps = [{{ http = '/' }}]\n")
        };
        let apart = scenario(&[group("a", "0s"), group("b", "1s")].concat());
        assert_eq!(needs(&apart), (40_000, 80_000));
        let together = scenario(&[group("a", "1s"), group("b", "1s"), group("c", "2s")].concat());
        assert_eq!(needs(&together), (80_000, 160_000));
    }

    #[test]
    fn branches_are_threads_on_a_pool_and_in_processes_too() {
        let tasks = |wait| {
            format!(
                "[[task]]\nname = 'a'\ncount = 9\nsteps = [{{ spawn = {{ what = 'b', count = 100000, wait = {wait} }} }}]\n\
                 [[task]]\nname = 'b'\nstart = 'called'\nsteps = ['yield']"
            )
        };
        for (kind, own) in [("pool", 2), ("processes", 12)] {
            let executor = format!("kind = '{kind}'\nworkers = 2");
            assert_eq!(needs(&on(&executor, &tasks(true))).0, own + 100_000);
            assert_eq!(needs(&on(&executor, &tasks(false))).0, own, "they go to the queue");
        }
    }

    #[test]
    fn the_tightest_of_nested_control_groups_counts() {
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
            error.contains("box/pids.max (500) leaves 400; raise it there"),
            "{error}"
        );
        fs::remove_file(root.path().join("sys/fs/cgroup/box/pids.max")).unwrap();
        let error = exceeded("threads", 1001, task_limits(root.path()).into_iter().take(1)).unwrap_err();
        assert!(
            error.to_string().contains("kernel.threads-max (1080) leaves 1000"),
            "{error}"
        );
        assert_eq!(
            exceeded("threads", 1000, task_limits(root.path()).into_iter().take(1)),
            Ok(())
        );
    }
}
