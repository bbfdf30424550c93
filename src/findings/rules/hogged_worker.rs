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
        HoldKind::Long if culprit.lanes == LaneSet::Workers => blame.time,
        _ => Nanos::ZERO,
    });
    for charge in charges.iter().filter(|charge| charge.is_long_on_core(evidence)) {
        let deed = match evidence.model.holds(charge.culprit) {
            Some(holds) => deed(evidence, charge, &holds),
            None => open_deed(evidence, charge),
        };
        findings.push(charge.finding(evidence, Rule::HoggedWorker, &deed, remedy()));
    }
}

fn open_deed(evidence: &Evidence<'_>, charge: &Charge) -> Phrase {
    let holder = charge.holder(evidence, None);
    Phrase::new(
        format!("{holder} computes without an await and keeps its worker"),
        format!("{holder} вычисляет без await и не отдаёт рабочий поток"),
    )
}

fn deed(evidence: &Evidence<'_>, charge: &Charge, holds: &Holds) -> Phrase {
    let holder = charge.holder(evidence, Some(holds));
    let step = match evidence.model.label(holds.longest.step) {
        "" => String::new(),
        step => format!(" ({step})"),
    };
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
