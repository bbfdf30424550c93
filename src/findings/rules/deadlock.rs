//! Tasks wait for one another and can never continue. The model finds them, and is certain.

use crate::findings::phrase::{Phrase, list_ru};
use crate::findings::{Evidence, Finding, MAX_TASKS};
use crate::model::{Blocked, Deadlock};
use crate::record::Rule;

pub(in crate::findings) fn check(evidence: &Evidence<'_>, findings: &mut Vec<Finding>) {
    for deadlock in evidence.model.deadlocks() {
        let waits = &deadlock.waits;
        let mut victims: Vec<String> = Vec::new();
        for wait in waits {
            let group = evidence.model.task(wait.task).and_then(|task| task.group);
            let name = group.map_or_else(|| wait.name.clone(), |group| evidence.group_name(group));
            if !victims.contains(&name) {
                victims.push(name);
            }
        }
        findings.push(Finding {
            rule: Rule::Deadlock,
            culprit: waits.first().map_or_else(String::new, |wait| wait.waits_for.clone()),
            victims,
            cost: waits.iter().map(|wait| evidence.model.now() - wait.since).sum(),
            count: 1,
            first: deadlock.since,
            at: deadlock.since,
            tasks: waits.iter().map(|wait| wait.task).take(MAX_TASKS).collect(),
            sentence: sentence(deadlock),
            remedy: Phrase::new(
                "Take the resources in the same order everywhere, and hold nothing while you wait for something else.",
                "Берите ресурсы везде в одном порядке и ничего не удерживайте на время ожидания.",
            ),
        });
    }
}

fn sentence(deadlock: &Deadlock) -> Phrase {
    const LISTED: usize = 4;
    let clause = |wait: &Blocked| {
        let held = match wait.held_by.is_empty() {
            true => String::new(),
            false => format!(" (держит {})", list_ru(&wait.held_by)),
        };
        format!("{} ждёт {}{held}", wait.name, wait.waits_for)
    };
    let clauses: Vec<_> = deadlock.waits.iter().take(LISTED).map(clause).collect();
    Phrase::new(
        deadlock.sentence.clone(),
        format!("Взаимная блокировка: {}.", clauses.join("; ")),
    )
}
