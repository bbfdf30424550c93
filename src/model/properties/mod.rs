//! Properties that hold for every realistic stream of records, in every possible order of delivery.

mod generator;
mod resources;

use super::task::LiveTask;
use super::*;
use crate::record::*;
use generator::*;
use proptest::prelude::*;

/// All answers of the model as text. The text includes the state of each task, once every `step`
/// nanoseconds.
fn answers(model: &Model, step: u64) -> Vec<String> {
    let span = Window {
        from: RunInstant::new(0),
        to: model.now() + Nanos(50),
        columns: 37,
    };
    let mut answers = vec![format!(
        "{:?} {:?} {:?}",
        model.now(),
        model.counts(),
        model.record_counts()
    )];
    answers.extend(model.tasks().iter().map(|task| task_answers(model, task, span, step)));
    answers.extend(model.groups().iter().map(|group| group_answers(model, group)));
    answers.extend(model.lanes().iter().map(|lane| lane_answers(model, lane, span)));
    answers.extend(model.series().map(|point| format!("{point:?}")));
    answers.extend(model.blame().iter().map(|blame| {
        let holds = blame.culprit.and_then(|culprit| model.holds(culprit));
        format!("{blame:?} {holds:?}")
    }));
    answers
}

fn task_answers(model: &Model, task: &Task, span: Window, step: u64) -> String {
    let id = task.id;
    let instants = (0..model.now().0).step_by(step as usize).map(RunInstant::new);
    let states: Vec<_> = instants
        .map(|at| (model.state_at(id, at), model.awaited_step_at(id, at)))
        .collect();
    let mut cells = Vec::new();
    model.paint_task(id, span, &mut cells);
    format!(
        "{} {:?} {:?} {:?} {:?} {:?}\n{states:?}\n{cells:?}",
        model.task_name(id),
        (task.group, task.spawned_at, task.ended, task.polls, task.repetitions),
        model.times(id),
        model.state(id),
        model.state_since(id),
        model.current_step(id)
    )
}

fn group_answers(model: &Model, group: &Group) -> String {
    format!(
        "{} {:?} {:?} {:?} {:?} {:?} {:?}",
        group.name,
        (
            group.spawned,
            group.counts(),
            group.repetitions(),
            group.polls(),
            group.orphaned,
            group.failures_lost
        ),
        (model.group_times(group.id), model.group_span(group.id)),
        group.poll_time(),
        group.delay(),
        group.lateness(),
        group.repetition_time()
    )
}

fn lane_answers(model: &Model, lane: &Lane, span: Window) -> String {
    let mut cells = Vec::new();
    model.paint_lane(lane.id, span, &mut cells);
    format!(
        "{} {} {:?} {cells:?}\n{:?}",
        lane.name,
        lane.slices(),
        model.lane_times(lane.id),
        model.utilisation(lane.id, model.now().since_zero())
    )
}

/// Checks the properties of sums.
fn sums_hold(model: &Model) -> Result<(), TestCaseError> {
    let mut groups = HashMap::<GroupId, StateTimes>::new();
    let mut all = StateTimes::default();
    let mut counts = TaskCounts::default();
    for task in model.tasks() {
        let times = model.times(task.id);
        let until = task.ended_at().unwrap_or(model.now());
        prop_assert_eq!(
            times.total(),
            until - task.spawned_at,
            "{:?}: the times add up to the life of the task",
            task.id
        );
        prop_assert_eq!(
            times.waiting() + times.suspended(),
            times.not_ready.into_iter().sum::<Nanos>()
        );
        *groups.entry(task.group.unwrap()).or_default() += times;
        all += times;
        *counts.get_mut(model.state(task.id)) += 1;
    }
    for group in model.groups() {
        let sum = groups.get(&group.id).copied().unwrap_or_default();
        prop_assert_eq!(model.group_times(group.id), sum, "group {:?}", group.id);
        let decided = model.group_work(group.id).decided();
        prop_assert!(
            decided <= sum.held(),
            "useful and wasted work are parts of all work: {:?}",
            group.id
        );
    }
    prop_assert_eq!(model.counts(), counts);
    let lanes = model.lanes().iter().map(|lane| model.lane_times(lane.id));
    let (running, blocking) = lanes.fold((Nanos::ZERO, Nanos::ZERO), |(r, b), lane| (r + lane.0, b + lane.1));
    prop_assert_eq!(
        (running, blocking),
        (all.computing(), all.blocking),
        "lanes and tasks contain the same slices"
    );
    Ok(())
}

