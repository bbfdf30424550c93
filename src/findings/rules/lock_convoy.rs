//! A task held a lock while it waited for something else, and other tasks waited for the lock.

use crate::findings::phrase::{self, Phrase};
use crate::findings::{Evidence, Finding, MIN_COST, waits};
use crate::model::{NOTABLE, Resource, Span, State};
use crate::record::{Nanos, Reason, ResourceKind, Rule};

/// The number of the longest holds of a lock that are examined. On a busy machine, a holder
/// sometimes waits long for a lane.
const EXAMINED: usize = 16;

pub(in crate::findings) fn check(evidence: &Evidence<'_>, findings: &mut Vec<Finding>) {
    for resource in evidence.model.resources() {
        if !matches!(resource.info.kind, ResourceKind::Lock | ResourceKind::Rwlock) {
            continue;
        }
        let now = evidence.model.now();
        let wait = resource.longest_wait_until(now).filter(|wait| wait.len >= NOTABLE);
        let Some(wait) = wait.filter(|_| !waits::is_in_deadlock(evidence, resource)) else {
            continue;
        };
        let cost = waits::total(evidence, resource);
        if cost < MIN_COST {
            continue;
        }
        let holds = resource.longest_holds(EXAMINED, now).into_iter();
        let mut causes = holds
            .filter(|hold| hold.len >= NOTABLE)
            .filter_map(|hold| Some((hold, activity(evidence, &hold)?)));
        if let Some((hold, activity)) = causes.next() {
            findings.push(finding(evidence, resource, cost, (&hold, &wait), activity));
        }
    }
}

/// What the holder mostly did meanwhile, if this is known for certain to be the cause. If the
/// holder itself waited for a lane, or if it computed, the lock is not the cause.
fn activity(evidence: &Evidence<'_>, hold: &Span) -> Option<State> {
    let mut times: Vec<(State, Nanos)> = Vec::new();
    evidence.model.intervals(hold.task, hold.from(), hold.to, |interval| {
        let len = interval.to.min(hold.to) - interval.from.max(hold.from());
        match times.iter_mut().find(|(state, _)| *state == interval.state) {
            Some((_, sum)) => *sum += len,
            None => times.push((interval.state, len)),
        }
    });
    let (state, len) = times.into_iter().max_by_key(|(_, len)| *len)?;
    let is_cause = matches!(
        state,
        State::Suspended(_) | State::Waiting(_) | State::Blocking | State::Sleeping
    );
    (is_cause && len.0 * 2 >= hold.len.0).then_some(state)
}

fn finding(
    evidence: &Evidence<'_>,
    resource: &Resource,
    cost: Nanos,
    (hold, wait): (&Span, &Span),
    activity: State,
) -> Finding {
    let (name, holder, victim) = (
        &resource.info.name,
        evidence.task_name(hold.task),
        evidence.task_name(wait.task),
    );
    let (meanwhile_en, meanwhile_ru) = match activity {
        State::Suspended(Reason::Unknown) | State::Waiting(Reason::Unknown) => (String::new(), String::new()),
        State::Suspended(reason) | State::Waiting(reason) => {
            let reason = reason.into_str();
            (
                format!(" while it waited ({reason})"),
                format!(", сама ожидая ({reason})"),
            )
        }
        _ => (" while its thread slept".to_owned(), ", пока её поток спал".to_owned()),
    };
    let victims = waits::victims(evidence, resource);
    Finding {
        rule: Rule::LockConvoy,
        culprit: name.clone(),
        victims,
        cost,
        count: resource.acquired,
        first: wait.from(),
        at: wait.from(),
        tasks: vec![hold.task, wait.task],
        sentence: Phrase::new(
            format!(
                "{holder} held the lock {name} for up to {}{meanwhile_en}: tasks waited {} for it, {victim} {} at a time.",
                phrase::en(hold.len),
                phrase::en(cost),
                phrase::en(wait.len)
            ),
            format!(
                "{holder} держит блокировку {name} до {}{meanwhile_ru}: другие задачи ждали её {}, {victim} — до {} подряд.",
                phrase::ru(hold.len),
                phrase::ru(cost),
                phrase::ru(wait.len)
            ),
        ),
        remedy: Phrase::new(
            "Wait first, then lock: hold the lock only for the steps that need it.",
            "Сначала дождитесь, потом берите блокировку: держите её только на тех шагах, где она нужна.",
        ),
    }
}
