//! The generated files of the repository are up to date.

use std::process::{Command, Output};

#[test]
fn generated_pages_and_schemas_are_up_to_date() {
    let Output { status, stdout, stderr } = Command::new(env!("CARGO_BIN_EXE_tasklab"))
        .args(["docs", "--check", env!("CARGO_MANIFEST_DIR")])
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    assert!(status.success(), "{}{}", text(stdout), text(stderr));
}

#[test]
fn an_outdated_page_is_named_with_the_command_that_renews_it() {
    let folder = tempfile::tempdir().unwrap();
    let docs = |arguments: &[&str]| {
        let program = env!("CARGO_BIN_EXE_tasklab");
        let output = Command::new(program)
            .arg("docs")
            .args(arguments)
            .arg(folder.path())
            .output();
        let Output { status, stdout, stderr } = output.unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (status.code(), text(stdout), text(stderr))
    };
    let (code, _, _) = docs(&[]);
    assert_eq!(code, Some(0));
    let page = folder.path().join("docs/src/reference/keys.md");
    let generated = std::fs::read_to_string(&page).unwrap();
    std::fs::write(&page, "old").unwrap();

    let (code, out, err) = docs(&["--check"]);
    assert_eq!(
        (code, out.as_str()),
        (Some(1), "out of date: docs/src/reference/keys.md\n")
    );
    assert!(err.contains("run `cargo run -- docs`"), "{err}");
    assert_eq!(std::fs::read_to_string(&page).unwrap(), "old", "--check writes nothing");

    let (code, out, _) = docs(&[]);
    assert_eq!((code, out.as_str()), (Some(0), "written: docs/src/reference/keys.md\n"));
    assert_eq!(std::fs::read_to_string(&page).unwrap(), generated);
}
