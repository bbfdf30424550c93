//! All threads of a pool were held, and other jobs waited for a thread.

use crate::findings::charge::Charge;
use crate::findings::phrase::{self, Phrase};
use crate::findings::{Evidence, Finding};
use crate::model::LaneSet;
use crate::record::{LaneKind, Nanos, Rule};

pub(in crate::findings) fn check(evidence: &Evidence<'_>, findings: &mut Vec<Finding>) {
    let model = evidence.model;
    let Some(pool) = model.pool() else { return };
    let threads = pool.info.threads;
    if pool.busy(model.now()).max < u64::from(threads) {
        return;
    }
    let lanes = match pool.info.lanes {
        LaneKind::Blocking => LaneSet::BlockingThreads,
        _ => LaneSet::Workers,
    };
    let charges = Charge::all(evidence, |culprit, blame| match culprit.lanes == lanes {
        true => blame.time,
        false => Nanos::ZERO,
    });
    for charge in charges {
        let group = evidence.group_name(charge.culprit.group);
        let held = model.holds(charge.culprit).map(|holds| holds.longest.len);
        let (up_to_en, up_to_ru) = match held {
            Some(len) => (
                format!(" for up to {}", phrase::en(len)),
                format!(" до {}", phrase::ru(len)),
            ),
            None => Default::default(),
        };
        let deed = Phrase::new(
            format!("Jobs of {group} held the {threads} {}{up_to_en}", pool.info.name),
            format!("Задания {group} занимали потоки пула (всего {threads}){up_to_ru}"),
        );
        findings.push(charge.finding(evidence, Rule::FullPool, &deed, remedy(lanes)));
    }
}

fn remedy(lanes: LaneSet) -> Phrase {
    match lanes {
        LaneSet::BlockingThreads => Phrase::new(
            "Limit these jobs with a semaphore, give them a pool of their own, or raise `max_blocking_threads`.",
            "Ограничьте такие задания семафором, дайте им свой пул или увеличьте `max_blocking_threads`.",
        ),
        _ => Phrase::new(
            "Use more threads, shorter jobs, or an async executor for jobs that only wait.",
            "Увеличьте число потоков, сократите задания или ждите в асинхронных задачах.",
        ),
    }
}
