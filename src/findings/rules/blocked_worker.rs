//! The thread of a worker slept in the OS: in a sync sleep, a file read, a lock or a database call.

use crate::findings::charge::Charge;
use crate::findings::phrase::{self, Phrase, times_en, times_ru};
use crate::findings::{Evidence, Finding};
use crate::model::{HoldKind, LaneSet};
use crate::record::{Label, Nanos, Reason, Rule};
use crate::text;

/// The wait that a sleep in a system call without a known step must cause.
const LONG_SLEEP: Nanos = Nanos::from_millis(100);

/// The wait that a sleep in `futex` without a known step must cause. On a busy machine, a lock
/// inside the runtime makes its users wait while its holder has no core.
const LONG_FUTEX: Nanos = Nanos::from_millis(500);

pub(in crate::findings) fn check(evidence: &Evidence<'_>, findings: &mut Vec<Finding>) {
    if !evidence.model.info().async_executor {
        return;
    }
    let charges = Charge::all(evidence, |culprit, blame| match culprit.hold {
        HoldKind::Asleep(..) | HoldKind::InSystemCall(Some(_)) if culprit.lanes == LaneSet::Workers => blame.time,
        _ => Nanos::ZERO,
    });
    for charge in charges.iter().filter(|charge| is_certain(evidence, charge)) {
        let (deed, reason) = match charge.culprit.hold {
            HoldKind::Asleep(reason, label) => (deed(evidence, charge, reason, label), reason),
            HoldKind::InSystemCall(Some(number)) => (call_deed(evidence, charge, number), Reason::Unknown),
            HoldKind::Brief | HoldKind::Long | HoldKind::InSystemCall(None) => continue,
        };
        findings.push(charge.finding(evidence, Rule::BlockedWorker, &deed, remedy(reason)));
    }
}

/// If no step is known, only the kernel's samples show the sleep, so a notable wait must be longer.
/// If the thread slept outside of a system call, it waited for memory: then the machine is to
/// blame. `block_in_place` replaces a blocked worker. If the scenario uses it, a task must have
/// waited for at least half of the block.
fn is_certain(evidence: &Evidence<'_>, charge: &Charge) -> bool {
    let needed = match evidence.model.holds(charge.culprit) {
        None => match charge.culprit.hold {
            HoldKind::InSystemCall(Some(number)) if text::syscall(number) == Some("futex") => LONG_FUTEX,
            _ => LONG_SLEEP,
        },
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
    let step = evidence.step(label);
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

fn call_deed(evidence: &Evidence<'_>, charge: &Charge, number: u16) -> Phrase {
    let holder = charge.holder(evidence, None);
    let call = match text::syscall(number) {
        Some(name) => format!("`{name}`"),
        None => number.to_string(),
    };
    Phrase::new(
        format!("{holder} blocked its worker in the system call {call}"),
        format!("{holder} блокирует рабочий поток в системном вызове {call}"),
    )
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
