//! Generates the page of keys from the actions of the screen.

use super::markdown::{code, header, table};
use crate::tui::key_table;

/// Returns a table of all actions and their keys, in the order of the help page.
pub(super) fn page() -> String {
    let rows = key_table().into_iter().map(|row| {
        let keys: Vec<String> = row.keys.iter().map(|key| code(key)).collect();
        [keys.join(", "), row.description.to_owned()]
    });
    header("the actions in `src/tui/keys/action.rs`", "Keys")
        + "The keys of the live screen. Press `?` on the screen to see this list.\n\n"
        + &table(["key", "what it does"], rows)
}