/// What became of the work of each group. If no record is missing, the records show this: the work
/// at an instant belongs to the first repetition that ends at this instant or later.
fn work_by_records(run: &RecordedRun) -> HashMap<GroupId, WorkSums> {
    let records = || run.rings.iter().flatten();
    let mut groups = HashMap::new();
    for spawned in records().filter_map(|record| match record {
        Record::Spawned(spawned) => Some(spawned),
        _ => None,
    }) {
        let of_task = || records().filter(|record| record.task() == Some(spawned.task));
        let is_orphan = of_task().any(|record| matches!(record, Record::Orphaned(_)));
        let last = of_task().filter_map(|record| match record {
            Record::Ended(ended) => Some((RunInstant::MAX, Fate::of(ended.outcome, is_orphan)?)),
            _ => None,
        });
        let sums: &mut WorkSums = groups.entry(spawned.group).or_default();
        let mut ends: Vec<_> = of_task()
            .filter_map(|record| match record {
                Record::Repetition(it) => {
                    let end = it.start + it.len.get();
                    let orphaned =
                        of_task().any(|record| matches!(record, Record::Orphaned(orphaned) if orphaned.at <= end));
                    Some((end, Fate::of(it.outcome, orphaned)?))
                }
                _ => None,
            })
            .collect();
        ends.sort_by_key(|(end, _)| *end);
        ends.iter().for_each(|(_, fate)| sums.repetitions[*fate as usize] += 1);
        ends.extend(last);
        for slice in of_task().filter_map(|record| match record {
            Record::Slice(slice) => Some(slice),
            _ => None,
        }) {
            let (mut from, to) = (slice.start, slice.start + slice.len.get());
            for (end, fate) in &ends {
                let until = to.min(*end).max(from);
                sums.times[*fate as usize] += until - from;
                from = until;
            }
        }
    }
    groups
}

/// All figures of a model that has been cut, as text. For tasks that were alive at the cut, the
/// text does not contain their outcomes and open repetitions, because the screen does not show
/// these.
fn figures_at_cut(model: &Model, cut: RunInstant) -> Vec<String> {
    let busy: Vec<_> = model
        .series()
        .map(|point| (point.from, point.busy_lanes, point.queued_tasks))
        .collect();
    let mut figures = vec![format!("{:?} {busy:?}", model.now())];
    for task in model.tasks() {
        let ended = task.ended_at().filter(|&at| at < cut);
        let states: Vec<_> = (0..cut.0)
            .step_by(1 + cut.0 as usize / 300)
            .map(|at| model.state_at(task.id, RunInstant::new(at)))
            .collect();
        figures.push(format!(
            "{:?} {:?} {:?} {ended:?} {:?} {states:?}",
            task.id,
            task.group,
            task.spawned_at,
            model.times(task.id)
        ));
    }
    for group in model.groups() {
        figures.push(format!(
            "{} {} {} {:?} {:?} {:?}",
            group.name,
            group.spawned,
            group.polls(),
            (group.poll_time(), group.delay(), group.lateness()),
            (model.group_times(group.id), model.group_span(group.id)),
            group.orphaned,
        ));
    }
    for lane in model.lanes() {
        let times = model.lane_times(lane.id);
        figures.push(format!("{} {} {times:?}", lane.name, lane.slices()));
    }
    figures
}

