//! The area of each part of the screen. The minimum size of the screen is 60×12 cells.
//!
//! ```text
//!  tasklab  Mixed load          tokio·2  00:07.4/20s  ● live  2.1 M polls · 0 lost  header
//!  ▌Now one handler calls std::thread::sleep(300 ms).                            ▐  caption
//!  lanes        −1.5 s    −1.0 s    −0.5 s      now  busy                           axis
//!  worker 0     ██▌▐█▌ ▐██▌▐█▌ ▐█▌▐██▓▓▓▓▓▓▓▓▓▓▓▓▓▓  93 %  api#7 block 212 ms      lanes
//!  tasks 47     █ 1 running  ▓ 1 blocking  ▒ 3 queued  …        sort: trouble      heading
//!  heartbeat#0  ▌···▌···▌···▌···▌···▌░░░░░░░░░░░░░░  unnoticed  208 ms  sleep      tasks
//!  jobs ▰▰▰▰▰▰▰▰▱▱ 6/8,  1 waiting to send, in 20/s out 10/s                        resources
//!  delay p99  297 ms ▁▁▁▁▁▂▇█   finished  812/s ▇▇▇▇▂▁   …                          gauges
//!  groups      finished   repetition p50     p99   …                                groups
//!  00:07.2 ERROR thumb#1 panicked: no such picture                                  log
//!  q quit  ? help  space freeze  ←→ pan  +− zoom  b block now                       footer
//!  └── name ──┘ └─────────── time ───────────────┘  └────────── detail ────────┘   grid
//! ```
//!
//! Lanes and tasks share one [`Grid`], so a vertical line shows the same instant in every row. If
//! there is room, lanes and tasks are several rows high, so that students in the back of a
//! classroom can see them.

mod grid;

pub(crate) use grid::{Grid, Row};

use ratatui::layout::Rect;

/// The minimum number of columns and rows. A smaller terminal shows only a message.
pub(crate) const MIN_SIZE: (u16, u16) = (60, 12);

/// The maximum height of a lane, in rows.
const MAX_LANE_ROWS: u16 = 3;
/// The maximum height of a task, in rows.
const MAX_TASK_ROWS: u16 = 6;

/// The height of the timeline in a lane or task that is `rows` rows high. If `rows` is at least 3,
/// the first row stays empty. Otherwise, two blocked lanes, one above the other, would look like a
/// single lane.
pub(crate) fn timeline_rows(rows: u16) -> u16 {
    if rows >= 3 { rows - 1 } else { rows }
}

/// The data that determines the layout, apart from the terminal's size.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Content {
    /// The height of the caption, in rows.
    pub(crate) caption_rows: u16,
    /// The number of lanes.
    pub(crate) lanes: usize,
    /// The number of tasks that exist during the visible time.
    pub(crate) visible_tasks: usize,
    /// Whether some tasks exist only outside the visible time. If so, one line shows the number of
    /// these tasks.
    pub(crate) has_hidden_tasks: bool,
    /// The height that the gauges of the resources need, in rows.
    pub(crate) resource_rows: u16,
    /// The height that the gauges need, in rows.
    pub(crate) gauge_rows: u16,
    /// The number of groups in the groups table.
    pub(crate) groups: usize,
    /// The width of the longest name, in columns.
    pub(crate) name_width: usize,
}

/// The area of each part of the screen. If there is no room for a part, its height is 0.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Layout {
    pub(crate) header: Rect,
    pub(crate) caption: Rect,
    pub(crate) axis: Rect,
    pub(crate) lanes: Rect,
    /// The height of each lane, in rows.
    pub(crate) lane_rows: u16,
    pub(crate) heading: Rect,
    pub(crate) tasks: Rect,
    /// The height of each task, in rows.
    pub(crate) task_rows: u16,
    pub(crate) resources: Rect,
    pub(crate) gauges: Rect,
    pub(crate) groups: Rect,
    pub(crate) log: Rect,
    pub(crate) footer: Rect,
    pub(crate) grid: Grid,
}

impl Layout {
    /// Computes the layout of `area`. Returns `None` if `area` is smaller than [`MIN_SIZE`].
    pub(crate) fn new(area: Rect, content: Content) -> Option<Layout> {
        if area.width < MIN_SIZE.0 || area.height < MIN_SIZE.1 {
            return None;
        }
        let heights = Heights::new(area.height, &content);
        let gap = heights.gap;
        let mut y = area.y;
        let mut take = |height: u16, gap: u16| {
            let part = Rect { y, height, ..area };
            y += height + gap;
            part
        };
        Some(Layout {
            header: take(1, 0),
            caption: take(heights.caption, gap),
            axis: take(1, 0),
            lanes: take(heights.lanes, gap),
            lane_rows: heights.lane_rows,
            heading: take(1, 0),
            tasks: take(heights.tasks, gap),
            task_rows: heights.task_rows,
            resources: take(heights.resources, 0),
            gauges: take(heights.gauges, gap),
            groups: take(heights.groups, if heights.groups > 0 { gap } else { 0 }),
            log: take(heights.log, gap),
            footer: Rect {
                y: area.bottom() - 1,
                height: 1,
                ..area
            },
            grid: Grid::new(area, content.name_width),
        })
    }
}

/// The heights of the parts whose height varies, in rows.
struct Heights {
    caption: u16,
    lanes: u16,
    lane_rows: u16,
    tasks: u16,
    task_rows: u16,
    resources: u16,
    gauges: u16,
    groups: u16,
    log: u16,
    /// The number of empty rows between two parts.
    gap: u16,
}

