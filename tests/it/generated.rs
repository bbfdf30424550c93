//! The generated files of the repository are up to date.

use crate::support::program::{Finished, tasklab};

#[test]
fn generated_pages_and_schemas_are_up_to_date() {
    let Finished { code, out, err } = tasklab(&["docs", "--check", env!("CARGO_MANIFEST_DIR")]);
    assert_eq!(code, Some(0), "{out}{err}");
}

#[test]
fn an_outdated_page_is_named_with_the_command_that_renews_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    assert_eq!(tasklab(&["docs", path]).code, Some(0));
    let page = folder.path().join("docs/src/reference/keys.md");
    let generated = std::fs::read_to_string(&page).unwrap();
    std::fs::write(&page, "old").unwrap();

    let Finished { code, out, err } = tasklab(&["docs", "--check", path]);
    assert_eq!(
        (code, out.as_str()),
        (Some(1), "out of date: docs/src/reference/keys.md\n")
    );
    assert!(err.contains("run `cargo run -- docs`"), "{err}");
    assert_eq!(std::fs::read_to_string(&page).unwrap(), "old", "--check writes nothing");

    let Finished { code, out, .. } = tasklab(&["docs", path]);
    assert_eq!((code, out.as_str()), (Some(0), "written: docs/src/reference/keys.md\n"));
    assert_eq!(std::fs::read_to_string(&page).unwrap(), generated);
}
