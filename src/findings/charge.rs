//! What one culprit did to all its victims.

use super::phrase::{self, Phrase, list_en, list_ru};
use super::{Evidence, Finding, MAX_TASKS, MIN_COST};
use crate::model::{Blame, CausedWait, Culprit, Holds, NOTABLE};
use crate::record::{GroupId, Nanos, Rule, RunInstant, TaskId};
use std::collections::BTreeMap;

/// What one culprit did to all its victims.
#[derive(Clone, Debug)]
pub(super) struct Charge {
    pub culprit: Culprit,
    pub cost: Nanos,
    pub first: RunInstant,
    pub worst: CausedWait,
    /// For each group of victims, its waits and its worst wait.
    victims: BTreeMap<GroupId, (Nanos, Option<CausedWait>)>,
}

impl Charge {
    /// The charges against each culprit. `time` returns the part of the blame that counts; zero if
    /// it does not count. A charge needs a cost of [`MIN_COST`], and one wait of [`NOTABLE`].
    pub(in crate::findings) fn all(evidence: &Evidence<'_>, time: impl Fn(&Culprit, &Blame) -> Nanos) -> Vec<Charge> {
        let mut charges = BTreeMap::<Culprit, Vec<(&Blame, Nanos)>>::new();
        for blame in &evidence.blame {
            let Some(culprit) = blame.culprit else { continue };
            let time = time(&culprit, blame);
            if time > Nanos::ZERO {
                charges.entry(culprit).or_default().push((blame, time));
            }
        }
        let charges = charges.into_iter();
        charges
            .filter_map(|(culprit, blames)| Charge::of(culprit, &blames))
            .collect()
    }

    fn of(culprit: Culprit, blames: &[(&Blame, Nanos)]) -> Option<Charge> {
        let order = |wait: &CausedWait| (wait.caused, std::cmp::Reverse(wait.from), wait.task);
        let worst = blames.iter().filter_map(|(blame, _)| blame.worst).max_by_key(order)?;
        let cost: Nanos = blames.iter().map(|(_, time)| *time).sum();
        if cost < MIN_COST || worst.caused < NOTABLE {
            return None;
        }
        let mut victims = BTreeMap::<GroupId, (Nanos, Option<CausedWait>)>::new();
        for (blame, time) in blames {
            let victim = victims.entry(blame.victim.group).or_default();
            victim.0 += *time;
            victim.1 = victim.1.into_iter().chain(blame.worst).max_by_key(order);
        }
        Some(Charge {
            culprit,
            cost,
            first: blames.iter().map(|(blame, _)| blame.first).min()?,
            worst,
            victims,
        })
    }

    /// The groups of victims, those that waited longest first. Groups that hardly waited are left
    /// out.
    fn victims(&self) -> Vec<(GroupId, Option<CausedWait>)> {
        let mut victims: Vec<_> = self.victims.iter().collect();
        victims.sort_by_key(|(group, (time, _))| (std::cmp::Reverse(*time), **group));
        let notable = |time: Nanos| time.0 >= self.cost.0 / 50;
        let victims = victims.into_iter().filter(|(_, (time, _))| notable(*time));
        victims.map(|(group, (_, worst))| (*group, *worst)).collect()
    }

    /// The name of the task that held a lane for the longest time, or of the group.
    pub(in crate::findings) fn holder(&self, evidence: &Evidence<'_>, holds: Option<&Holds>) -> String {
        match holds {
            Some(holds) => evidence.task_name(holds.longest.task),
            None => evidence.group_name(self.culprit.group),
        }
    }

    /// `heartbeat and api waited 12.3 s because of it, heartbeat#0 once for 501 ms`.
    fn effect(&self, evidence: &Evidence<'_>, names: &[String]) -> Phrase {
        let (worst, task) = (self.worst.caused, evidence.task_name(self.worst.task));
        let verb = if names.len() == 1 { "ждала" } else { "ждали" };
        Phrase::new(
            format!(
                "{} waited {} because of it, {task} {} at a time",
                list_en(names),
                phrase::en(self.cost),
                phrase::en(worst)
            ),
            format!(
                "из-за этого {} {verb} {}, {task} — до {} подряд",
                list_ru(names),
                phrase::ru(self.cost),
                phrase::ru(worst)
            ),
        )
    }

    /// The finding. `deed` says what the culprit did.
    pub(in crate::findings) fn finding(
        &self,
        evidence: &Evidence<'_>,
        rule: Rule,
        deed: &Phrase,
        remedy: Phrase,
    ) -> Finding {
        let holds = evidence.model.holds(self.culprit);
        let victims = self.victims();
        let names: Vec<String> = victims.iter().map(|(group, _)| evidence.group_name(*group)).collect();
        let effect = self.effect(evidence, &names);
        let culprit = holds.map(|holds| holds.longest.task);
        let worst = victims.iter().filter_map(|(_, worst)| worst.map(|wait| wait.task));
        let mut tasks: Vec<TaskId> = culprit.into_iter().chain([self.worst.task]).chain(worst).collect();
        let mut seen = std::collections::HashSet::new();
        tasks.retain(|task| seen.insert(*task));
        tasks.truncate(MAX_TASKS);
        Finding {
            rule,
            culprit: evidence.group_name(self.culprit.group),
            victims: names,
            cost: self.cost,
            count: holds.map_or(1, |holds| holds.count),
            first: self.first,
            at: self.worst.from,
            tasks,
            sentence: Phrase::new(
                format!("{}: {}.", deed.en, effect.en),
                format!("{}: {}.", deed.ru, effect.ru),
            ),
            remedy,
        }
    }
}
