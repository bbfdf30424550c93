//! A channel was full, and its senders waited: the receivers are the bottleneck.

use crate::findings::phrase::{self, Phrase, list_en, list_ru};
use crate::findings::{Evidence, Finding, waits};
use crate::model::{NOTABLE, Resource, Span};
use crate::record::{Nanos, ResourceKind, Rule};

/// Senders that waited for less are in a healthy run on a busy machine.
const MIN_COST: Nanos = Nanos::from_millis(500);

pub(in crate::findings) fn check(evidence: &Evidence<'_>, findings: &mut Vec<Finding>) {
    for resource in evidence.model.resources() {
        if resource.info.kind != ResourceKind::Channel || waits::is_in_deadlock(evidence, resource) {
            continue;
        }
        let Some(wait) = resource.longest_wait_until(evidence.model.now()) else {
            continue;
        };
        let cost = waits::total(evidence, resource);
        if cost >= MIN_COST && wait.len >= NOTABLE {
            findings.push(finding(evidence, resource, cost, &wait));
        }
    }
}

fn finding(evidence: &Evidence<'_>, resource: &Resource, cost: Nanos, wait: &Span) -> Finding {
    let (name, sender) = (&resource.info.name, evidence.task_name(wait.task));
    let receivers = &resource.info.receivers;
    Finding {
        rule: Rule::FullChannel,
        culprit: name.clone(),
        victims: waits::victims(evidence, resource),
        cost,
        count: resource.acquired,
        first: wait.from(),
        at: wait.from(),
        tasks: vec![wait.task],
        sentence: Phrase::new(
            format!(
                "The channel {name} was full, because {} received too slowly: senders waited {} for space, {sender} {} at a time.",
                list_en(receivers),
                phrase::en(cost),
                phrase::en(wait.len)
            ),
            format!(
                "Канал {name} был полон, потому что получатели ({}) не успевают: отправители ждали места {}, {sender} — до {} подряд.",
                list_ru(receivers),
                phrase::ru(cost),
                phrase::ru(wait.len)
            ),
        ),
        remedy: Phrase::new(
            "Make the receivers faster or add receivers. A larger channel only hides the difference for a while.",
            "Ускорьте получателей или добавьте новых. Больший канал лишь ненадолго скроет разницу.",
        ),
    }
}
