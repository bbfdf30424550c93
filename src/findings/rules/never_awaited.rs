//! Futures were created, and dropped before their first poll: the `.await` is missing.

use crate::findings::phrase::{Phrase, times_en, times_ru};
use crate::findings::{Evidence, Finding, MAX_TASKS};
use crate::model::Task;
use crate::record::{Outcome, Rule, RunInstant};

pub(in crate::findings) fn check(evidence: &Evidence<'_>, findings: &mut Vec<Finding>) {
    let model = evidence.model;
    for group in model.groups() {
        let count = group.counts().never_started as u64;
        if count == 0 {
            continue;
        }
        let is_one = |task: &&Task| {
            let is_dropped = task.ended.is_some_and(|(_, outcome)| outcome == Outcome::NeverStarted);
            task.group == Some(group.id) && is_dropped
        };
        let tasks: Vec<&Task> = model.tasks().iter().filter(is_one).take(MAX_TASKS).collect();
        let first = tasks.first().map_or(RunInstant::ZERO, |task| task.spawned_at);
        let name = &group.name;
        findings.push(Finding::counted(
            (Rule::NeverAwaited, name, count),
            (first, &tasks),
            Phrase::new(
                format!(
                    "{name} was called {}, but never awaited: it did not run.",
                    times_en(count)
                ),
                format!("{name}: вызов {} остался без await и не выполнялся.", times_ru(count)),
            ),
            Phrase::new(
                "Await the future, or spawn it as a task.",
                "Добавьте await или запустите отдельной задачей.",
            ),
        ));
    }
}
