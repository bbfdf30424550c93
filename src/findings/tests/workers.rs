//! Rules about tasks that hold workers and threads.

use super::*;

#[test]
fn a_blocked_worker_is_found_with_its_step_and_its_victims() {
    let found = Stage::new(1_000)
        .blocked(0, API, (100, 600), Reason::Timer)
        .slice(1, HEARTBEAT, (600, 601), 0, 450)
        .find();
    assert_eq!(found.len(), 1, "{found:?}");
    let finding = &found[0];
    assert_eq!((finding.rule, finding.culprit.as_str()), (Rule::BlockedWorker, "api"));
    assert_eq!(finding.victims, ["heartbeat"]);
    assert_eq!((finding.cost, finding.count), (ms(450), 1));
    assert_eq!((finding.first, finding.at), (at(150), at(150)));
    assert_eq!(finding.tasks, [id(API), id(HEARTBEAT)]);
    assert_eq!(
        finding.sentence.en,
        "api blocked its worker in a blocking sleep (block 500ms) for up to 500 ms, once: \
         heartbeat waited 450 ms because of it, heartbeat 450 ms at a time."
    );
    assert_eq!(
        finding.sentence.ru,
        "api блокирует рабочий поток в блокирующем sleep (block 500ms), до 500 мс, 1 раз: \
         из-за этого heartbeat ждала 450 мс, heartbeat — до 450 мс подряд."
    );
}

#[test]
fn a_block_that_made_nobody_wait_for_long_is_no_finding() {
    let nobody_waits = Stage::new(1_000).blocked(0, API, (100, 600), Reason::Timer);
    assert_eq!(nobody_waits.find(), []);
    let cheap = Stage::new(1_000)
        .blocked(0, API, (100, 600), Reason::Timer)
        .slice(1, HEARTBEAT, (200, 201), 0, 45);
    assert_eq!(cheap.find(), [], "the cost is below 50 ms");
    let mut short = Stage::new(5_000);
    for turn in 0..20 {
        let from = turn * 100;
        short = short
            .blocked(0, API, (from, from + 8), Reason::File)
            .slice(1, HEARTBEAT, (from + 8, from + 9), 0, 8);
    }
    assert_eq!(short.find(), [], "no single wait is notable");
    let mut threads =
        Stage::new(1_000)
            .blocked(0, API, (100, 600), Reason::Timer)
            .slice(1, HEARTBEAT, (600, 601), 0, 450);
    threads.info.async_executor = false;
    assert_eq!(threads.find(), [], "threads of a pool may sleep");
}

#[test]
fn a_replaced_worker_is_blamed_only_for_a_wait_as_long_as_the_block() {
    let stage = |queued: u64| {
        let mut stage = Stage::new(1_000).blocked(0, API, (100, 600), Reason::Timer).slice(
            1,
            HEARTBEAT,
            (100 + queued, 101 + queued),
            0,
            queued,
        );
        stage.info.replaces_blocked_workers = true;
        stage.rules()
    };
    assert_eq!(stage(100), []);
    assert_eq!(stage(400), [Rule::BlockedWorker]);
}

/// The kernel's counts of the first worker's thread. If `asleep_in` is not `None`, the thread
/// sleeps in the system call with this number. `Some(None)` is a sleep outside of system calls.
fn sample(ms_at: u64, on_cpu: u64, waiting: u64, asleep_in: Option<Option<u16>>) -> Sample {
    Sample::Lane(LaneSample {
        at: at(ms_at),
        lane: LaneId(0),
        on_cpu: ms(on_cpu),
        waiting: ms(waiting),
        asleep_in: asleep_in.flatten(),
        asleep: asleep_in.is_some(),
    })
}

