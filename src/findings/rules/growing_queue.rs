//! More comes to a channel or a semaphore than leaves it, so the queue grows and grows.

use crate::findings::phrase::{Phrase, list_en, list_ru};
use crate::findings::{Evidence, Finding, waits};
use crate::model::{Level, Resource, Traffic, Trend};
use crate::record::{Nanos, ResourceKind, Rule, RunInstant};
use crate::text;

/// The time in which the queue must have grown.
const WINDOW: Nanos = Nanos::from_millis(4_000);

/// The queue must have this length.
const MIN_MESSAGES: u64 = 100;
/// So many tasks must wait for a permit.
const MIN_TASKS: u64 = 20;

pub(in crate::findings) fn check(evidence: &Evidence<'_>, findings: &mut Vec<Finding>) {
    let now = evidence.model.now();
    if now < RunInstant::ZERO + WINDOW {
        return;
    }
    for resource in evidence.model.resources() {
        let traffic = resource.traffic(now - WINDOW, now);
        // The queue is as long as never before.
        let is_long = |level: Level, least: u64| level.now >= least && level.now * 10 >= level.max * 9;
        let is_fed = traffic.entered_per_s > traffic.left_per_s * 1.2;
        let grows = match resource.info.kind {
            ResourceKind::Channel => is_long(resource.held(now), MIN_MESSAGES) && traffic.items == Trend::Growing,
            ResourceKind::Semaphore => is_long(resource.waiting(now), MIN_TASKS) && traffic.waiting == Trend::Growing,
            _ => false,
        };
        if grows && is_fed && !waits::is_in_deadlock(evidence, resource) {
            findings.push(finding(evidence, resource, &traffic));
        }
    }
}

fn finding(evidence: &Evidence<'_>, resource: &Resource, traffic: &Traffic) -> Finding {
    let now = evidence.model.now();
    let name = &resource.info.name;
    let rates = [traffic.entered_per_s, traffic.left_per_s].map(|rate| text::count(rate.round() as u64));
    let wait = resource.longest_wait_until(now);
    let first = wait.map_or(now - WINDOW, |wait| wait.from());
    let (culprit_en, culprit_ru, remedy) = match resource.info.kind {
        ResourceKind::Channel => {
            let receivers = &resource.info.receivers;
            let length = text::count(resource.held(now).now);
            (
                format!(
                    "The channel {name} has {length} messages and grows, because {} receives",
                    list_en(receivers)
                ),
                format!(
                    "В канале {name} уже {length} сообщений, и их всё больше: {} получает",
                    list_ru(receivers)
                ),
                Phrase::new(
                    "Bound the channel, so that its senders wait, or add receivers.",
                    "Ограничьте канал, чтобы отправители ждали, или добавьте получателей.",
                ),
            )
        }
        _ => {
            let waiting = text::count(resource.waiting(now).now);
            (
                format!("{waiting} tasks wait for the semaphore {name}, and their number grows, because it serves"),
                format!("Семафора {name} ждут уже {waiting} задач, и их всё больше: он обслуживает"),
                Phrase::new(
                    "Start fewer tasks at a time, shorten what they do with a permit, or add permits.",
                    "Запускайте меньше задач сразу, сократите работу с разрешением или добавьте разрешений.",
                ),
            )
        }
    };
    let is_channel = resource.info.kind == ResourceKind::Channel;
    Finding {
        rule: Rule::GrowingQueue,
        culprit: name.clone(),
        victims: waits::victims(evidence, resource),
        cost: if is_channel {
            Nanos::ZERO
        } else {
            waits::total(evidence, resource)
        },
        count: if is_channel {
            resource.held(now).now
        } else {
            resource.waiting(now).now
        },
        first,
        at: first,
        tasks: wait.map(|wait| wait.task).into_iter().collect(),
        sentence: Phrase::new(
            format!("{culprit_en} {} a second, and {} a second arrive.", rates[1], rates[0]),
            format!(
                "{culprit_ru} {} в секунду, а приходит {} в секунду.",
                rates[1], rates[0]
            ),
        ),
        remedy,
    }
}
