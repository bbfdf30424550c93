//! The page of keys, from the actions of the screen.

use super::markdown::{code, header, table};
use crate::tui::Action;

/// Every action with its keys, in the order of the help page.
pub fn page() -> String {
    let rows = Action::ALL.iter().map(|action| {
        let keys: Vec<String> = action.keys().iter().map(|key| code(&key.to_string())).collect();
        [keys.join(", "), action.description().to_owned()]
    });
    header("the actions in `src/tui/action.rs`", "Keys")
        + "The keys of the live screen. `?` shows them there too.\n\n"
        + &table(["key", "what it does"], rows)
}