/// The task that held a lane at an instant, and its state. Checks that the task did not take the
/// lane after that instant.
fn held_state(model: &Model, lane: &Lane, at: u64) -> Option<(TaskId, State)> {
    let at = RunInstant::new(at);
    let hold = model.lane_hold_at(lane.id, at)?;
    assert!(
        hold.since <= at && model.awaited_step_at(hold.task, at).is_none(),
        "{hold:?} at {at:?}"
    );
    assert!(hold.asleep_since.is_none_or(|since| hold.since <= since && since <= at));
    assert_eq!(hold.asleep_since.is_some(), hold.state == State::Blocking);
    Some((hold.task, hold.state))
}

/// Checks the properties of every single instant of the run.
fn instants_hold(model: &Model) -> Result<(), TestCaseError> {
    let (now, horizon) = (model.now(), model.horizon());
    let span = Window {
        from: RunInstant::new(0),
        to: now,
        columns: now.0 as usize,
    };
    let mut lanes = Vec::new();
    for lane in model.lanes() {
        let mut cells = Vec::new();
        model.paint_lane(lane.id, span, &mut cells);
        lanes.push(cells);
    }
    for at in 0..now.0 {
        let mut on_lanes: Vec<_> = lanes
            .iter()
            .filter_map(|cells| cells[at as usize].task.zip(cells[at as usize].state))
            .collect();
        let mut on_tasks = Vec::new();
        for task in model.tasks() {
            let state = model.state_at(task.id, RunInstant::new(at));
            prop_assert_eq!(
                state.is_some(),
                RunInstant::new(at) >= task.spawned_at.max(horizon),
                "{:?} at {}",
                task.id,
                at
            );
            on_tasks.extend(
                state
                    .filter(|s| matches!(s, State::Running | State::Hogging | State::Blocking))
                    .map(|s| (task.id, s)),
            );
        }
        on_lanes.sort_by_key(|(task, _)| *task);
        on_tasks.sort_by_key(|(task, _)| *task);
        let mut held: Vec<_> = model
            .lanes()
            .iter()
            .filter_map(|lane| held_state(model, lane, at))
            .collect();
        held.sort_by_key(|(task, _)| *task);
        prop_assert_eq!(&held, &on_tasks, "the holders of lanes at {}", at);
        prop_assert_eq!(on_lanes, on_tasks, "the tasks on lanes at {}", at);
    }
    if horizon == RunInstant::ZERO {
        for task in model.tasks() {
            let mut times = StateTimes::default();
            let states = (0..now.0).filter_map(|at| model.state_at(task.id, RunInstant::new(at)));
            states.for_each(|state| times.add(state, Nanos(1)));
            prop_assert_eq!(
                times,
                model.times(task.id),
                "{:?}: the time in each state equals the number of instants in that state",
                task.id
            );
        }
    }
    Ok(())
}

/// Checks that `problems` returns exactly the intervals that are problems.
fn problems_hold(model: &Model, from: RunInstant, to: RunInstant, min_wait: Nanos) -> Result<(), TestCaseError> {
    for task in model.tasks() {
        let (mut problems, mut expected) = (Vec::new(), Vec::new());
        model.problems(task.id, from, to, min_wait, |interval| problems.push(interval));
        model.intervals(task.id, from, to, |interval| {
            expected.extend(Some(interval).filter(|interval| match interval.state {
                State::Blocking | State::Hogging => true,
                State::Queued | State::Unnoticed => interval.len() >= min_wait,
                _ => false,
            }));
        });
        prop_assert_eq!(problems, expected, "{:?} in {:?}..{:?}", task.id, from, to);
    }
    Ok(())
}

/// Whether a cell adds up the times of two states that have not ended.
fn same_time(a: State, b: State) -> bool {
    let is_not_ready = |state| matches!(state, State::Waiting(_) | State::Suspended(_));
    a == b && !matches!(a, State::Ended(_)) || is_not_ready(a) && is_not_ready(b)
}