#[test]
fn a_sleep_that_only_the_kernel_reports_is_found_with_its_system_call() {
    let stage = |call, len| {
        let mut stage =
            Stage::new(1_000)
                .slice(0, API, (100, 100 + len), 0, 0)
                .slice(1, HEARTBEAT, (100 + len, 101 + len), 0, len);
        stage.samples = vec![sample(101, 50, 0, Some(call)), sample(99 + len, 50, 0, Some(call))];
        stage.find()
    };
    // The kernel's numbers differ between machines.
    let number = |name| (0..500).find(|number| text::syscall(*number) == Some(name));
    let (Some(read), Some(futex)) = (number("read"), number("futex")) else {
        return;
    };
    let found = stage(Some(read), 300);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].rule, Rule::BlockedWorker);
    assert!(
        found[0]
            .sentence
            .en
            .starts_with("api blocked its worker in the system call `read`: heartbeat waited ")
    );
    assert_eq!(stage(Some(read), 80), [], "the sleep is too short to be certain");
    assert_eq!(
        stage(Some(futex), 300),
        [],
        "a lock inside the runtime, on a busy machine"
    );
    assert_eq!(stage(Some(futex), 700)[0].rule, Rule::BlockedWorker);
    assert_eq!(stage(None, 300), [], "the thread waited for memory");
}

#[test]
fn a_computation_that_holds_a_worker_is_found_unless_the_machine_was_busy() {
    let stage = || {
        Stage::new(1_000)
            .slice(0, API, (100, 300), 0, 0)
            .slice(0, HEARTBEAT, (300, 301), 0, 200)
    };
    let found = stage().find();
    assert_eq!((found[0].rule, found[0].cost), (Rule::HoggedWorker, ms(200)));
    assert!(
        found[0]
            .sentence
            .en
            .starts_with("api computed for up to 200 ms without an await, once: ")
    );

    let sampled = |on_cpu, waiting| {
        let mut stage = stage();
        stage.samples = vec![sample(90, 0, 0, None), sample(310, on_cpu, waiting, None)];
        stage.find()
    };
    assert_eq!(sampled(5, 205), [], "the thread had no core");
    assert_eq!(sampled(5, 0), [], "the thread waited for memory");
    assert_eq!(
        sampled(120, 100)[0].cost,
        ms(100),
        "the thread had a core half of the time"
    );
    let brief = Stage::new(1_000)
        .slice(0, API, (100, 109), 0, 0)
        .slice(0, API, (109, 118), 0, 0)
        .slice(0, HEARTBEAT, (118, 119), 0, 18);
    assert_eq!(brief.find(), []);
}

#[test]
fn the_driver_is_starved_only_while_another_worker_is_idle() {
    let idle = Stage::new(1_000)
        .blocked(0, API, (100, 600), Reason::Timer)
        .slice(1, HEARTBEAT, (600, 601), 400, 0)
        .rules();
    assert_eq!(idle, [Rule::BlockedWorker, Rule::StarvedDriver]);
    let busy = Stage::new(1_000)
        .blocked(0, API, (100, 600), Reason::Timer)
        .blocked(1, REPORT, (100, 600), Reason::Timer)
        .slice(1, HEARTBEAT, (600, 601), 400, 0)
        .rules();
    assert_eq!(busy, [Rule::BlockedWorker, Rule::BlockedWorker]);
}

#[test]
fn a_full_pool_is_found_but_not_a_wait_in_a_pool_with_free_threads() {
    let stage = |threads| {
        let mut stage =
            Stage::new(1_000)
                .blocked(2, API, (100, 600), Reason::Timer)
                .slice(2, REPORT, (600, 601), 0, 450);
        stage.info.pool.as_mut().expect("a pool").threads = threads;
        stage.find()
    };
    let found = stage(1);
    assert_eq!((found[0].rule, found[0].culprit.as_str()), (Rule::FullPool, "api"));
    assert_eq!(
        (found[0].cost, &found[0].victims[..]),
        (ms(450), &["report".to_owned()][..])
    );
    assert_eq!(stage(2), []);
}