impl Heights {
    fn new(height: u16, content: &Content) -> Heights {
        let (lanes, lane_rows) = lane_heights(height, content.lanes);
        let mut heights = Heights {
            caption: content.caption_rows,
            lanes,
            lane_rows,
            tasks: 0,
            task_rows: 1,
            resources: content.resource_rows,
            gauges: content.gauge_rows,
            groups: 0,
            log: match height {
                ..22 => 0,
                22..30 => 1,
                _ => 4,
            },
            gap: u16::from(height >= 30),
        };
        let room = height.saturating_sub(heights.total());
        heights.task_rows = heights.fitting_task_rows(room, content);
        heights.tasks = room;
        if heights.is_roomy() {
            heights.use_spare_rows(height, content);
        }
        heights
    }

    /// The number of rows of all parts, except the tasks and the groups table.
    fn total(&self) -> u16 {
        const ONE_ROW_PARTS: u16 = 4; // Header, axis, heading and footer.
        const GAPS: u16 = 5;
        ONE_ROW_PARTS + self.caption + self.lanes + self.resources + self.gauges + self.log + GAPS * self.gap
    }

    /// Whether the screen is tall enough for empty rows between its parts.
    fn is_roomy(&self) -> bool {
        self.gap > 0
    }

    /// The maximum height of a task, in rows, at which all visible tasks fit into `room` rows.
    /// Returns 1 if the tasks do not fit at any height.
    fn fitting_task_rows(&self, room: u16, content: &Content) -> u16 {
        let fits = |task_rows: &u16| {
            // On a tall screen, if tasks are more than two rows high, one third of the room is
            // reserved for the other parts.
            let room = if self.is_roomy() && *task_rows > 2 {
                room / 3 * 2
            } else {
                room
            };
            rows_of_tasks(*task_rows, content) <= room
        };
        (1..=MAX_TASK_ROWS).rev().find(fits).unwrap_or(1)
    }

    /// Distributes the spare rows among the groups table, the gauges and the log. Spare rows are
    /// rows that the tasks do not need.
    fn use_spare_rows(&mut self, height: u16, content: &Content) {
        let mut spare = self.tasks.saturating_sub(rows_of_tasks(self.task_rows, content));
        self.tasks -= spare;
        // The groups table is drawn only if all its rows fit.
        let groups = u16::try_from(content.groups).unwrap_or(u16::MAX).saturating_add(1);
        if content.groups > 0 && groups.saturating_add(self.gap) <= spare {
            self.groups = groups;
            spare -= groups + self.gap;
        }
        let for_gauges = if height < 45 { 0 } else { (spare / 2 / 2 * 2).min(4) };
        self.gauges += for_gauges;
        self.log += spare - for_gauges;
    }
}

/// The height of all lanes together, and the height of one lane, in rows.
fn lane_heights(height: u16, lanes: usize) -> (u16, u16) {
    let lanes = u16::try_from(lanes.max(1)).unwrap_or(u16::MAX);
    let lane_rows = match lanes {
        ..=3 if height >= 45 => MAX_LANE_ROWS,
        ..=8 if height >= 45 => 2,
        _ => (height / 6 / lanes).clamp(1, 2),
    };
    (lanes.min((height / 5).max(2)) * lane_rows, lane_rows)
}

/// The height of all tasks together, if each task is `task_rows` rows high. The number of tasks is
/// rounded up. Otherwise, every new task would move the parts below the tasks.
fn rows_of_tasks(task_rows: u16, content: &Content) -> u16 {
    let step = if content.visible_tasks <= 8 { 2 } else { 4 };
    let tasks = u16::try_from(content.visible_tasks.next_multiple_of(step)).unwrap_or(u16::MAX);
    tasks
        .saturating_mul(task_rows)
        .saturating_add(u16::from(content.has_hidden_tasks))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn parts_are_inside_the_screen_and_do_not_overlap(
            width in 0u16..300,
            height in 0u16..100,
            caption_rows in 0u16..=3,
            lanes in 0usize..600,
            name_width in 0usize..90,
            visible_tasks in 0usize..90,
            has_hidden_tasks: bool,
            resources in 0usize..9,
            groups in 0usize..20,
            tall_gauges: bool,
        ) {
            let area = Rect::new(0, 0, width, height);
            let gauge_rows = match height {
                ..18 => 0,
                18..45 => 2,
                _ => if tall_gauges { 6 } else { 4 },
            };
            let content = Content {
                caption_rows, lanes, visible_tasks, has_hidden_tasks,
                resource_rows: crate::tui::widgets::resources::rows(resources, area), gauge_rows, groups, name_width,
            };
            let Some(l) = Layout::new(area, content) else {
                prop_assert!(width < MIN_SIZE.0 || height < MIN_SIZE.1);
                return Ok(());
            };
            let parts = [l.header, l.caption, l.axis, l.lanes, l.heading, l.tasks, l.resources, l.gauges, l.groups, l.log, l.footer];
            for pair in parts.windows(2) {
                prop_assert!(pair[0].bottom() <= pair[1].y, "{pair:?}");
            }
            prop_assert!(l.footer.bottom() <= height);
            prop_assert!(l.tasks.height >= 2 || usize::from(l.tasks.height) >= visible_tasks, "{l:?}");
            let needed = visible_tasks * usize::from(l.task_rows) + usize::from(has_hidden_tasks);
            prop_assert!(l.task_rows == 1 || usize::from(l.tasks.height) >= needed, "{l:?}");
            let row = l.grid.row(0);
            prop_assert!(row.name.right() < row.time.x && row.time.right() < row.detail.x);
            prop_assert!(row.detail.right() <= width);
            prop_assert!(l.grid.time_columns() >= 20);
        }
    }
}
