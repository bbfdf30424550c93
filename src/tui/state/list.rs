//! A list that may be longer than its panel. A list has a selected row and a first visible row.

/// The list stores the id of the selected row, not its index. So the same row stays selected when
/// rows move.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct List<T> {
    selected: Option<T>,
    top: usize,
}

impl<T> Default for List<T> {
    fn default() -> Self {
        List { selected: None, top: 0 }
    }
}

impl<T: Copy + PartialEq> List<T> {
    /// The selected row's id.
    pub(crate) fn selected(&self) -> Option<T> {
        self.selected
    }

    /// The index of the first visible row.
    pub(crate) fn top(&self) -> usize {
        self.top
    }

    /// Moves the selection down by `by` rows, or up if `by` is negative. Without a selection, a
    /// step down selects the first visible row, and a step up selects the last row.
    pub(crate) fn step(&mut self, rows: &[T], by: isize) {
        let Some(last) = rows.len().checked_sub(1) else { return };
        let to = match self.position(rows) {
            Some(i) => i.saturating_add_signed(by).min(last),
            None if by > 0 => self.top.min(last),
            None => last,
        };
        self.selected = Some(rows[to]);
    }

    /// Selects the last row if `to_last` is true, and otherwise the first row.
    pub(crate) fn jump(&mut self, rows: &[T], to_last: bool) {
        self.selected = if to_last { rows.last() } else { rows.first() }
            .copied()
            .or(self.selected);
    }

    /// Removes the selection and scrolls to the first row.
    pub(crate) fn clear(&mut self) {
        *self = List::default();
    }

    /// Scrolls by the smallest distance that makes the selection visible. `page` is the number of
    /// rows that the panel shows.
    pub(crate) fn scroll(&mut self, rows: &[T], page: usize) {
        self.top = self.top.min(rows.len().saturating_sub(page));
        if let Some(i) = self.position(rows) {
            self.top = self.top.min(i).max((i + 1).saturating_sub(page));
        }
    }

    fn position(&self, rows: &[T]) -> Option<usize> {
        self.selected.and_then(|s| rows.iter().position(|r| *r == s))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_same_row_stays_selected_when_rows_move() {
        let mut list = List::default();
        list.step(&['a', 'b', 'c'], 1);
        list.step(&['a', 'b', 'c'], 1);
        assert_eq!(list.selected(), Some('b'));
        list.step(&['b', 'c', 'a'], 1);
        assert_eq!(list.selected(), Some('c'));
    }

    proptest! {
        #[test]
        fn the_selection_is_always_visible(steps in prop::collection::vec(-9isize..9, 1..40), rows in 1usize..50, page in 1usize..20) {
            let rows: Vec<usize> = (0..rows).collect();
            let mut list = List::default();
            for by in steps {
                list.step(&rows, by);
                list.scroll(&rows, page);
                let selected = list.selected().unwrap();
                prop_assert!((list.top()..list.top() + page).contains(&selected));
                prop_assert!(list.top() == 0 || list.top() + page <= rows.len());
            }
        }
    }
}
