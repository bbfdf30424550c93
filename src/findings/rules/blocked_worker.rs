//! The thread of a worker slept in the OS: in a sync sleep, a file read, a lock or a database call.

use crate::findings::charge::Charge;
use crate::findings::phrase::{self, Phrase, times_en, times_ru};
use crate::findings::{Evidence, Finding};
use crate::model::{HoldKind, LaneSet};
use crate::record::{Label, Nanos, Reason, Rule};

/// The wait that a sleep without a known step must cause.
const LONG_SLEEP: Nanos = Nanos::from_millis(100);

pub(in crate::findings) fn check(evidence: &Evidence<'_>, findings: &mut Vec<Finding>) {
    if !evidence.model.info().async_executor {
        return;
    }
    let charges = Charge::all(evidence, |culprit, blame| match culprit.hold {
        HoldKind::Asleep(..) if culprit.lanes == LaneSet::Workers => blame.time,
        _ => Nanos::ZERO,
    });
    for charge in charges.iter().filter(|charge| is_certain(evidence, charge)) {
        if let HoldKind::Asleep(reason, label) = charge.culprit.hold {
            let deed = deed(evidence, charge, reason, label);
            findings.push(charge.finding(evidence, Rule::BlockedWorker, &deed, remedy(reason)));
        }
    }
}

/// If no step is known, only the kernel's samples show the sleep, so a notable wait must be longer.
/// `block_in_place` replaces a blocked worker. If the scenario uses it, a task must have waited for
/// at least half of the block.
fn is_certain(evidence: &Evidence<'_>, charge: &Charge) -> bool {
    let needed = match evidence.model.holds(charge.culprit) {
        None => LONG_SLEEP,
        Some(holds) if evidence.model.info().replaces_blocked_workers => Nanos(holds.longest.len.0 / 2),
        Some(_) => Nanos::ZERO,
    };
    charge.worst.caused >= needed
}

fn deed(evidence: &Evidence<'_>, charge: &Charge, reason: Reason, label: Label) -> Phrase {
    let holds = evidence.model.holds(charge.culprit);
    let holder = charge.holder(evidence, holds.as_ref());
    let (call_en, call_ru) = match reason {
        Reason::Timer => ("a blocking sleep", "в блокирующем sleep"),
        Reason::File => ("a file operation", "в операции с файлом"),
        Reason::Lock => ("a lock", "в ожидании блокировки"),
        Reason::Db => ("a database call", "в вызове базы данных"),
        Reason::Semaphore => ("a semaphore", "в ожидании семафора"),
        Reason::Channel => ("a channel", "в ожидании канала"),
        _ => ("a system call", "в системном вызове"),
    };
    let step = match evidence.model.label(label) {
        "" => String::new(),
        step => format!(" ({step})"),
    };
    match holds {
        Some(holds) => Phrase::new(
            format!(
                "{holder} blocked its worker in {call_en}{step} for up to {}, {}",
                phrase::en(holds.longest.len),
                times_en(holds.count)
            ),
            format!(
                "{holder} блокирует рабочий поток {call_ru}{step}, до {}, {}",
                phrase::ru(holds.longest.len),
                times_ru(holds.count)
            ),
        ),
        None => Phrase::new(
            format!("{holder} blocked its worker in {call_en}{step}"),
            format!("{holder} блокирует рабочий поток {call_ru}{step}"),
        ),
    }
}

fn remedy(reason: Reason) -> Phrase {
    match reason {
        Reason::Timer => Phrase::new(
            "Use the async sleep, or run the call on a blocking thread (`offload`, spawn_blocking).",
            "Замените на асинхронный sleep или вынесите вызов в блокирующий поток (`offload`, spawn_blocking).",
        ),
        Reason::Lock | Reason::Semaphore | Reason::Channel => Phrase::new(
            "Wait with `.await`: use the async lock, semaphore or channel; hold nothing while you wait for something else.",
            "Ждите через `.await`: возьмите асинхронную блокировку, семафор или канал и ничего не удерживайте на время ожидания.",
        ),
        _ => Phrase::new(
            "Run the call on a blocking thread (`how = \"offload\"`, spawn_blocking).",
            "Вынесите вызов в блокирующий поток (`how = \"offload\"`, spawn_blocking).",
        ),
    }
}