/// Checks that every cell shows a state that occurs in the cell. If the cell contains blocking
/// time, the state must be blocking.
fn cells_hold(model: &Model, from: u64, len: u64, columns: usize) -> Result<(), TestCaseError> {
    let window = Window {
        from: RunInstant::new(from),
        to: RunInstant::new(from + len),
        columns,
    };
    let mut cells = Vec::new();
    for task in model.tasks() {
        model.paint_task(task.id, window, &mut cells);
        prop_assert_eq!(cells.len(), columns);
        for (column, cell) in cells.iter().enumerate() {
            let instants = window.edge(column).0..window.edge(column + 1).0;
            let states: Vec<_> = instants
                .filter_map(|at| model.state_at(task.id, RunInstant::new(at)))
                .collect();
            match cell.state {
                None => prop_assert!(states.is_empty(), "an empty cell contains {states:?}"),
                Some(state) => prop_assert!(states.contains(&state), "{state:?} is not among {states:?}"),
            }
            if states.contains(&State::Blocking) {
                prop_assert_eq!(cell.state, Some(State::Blocking));
            }
            let held = states
                .iter()
                .filter(|state| matches!(state, State::Running | State::Hogging | State::Blocking))
                .count();
            let width = (window.edge(column + 1) - window.edge(column)).0.max(1);
            let is_shown = |state: &&State| cell.state.is_some_and(|shown| same_time(shown, **state));
            let shown = states.iter().filter(is_shown).count();
            prop_assert!(
                (cell.share - shown as f32 / width as f32).abs() < 1e-3,
                "{} of {shown}/{width}",
                cell.share
            );
            if let Some(most) = cell.most {
                let count = states.iter().filter(|state| same_time(most, **state)).count();
                prop_assert!(count as u64 * 2 > width, "{most:?} in {count}/{width}");
            }
            prop_assert!(
                (cell.held_share - held as f32 / width as f32).abs() < 1e-3,
                "{} of {held}/{width}",
                cell.held_share
            );
        }
    }
    Ok(())
}

/// The time for which the tasks of each group were queued or unnoticed, by the records and by what
/// is open now.
fn waited(run: &RecordedRun, model: &Model) -> HashMap<GroupId, Nanos> {
    let mut waited = HashMap::<GroupId, Nanos>::new();
    let mut add = |task: TaskId, time: Nanos| {
        let group = model.task(task).and_then(|task| task.group).unwrap();
        if time > Nanos::ZERO {
            *waited.entry(group).or_default() += time;
        }
    };
    for record in run.rings.iter().flatten() {
        match record {
            Record::Slice(slice) => add(slice.task, slice.queued.get() + slice.unnoticed.get()),
            Record::Ended(ended) => add(ended.task, ended.queued.get() + ended.unnoticed.get()),
            _ => {}
        }
    }
    for task in model.tasks() {
        match task.live.as_deref() {
            Some(LiveTask::Current { queued, unnoticed, .. }) => add(task.id, *queued + *unnoticed),
            Some(LiveTask::Waiting { ready, woken }) => add(task.id, model.now() - ready.or(*woken).unwrap()),
            None => {}
        }
    }
    waited
}

