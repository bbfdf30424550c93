//! A timeout left work running, whose result nobody needs. If such work takes more time than useful
//! work, the retries cause the timeouts.

use crate::findings::phrase::{self, Phrase, plural_ru, times_en, times_ru};
use crate::findings::{Evidence, Finding, MAX_TASKS};
use crate::model::{Fate, Group, Task};
use crate::record::{GroupId, Nanos, Outcome, Rule, RunInstant, TaskId};
use crate::text;

/// A group with less wasted work is not worth a finding.
const MIN_WASTED: Nanos = Nanos::from_millis(100);

/// A storm wastes at least this time.
const MIN_STORM: Nanos = Nanos::from_millis(1_000);

/// In a storm, at least this number of repetitions timed out.
const MIN_TIMEOUTS: u64 = 10;

pub(in crate::findings) fn check(evidence: &Evidence<'_>, findings: &mut Vec<Finding>) {
    let model = evidence.model;
    for group in model.groups().iter().filter(|group| group.orphaned > 0) {
        let work = model.group_work(group.id);
        let [useful, wasted] = [Fate::Useful, Fate::Orphaned].map(|fate| work.times[fate as usize]);
        if wasted < MIN_WASTED {
            continue;
        }
        let orphans = orphans(evidence, group.id);
        let parent = orphans
            .first()
            .and_then(|(orphan, _)| model.task(orphan.parent?)?.group);
        let timeouts = parent.and_then(|parent| model.group(parent)).map_or(0, timeouts);
        let is_storm = wasted >= MIN_STORM && wasted > useful && timeouts >= MIN_TIMEOUTS;
        let tasks = orphans.iter().map(|(orphan, _)| orphan.id).take(MAX_TASKS).collect();
        let first = orphans
            .iter()
            .map(|(_, since)| *since)
            .min()
            .unwrap_or(RunInstant::ZERO);
        let facts = Facts {
            group,
            parent,
            wasted,
            useful,
            timeouts,
            first,
            tasks,
        };
        findings.push(match is_storm {
            true => facts.storm(evidence),
            false => facts.left(evidence),
        });
    }
}

fn timeouts(group: &Group) -> u64 {
    group.repetitions()[Outcome::TimedOut as usize]
}

/// The tasks of a group that were orphaned, and since when.
fn orphans<'a>(evidence: &Evidence<'a>, group: GroupId) -> Vec<(&'a Task, RunInstant)> {
    let tasks = evidence.model.tasks().iter().filter(|task| task.group == Some(group));
    tasks.filter_map(|task| Some((task, task.orphaned?))).collect()
}

struct Facts<'a> {
    group: &'a Group,
    parent: Option<GroupId>,
    wasted: Nanos,
    useful: Nanos,
    timeouts: u64,
    first: RunInstant,
    tasks: Vec<TaskId>,
}

impl Facts<'_> {
    fn finding(self, evidence: &Evidence<'_>, rule: Rule, sentence: Phrase, remedy: Phrase) -> Finding {
        Finding {
            rule,
            culprit: self.group.name.clone(),
            victims: self
                .parent
                .map(|parent| evidence.group_name(parent))
                .into_iter()
                .collect(),
            cost: Nanos::ZERO,
            count: self.group.orphaned,
            first: self.first,
            at: self.first,
            tasks: self.tasks,
            sentence,
            remedy,
        }
    }

    fn storm(self, evidence: &Evidence<'_>) -> Finding {
        let name = &self.group.name;
        let parent = self
            .parent
            .map_or_else(String::new, |parent| evidence.group_name(parent));
        let sentence = Phrase::new(
            format!(
                "{parent} timed out {} and tried again, but its old work went on: {name} worked {} for results that nobody needed, and {} for results that were used.",
                times_en(self.timeouts),
                phrase::en(self.wasted),
                phrase::en(self.useful)
            ),
            format!(
                "{parent}: {} вышло время, новая попытка началась, а старая работа продолжалась. {name} работает впустую {}, с пользой — {}.",
                times_ru(self.timeouts),
                phrase::ru(self.wasted),
                phrase::ru(self.useful)
            ),
        );
        let remedy = Phrase::new(
            "Pause before each new attempt, longer each time and with a random part, and limit the number of attempts.",
            "Делайте перед новой попыткой паузу, каждый раз длиннее и со случайной добавкой, и ограничьте число попыток.",
        );
        self.finding(evidence, Rule::RetryStorm, sentence, remedy)
    }

    fn left(self, evidence: &Evidence<'_>) -> Finding {
        let (name, count) = (&self.group.name, self.group.orphaned);
        let sentence = Phrase::new(
            format!(
                "{} of {name} went on after nobody waited for {} any more: {} of work in vain.",
                match count {
                    1 => "One task".to_owned(),
                    count => format!("{} tasks", text::count(count)),
                },
                if count == 1 { "it" } else { "them" },
                phrase::en(self.wasted)
            ),
            format!(
                "{name}: {} {} работать, хотя результата уже никто не ждал, {} впустую.",
                text::count(count),
                plural_ru(count, "задача продолжала", "задачи продолжали", "задач продолжали"),
                phrase::ru(self.wasted)
            ),
        );
        let remedy = Phrase::new(
            "Work on a thread cannot be cancelled: give it a time limit of its own, or let it check whether it is still needed.",
            "Работу в потоке нельзя отменить: дайте ей собственный предел времени или проверяйте в ней, нужна ли она ещё.",
        );
        self.finding(evidence, Rule::AbandonedWork, sentence, remedy)
    }
}
