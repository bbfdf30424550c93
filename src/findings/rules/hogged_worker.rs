//! A task computed for long without an await, on a worker that other tasks needed.

use crate::findings::charge::Charge;
use crate::findings::phrase::{self, Phrase, times_en, times_ru};
use crate::findings::{Evidence, Finding};
use crate::model::{HoldKind, Holds, LaneSet};
use crate::record::{Nanos, Rule};

pub(in crate::findings) fn check(evidence: &Evidence<'_>, findings: &mut Vec<Finding>) {
    if !evidence.model.info().async_executor {
        return;
    }
    let charges = Charge::all(evidence, |culprit, blame| match culprit.hold {
        HoldKind::Long if culprit.lanes == LaneSet::Workers => evidence.on_core(culprit, blame.time),
        _ => Nanos::ZERO,
    });
    for charge in charges {
        if let Some(holds) = evidence.model.holds(charge.culprit) {
            let deed = deed(evidence, &charge, &holds);
            findings.push(charge.finding(evidence, Rule::HoggedWorker, &deed, remedy()));
        }
    }
}

fn deed(evidence: &Evidence<'_>, charge: &Charge, holds: &Holds) -> Phrase {
    let holder = charge.holder(evidence, Some(holds));
    let step = evidence.step(holds.longest.step);
    Phrase::new(
        format!(
            "{holder} computed for up to {} without an await{step}, {}",
            phrase::en(holds.longest.len),
            times_en(holds.count)
        ),
        format!(
            "{holder} вычисляет до {} без await{step}, {}",
            phrase::ru(holds.longest.len),
            times_ru(holds.count)
        ),
    )
}

fn remedy() -> Phrase {
    Phrase::new(
        "Move the computation to another thread (`offload`, spawn_blocking), or yield every few milliseconds.",
        "Вынесите вычисление в другой поток (`offload`, spawn_blocking) или уступайте поток каждые несколько миллисекунд.",
    )
}