proptest! {
    #[test]
    fn what_victims_waited_is_what_culprits_and_nobody_on_record_caused(
        slices in planned_slices(150), delivery in delivery(), size in 1usize..40, unit in prop::sample::select(vec![1_000u64, 300_007, 3_000_017])
    ) {
        let run = simulate(&slices, unit, false);
        let model = deliver(&run, &delivery, size, usize::MAX);
        let mut blamed = HashMap::<GroupId, Nanos>::new();
        for blame in model.blame() {
            *blamed.entry(blame.victim.group).or_default() += blame.time;
            let worst = blame.worst.map_or(Nanos::ZERO, |worst| worst.caused);
            // Each bucket is rounded.
            prop_assert!(worst <= blame.time + Nanos::from_micros(1), "{blame:?}");
        }
        prop_assert_eq!(blamed, waited(&run, &model));
    }

    #[test]
    fn the_order_of_delivery_does_not_change_the_answers(
        slices in planned_slices(150), delivery in delivery(), size in 1usize..40, unit in prop::sample::select(vec![1u64, 1_000, 3_000_017])
    ) {
        let run = simulate(&slices, unit, false);
        let plain = deliver(&run, &[], usize::MAX, usize::MAX);
        let shuffled = deliver(&run, &delivery, size, usize::MAX);
        for (a, b) in answers(&plain, unit * 3).iter().zip(&answers(&shuffled, unit * 3)) {
            prop_assert_eq!(a, b);
        }
        prop_assert_eq!(plain.groups().iter().map(|group| group.spawned).sum::<u64>(), run.spawned);
    }

    #[test]
    fn sums_hold_for_any_run(slices in planned_slices(200), delivery in delivery(), unit in prop::sample::select(vec![1u64, 3_000_017]), losing: bool) {
        let run = simulate(&slices, unit, losing);
        let model = deliver(&run, &delivery, 50, usize::MAX);
        sums_hold(&model)?;
        let record_counts = model.record_counts();
        prop_assert_eq!(record_counts.dropped, run.lost.len() as u64);
    }

    #[test]
    fn lost_slices_do_not_change_the_sums(
        slices in planned_slices(150), delivery in delivery(), size in 1usize..40, in_order: bool,
        unit in prop::sample::select(vec![1u64, 1_000]), limit in prop::sample::select(vec![30, usize::MAX])
    ) {
        let deliver = |losing| {
            let run = simulate(&slices, unit, losing).exact();
            deliver(&if in_order { run.in_order() } else { run }, &delivery, size, if in_order { limit } else { usize::MAX })
        };
        let (whole, lossy) = (deliver(false), deliver(true));
        if lossy.tasks_evicted == 0 {
            sums_hold(&lossy)?;
        }
        // Ended tasks may be evicted at different instants.
        for (task, known) in lossy.tasks().iter().filter_map(|task| Some((task, whole.task(task.id)?))) {
            prop_assert_eq!(lossy.times(task.id), whole.times(task.id), "{:?}", task.id);
            prop_assert_eq!((task.polls, task.ended_at()), (known.polls, known.ended_at()));
        }
        prop_assert_eq!(lossy.counts(), whole.counts());
        for (lossy_group, group) in lossy.groups().iter().zip(whole.groups()) {
            prop_assert_eq!(lossy.group_times(group.id), whole.group_times(group.id));
            prop_assert_eq!(lossy.group_span(group.id), whole.group_span(group.id));
            prop_assert_eq!(lossy_group.polls(), group.polls());
            prop_assert_eq!(group.sampled(), None);
            let lost = lossy_group.sampled().map_or(0, |sampled| sampled.of - sampled.slices);
            prop_assert_eq!(lost, lossy_group.lost);
        }
        prop_assert_eq!(lossy.groups().iter().map(|group| group.lost).sum::<u64>(), lossy.record_counts().dropped);
        for lane in lossy.lanes() {
            prop_assert_eq!(lossy.lane_times(lane.id), whole.lane_times(lane.id));
        }
    }

    #[test]
    fn the_end_of_each_repetition_decides_about_the_work_before_it(
        slices in planned_slices(150), size in 1usize..40, unit in prop::sample::select(vec![1u64, 3_000_017])
    ) {
        let run = simulate(&slices, unit, false).in_order();
        let model = deliver(&run, &[], size, usize::MAX);
        for (group, sums) in work_by_records(&run) {
            prop_assert_eq!(model.group_work(group), sums, "{:?}", group);
        }
    }

    #[test]
    fn a_run_that_is_cut_keeps_the_figures_of_that_instant(
        slices in planned_slices(120), deliveries in (delivery(), delivery()), at in 0.0..1.0, middle in 0.0..1.0, size in 1usize..40,
        unit in prop::sample::select(vec![1u64, 1_000])
    ) {
        let cut = CutRun::new(simulate(&slices, unit, false), at);
        let shown = cut.shown(&deliveries.0);
        let mut ended = shown.clone();
        cut.finish(&mut ended, &deliveries.1, middle, size);
        for (shown, ended) in figures_at_cut(&shown, cut.at).iter().zip(&figures_at_cut(&ended, cut.at)) {
            prop_assert_eq!(shown, ended);
        }
        prop_assert_eq!(shown.tasks().len(), ended.tasks().len());
        prop_assert_eq!(ended.record_counts().recorded, cut.slices());
        let of_tasks = ended.tasks().iter().filter(|task| !task.is_branch);
        let polls: u64 = of_tasks.map(|task| task.polls).sum();
        prop_assert_eq!(polls + ended.record_counts().after_end, cut.slices());
        sums_hold(&ended)?;
    }

    #[test]
    fn the_life_of_a_group_with_one_task_is_the_sum_of_its_states(slices in planned_slices(60), delivery in delivery(), size in 1usize..40) {
        let mut slices = slices;
        slices.iter_mut().for_each(|slice| slice.be_of_task(1));
        let model = deliver(&simulate(&slices, 1, false), &delivery, size, usize::MAX);
        for group in model.groups() {
            prop_assert_eq!(model.group_times(group.id).total(), model.group_span(group.id));
        }
    }

    #[test]
    fn every_instant_has_one_state(slices in planned_slices(40), delivery in delivery(), losing: bool) {
        let model = deliver(&simulate(&slices, 1, losing), &delivery, 10, usize::MAX);
        instants_hold(&model)?;
    }

    #[test]
    fn cells_show_states_that_occur_in_them(slices in planned_slices(60), delivery in delivery(), from in 0u64..800, len in 1u64..2000, columns in 1usize..90) {
        let model = deliver(&simulate(&slices, 1, false), &delivery, 10, usize::MAX);
        cells_hold(&model, from, len, columns)?;
    }

    #[test]
    fn every_problem_is_found(
        slices in planned_slices(100), delivery in delivery(), limit in prop::sample::select(vec![20, usize::MAX]), from in 0u64..2000, len in 1u64..500, min_wait in 0u64..70
    ) {
        let model = deliver(&simulate(&slices, 1, false), &delivery, 10, limit);
        problems_hold(&model, RunInstant::new(from), RunInstant::new(from + len), Nanos(min_wait))?;
    }

    #[test]
    fn eviction_does_not_change_the_sums(slices in planned_slices(150), size in 1usize..40, limit in 1usize..400) {
        let run = simulate(&slices, 1, true).in_order();
        let model = deliver(&run, &[], size, limit);
        let whole = deliver(&run, &[], size, usize::MAX);
        prop_assert_eq!(model.counts(), whole.counts());
        for (group, whole_group) in model.groups().iter().zip(whole.groups()) {
            prop_assert_eq!(model.group_times(group.id), whole.group_times(group.id));
            prop_assert_eq!(group.poll_time(), whole_group.poll_time());
        }
        for lane in model.lanes() {
            prop_assert_eq!(model.lane_times(lane.id), whole.lane_times(lane.id));
        }
        for task in model.tasks() {
            prop_assert_eq!(model.times(task.id), whole.times(task.id));
            for at in model.horizon().0..model.now().0 {
                prop_assert_eq!(model.state_at(task.id, RunInstant::new(at)), whole.state_at(task.id, RunInstant::new(at)));
            }
        }
    }

    #[test]
    fn the_properties_hold_for_slices_that_arrive_after_an_eviction(
        slices in planned_slices(150), delivery in delivery(), limit in 1usize..60, from in 0u64..3000
    ) {
        let mut slices = slices;
        slices.iter_mut().for_each(|slice| slice.ends = false);
        let model = deliver(&simulate(&slices, 1, true), &delivery, 10, limit);
        sums_hold(&model)?;
        instants_hold(&model)?;
        cells_hold(&model, from, 500, 40)?;
    }
}
