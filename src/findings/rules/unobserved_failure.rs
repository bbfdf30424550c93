//! Tasks failed, and no task was left to observe it.

use crate::findings::phrase::{Phrase, times_en, times_ru};
use crate::findings::{Evidence, Finding, MAX_TASKS};
use crate::model::Task;
use crate::record::{Rule, RunInstant};

pub(in crate::findings) fn check(evidence: &Evidence<'_>, findings: &mut Vec<Finding>) {
    let model = evidence.model;
    for group in model.groups().iter().filter(|group| group.failures_lost > 0) {
        let failed = |task: &&Task| task.group == Some(group.id) && task.is_failure_unobserved();
        let tasks: Vec<&Task> = model.tasks().iter().filter(failed).take(MAX_TASKS).collect();
        let ends = tasks.iter().filter_map(|task| task.ended_at());
        let first = ends.min().unwrap_or(RunInstant::ZERO);
        let (name, count) = (&group.name, group.failures_lost);
        findings.push(Finding::counted(
            (Rule::UnobservedFailure, name, count),
            (first, &tasks),
            Phrase::new(
                format!("{name} failed {}, and no task was left to observe it.", times_en(count)),
                format!("{name}: {} ошибку никто не получил.", times_ru(count)),
            ),
            Phrase::new(
                "Await every task that you start: keep its handle, or use a task group, which waits for all its tasks.",
                "Дожидайтесь каждой запущенной задачи: храните её дескриптор или возьмите группу задач, которая ждёт всех.",
            ),
        ));
    }
}
