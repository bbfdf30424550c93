//! Where everything stands, from 60×12 up.
//!
//! ```text
//!  tasklab  Mixed load                tokio · 2 workers  00:07.4 / 20 s  ● live  2.1 M polls · 0 lost   header
//!  ▌Now one handler calls std::thread::sleep(300 ms).                                               ▐   caption
//!  lanes        −2.0 s    −1.5 s    −1.0 s    −0.5 s      now  busy                                     axis
//!  worker 0     ██▌▐█▌ ▐██▌▐█▌ ▐█▌▐██▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓  93 %  api#7 block 212 ms                 lanes
//!  tasks 47     █ 1 running  ▓ 1 blocking  ▒ 3 queued  …                              sort: trouble     heading
//!  heartbeat#0  ▌···▌···▌···▌···▌···▌░░░░░░░░░░░░░░░░░░░░░░░░  unnoticed  208 ms  sleep                 tasks
//!  jobs ███████████████████░░░░░  6/8                                                                   channels
//!  delay p99  297 ms ▁▁▁▁▁▂▇█   finished  812/s ▇▇▇▇▂▁   …                                              gauges
//!  00:07.2 ERROR thumb#1 panicked: no such picture                                                      log
//!  q quit  ? help  space freeze  ←→ pan  +− zoom  b block now                                           footer
//!  └── name ──┘ └──────────────── time ────────────────────┘  └──────────── detail ────────────┘        grid
//! ```
//!
//! Lanes and tasks share one grid, so that one vertical line is one instant everywhere. Where there is room, both are drawn tall.

use ratatui::layout::Rect;

/// Narrower or lower than this, there is no picture to draw.
pub const SMALLEST: (u16, u16) = (60, 12);

/// Rows of a lane at most. Few are drawn tall, to be seen from the back of a room.
const TALLEST_LANE: u16 = 3;
/// Rows of a task at most.
const TALLEST_TASK: u16 = 6;

/// How much of a lane or task of so many rows its timeline takes. The tallest keep their first row free, so that two that block
/// one above the other are two.
pub fn timeline_rows(rows: u16) -> u16 {
    if rows >= 3 { rows - 1 } else { rows }
}

/// What the layout depends on, beside the terminal's size.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wants {
    /// Rows of the caption.
    pub caption: u16,
    /// How many lanes there are.
    pub lanes: usize,
    /// How many tasks have something to show.
    pub tasks: usize,
    /// There are others, of which a line tells.
    pub others: bool,
    /// How many channels there are.
    pub channels: usize,
    /// How many groups there are to compare.
    pub groups: usize,
    /// Columns of the longest name.
    pub name: usize,
}

/// The columns that lanes and tasks share.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Grid {
    name: (u16, u16),
    time: (u16, u16),
    detail: (u16, u16),
}

/// One row of the [`Grid`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Row {
    /// The cursor's column, left of everything.
    pub cursor: Rect,
    /// Whose row it is.
    pub name: Rect,
    /// Its timeline.
    pub time: Rect,
    /// What it does now.
    pub detail: Rect,
}

impl Grid {
    fn new(area: Rect, name: usize) -> Grid {
        let total = area.width;
        let widest = match total {
            ..100 => 13,
            100..150 => 18,
            _ => 24,
        };
        let name = (name as u16).clamp(9, widest);
        let detail = match total {
            ..70 => 20,
            70..100 => 27,
            100..150 => 40,
            _ => 52,
        };
        let name_x = area.x + 1;
        let time_x = name_x + name + 1;
        let detail_x = area.x + total - detail;
        Grid {
            name: (name_x, name),
            time: (time_x, detail_x - 2 - time_x),
            detail: (detail_x, detail),
        }
    }

    /// Columns of the time axis.
    pub fn columns(&self) -> usize {
        usize::from(self.time.1)
    }

    /// The columns of the row at `y`.
    pub fn row(&self, y: u16) -> Row {
        let rect = |(x, width)| Rect { x, y, width, height: 1 };
        Row {
            cursor: rect((self.name.0 - 1, 1)),
            name: rect(self.name),
            time: rect(self.time),
            detail: rect(self.detail),
        }
    }
}

/// Where everything stands. Parts for which there is no room have no height.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "each is the place of the part that it is named after")]
pub struct Layout {
    pub header: Rect,
    pub caption: Rect,
    pub axis: Rect,
    pub lanes: Rect,
    /// Rows of each lane.
    pub lane_rows: u16,
    pub heading: Rect,
    pub tasks: Rect,
    /// Rows of each task: a few are drawn tall, to be seen from the back of a room.
    pub task_rows: u16,
    pub channels: Rect,
    pub gauges: Rect,
    pub groups: Rect,
    pub log: Rect,
    pub footer: Rect,
    pub grid: Grid,
}

