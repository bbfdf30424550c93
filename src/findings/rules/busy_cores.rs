//! The threads of the run waited for a core: because there are more computing threads than cores,
//! or because of other programs.

use crate::findings::phrase::{self, Phrase};
use crate::findings::{Evidence, Finding};
use crate::record::{GroupId, Nanos, Rule, RunInstant};

/// Shorter waits are normal.
const MIN_OWN: Nanos = Nanos::from_millis(1_000);
/// See `MIN_OWN`.
const MIN_OTHERS: Nanos = Nanos::from_millis(500);

pub(in crate::findings) fn check(evidence: &Evidence<'_>, findings: &mut Vec<Finding>) {
    let cores = evidence.model.core_use();
    if cores.because_of_own >= MIN_OWN {
        findings.push(own(evidence));
    }
    // Other programs took a third of what the threads needed.
    let others = cores.because_of_others;
    if others >= MIN_OTHERS && others.0 * 3 >= cores.wanted_beside_others.0 {
        findings.push(others_finding(evidence, others));
    }
}

/// The groups whose threads had no core, the longest time first.
fn groups(evidence: &Evidence<'_>) -> Vec<String> {
    let groups = evidence.model.groups().iter();
    let time = |id: GroupId| evidence.model.group_off_core(id).unwrap_or_default();
    let mut groups: Vec<_> = groups.map(|group| (time(group.id), group.name.clone())).collect();
    groups.sort_by_key(|(time, _)| std::cmp::Reverse(*time));
    let all: Nanos = groups.iter().map(|(time, _)| *time).sum();
    let notable = groups
        .into_iter()
        .filter(|(time, _)| *time > Nanos::ZERO && time.0 >= all.0 / 50);
    notable.map(|(_, name)| name).collect()
}

fn own(evidence: &Evidence<'_>) -> Finding {
    let cores = evidence.model.core_use();
    let groups = groups(evidence);
    let (threads, count) = (cores.most_computing, cores.cores());
    let first = cores.first_own.unwrap_or(RunInstant::ZERO);
    Finding {
        rule: Rule::TooManyThreads,
        culprit: groups.first().cloned().unwrap_or_default(),
        victims: groups,
        cost: cores.because_of_own,
        count: threads as u64,
        first,
        at: first,
        tasks: Vec::new(),
        sentence: Phrase::new(
            format!(
                "Up to {threads} threads computed on {count} cores: they waited {} for a core.",
                phrase::en(cores.because_of_own)
            ),
            format!(
                "На {count} ядрах вычисляло до {threads} потоков: они ждали ядра {}.",
                phrase::ru(cores.because_of_own)
            ),
        ),
        remedy: Phrase::new(
            "Compute on as many threads as there are cores: limit the jobs with a semaphore, or use one pool.",
            "Вычисляйте в стольких потоках, сколько ядер: ограничьте задания семафором или возьмите один пул.",
        ),
    }
}

fn others_finding(evidence: &Evidence<'_>, others: Nanos) -> Finding {
    let first = evidence.model.core_use().first_others.unwrap_or(RunInstant::ZERO);
    Finding {
        rule: Rule::BusyMachine,
        culprit: "other programs".to_owned(),
        victims: groups(evidence),
        cost: others,
        count: 1,
        first,
        at: first,
        tasks: Vec::new(),
        sentence: Phrase::new(
            format!(
                "The machine is busy with other programs: threads of this run waited {} for a core.",
                phrase::en(others)
            ),
            format!(
                "Машина занята другими программами: потоки ждали ядра {}.",
                phrase::ru(others)
            ),
        ),
        remedy: Phrase::new(
            "End the other programs and run again: all times of this run are too long.",
            "Завершите другие программы и повторите: все времена этого прогона завышены.",
        ),
    }
}
