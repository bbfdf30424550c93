//! Timers and replies were ready, but nobody looked: the worker that holds the driver was busy, and
//! the other workers were idle.

use crate::findings::charge::Charge;
use crate::findings::phrase::Phrase;
use crate::findings::{Evidence, Finding};
use crate::model::{HoldKind, LaneSet, WaitKind};
use crate::record::{Nanos, Rule};

pub(in crate::findings) fn check(evidence: &Evidence<'_>, findings: &mut Vec<Finding>) {
    if !evidence.model.info().async_executor {
        return;
    }
    let charges = Charge::all(evidence, |culprit, blame| {
        if blame.victim.wait != WaitKind::Unnoticed || culprit.lanes != LaneSet::Workers {
            return Nanos::ZERO;
        }
        match culprit.hold {
            HoldKind::Asleep(..) => blame.while_others_idle,
            HoldKind::Long => evidence.on_core(culprit, blame.while_others_idle),
            HoldKind::Brief | HoldKind::InSystemCall(_) => Nanos::ZERO,
        }
    });
    for charge in charges {
        let holds = evidence.model.holds(charge.culprit);
        let holder = charge.holder(evidence, holds.as_ref());
        let deed = Phrase::new(
            format!("{holder} held the worker that looks at timers and I/O, while other workers were idle"),
            format!("{holder} держал поток, который следит за таймерами и вводом-выводом, а другие потоки простаивали"),
        );
        findings.push(charge.finding(evidence, Rule::StarvedDriver, &deed, remedy()));
    }
}

fn remedy() -> Phrase {
    Phrase::new(
        "Move the long step off the worker (`offload`), or set `enable_eager_driver_handoff`.",
        "Уберите долгий шаг с рабочего потока (`offload`) или включите `enable_eager_driver_handoff`.",
    )
}