impl Layout {
    /// The layout of `area`; `None` where it is smaller than [`SMALLEST`].
    pub fn new(area: Rect, wants: Wants) -> Option<Layout> {
        if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
            return None;
        }
        let height = area.height;
        let roomy = height >= 30;
        let lanes = u16::try_from(wants.lanes.max(1)).unwrap_or(u16::MAX);
        let lane_rows = match lanes {
            ..=3 if height >= 45 => TALLEST_LANE,
            ..=8 if height >= 45 => 2,
            _ => (height / 6 / lanes).clamp(1, 2),
        };
        let lanes = lanes.min((height / 5).max(2)) * lane_rows;
        let gauges = match height {
            ..18 => 0,
            18..45 => 2,
            _ if area.width >= 150 => 4,
            _ => 6,
        };
        let log = match height {
            ..22 => 0,
            22..30 => 1,
            _ => 4,
        };
        let channels = u16::from(wants.channels > 0 && height >= 18);
        let gap = u16::from(roomy);

        let mut y = area.y;
        let mut take = |rows: u16, gap: u16| {
            let rect = Rect {
                x: area.x,
                y,
                width: area.width,
                height: rows,
            };
            y += rows + gap;
            rect
        };
        let header = take(1, 0);
        let caption = take(wants.caption, gap);
        let axis = take(1, 0);
        let lanes = take(lanes, gap);
        let heading = take(1, 0);
        let below = channels + gauges + gap + log + gap + 1;
        let room = (area.y + height).saturating_sub(heading.y + 1 + below + gap);
        // What tasks leave over goes to the groups' table, gauges and log, in steps, so that not every new task moves them.
        let step = if wants.tasks <= 8 { 2 } else { 4 };
        let wanted = u16::try_from(wants.tasks.next_multiple_of(step)).unwrap_or(u16::MAX);
        let others = u16::from(wants.others);
        let fits = |rows: &u16| {
            // Beyond twice, a third is for what else there is to see.
            let room = if roomy && *rows > 2 { room / 3 * 2 } else { room };
            wanted.saturating_mul(*rows).saturating_add(others) <= room
        };
        let task_rows = (1..=TALLEST_TASK).rev().find(fits).unwrap_or(1);
        let over = if roomy {
            room.saturating_sub(wanted.saturating_mul(task_rows).saturating_add(others))
        } else {
            0
        };
        // The groups' table is drawn whole or not at all.
        let groups = u16::try_from(wants.groups).unwrap_or(u16::MAX).saturating_add(1);
        let groups = if wants.groups > 0 && groups + gap <= over {
            groups
        } else {
            0
        };
        let below_groups = if groups > 0 { gap } else { 0 };
        let over = over - groups - below_groups;
        let taller = if height < 45 { 0 } else { (over / 2 / 2 * 2).min(4) };
        let tasks = take(room - over - groups - below_groups, gap);
        let (gauges, log) = (gauges + taller, log + over - taller);
        let channels = take(channels, 0);
        let gauges = take(gauges, gap);
        let groups = take(groups, below_groups);
        let log = take(log, gap);
        let footer = Rect {
            y: area.y + height - 1,
            height: 1,
            ..area
        };
        Some(Layout {
            header,
            caption,
            axis,
            lanes,
            lane_rows,
            heading,
            tasks,
            task_rows,
            channels,
            gauges,
            groups,
            log,
            footer,
            grid: Grid::new(area, wants.name),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn parts_lie_inside_the_screen_and_none_upon_another(
            width in 0u16..300,
            height in 0u16..100,
            caption in 0u16..=3,
            lanes in 0usize..600,
            name in 0usize..90,
            tasks in 0usize..90,
            others: bool,
            channels in 0usize..9,
            groups in 0usize..20,
        ) {
            let area = Rect::new(0, 0, width, height);
            let Some(l) = Layout::new(area, Wants { caption, lanes, tasks, others, channels, groups, name }) else {
                prop_assert!(width < SMALLEST.0 || height < SMALLEST.1);
                return Ok(());
            };
            let parts = [l.header, l.caption, l.axis, l.lanes, l.heading, l.tasks, l.channels, l.gauges, l.groups, l.log, l.footer];
            for pair in parts.windows(2) {
                prop_assert!(pair[0].bottom() <= pair[1].y, "{pair:?}");
            }
            prop_assert!(l.footer.bottom() <= height);
            prop_assert!(l.tasks.height >= 2 || usize::from(l.tasks.height) >= tasks, "{l:?}");
            prop_assert!(l.task_rows == 1 || usize::from(l.tasks.height) >= tasks * usize::from(l.task_rows) + usize::from(others), "{l:?}");
            let row = l.grid.row(0);
            prop_assert!(row.name.right() < row.time.x && row.time.right() < row.detail.x);
            prop_assert!(row.detail.right() <= width);
            prop_assert!(l.grid.columns() >= 20);
        }
    }
}
