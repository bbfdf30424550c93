//! Scenario files: the built-in files are valid, and invalid files get good reports.

use std::fs;
use std::path::{Path, PathBuf};
use tasklab::scenario::{self, Lang, builtin};

#[test]
fn every_built_in_scenario_is_valid() {
    for builtin in builtin::all() {
        if let Err(report) = scenario::read(builtin.name, builtin.text) {
            panic!("{report}");
        }
    }
}

#[test]
fn a_lesson_has_short_names() {
    for (number, lesson) in (1..).zip(builtin::LESSONS) {
        for name in [
            number.to_string(),
            format!("{number:02}"),
            lesson.name.to_owned(),
            format!("lessons/{}.toml", lesson.name),
        ] {
            assert_eq!(builtin::find(&name), Some(lesson), "{name}");
        }
    }
    assert_eq!(builtin::find("0"), None);
    assert_eq!(builtin::find("lessons/mixed"), None);
}

#[test]
fn every_lesson_asks_a_question_and_has_two_languages_and_expectations() {
    let names = builtin::LESSONS.iter().map(|lesson| lesson.name);
    let paths = files("scenarios/lessons", "toml");
    let found = paths.iter().map(|path| path.file_stem().unwrap().to_str().unwrap());
    assert!(names.eq(found), "the registered lessons differ from the files");
    for lesson in builtin::LESSONS {
        let [english, russian] = [Lang::En, Lang::Ru].map(|lang| lesson.scenario_in(lang));
        let name = lesson.name;
        assert_ne!(english.title, russian.title, "{name}");
        assert_ne!(english.about, russian.about, "{name}");
        for (one, other) in english.cues.iter().zip(&russian.cues) {
            assert_ne!(one.say, other.say, "{name}");
        }
        assert!(english.cues.iter().any(|cue| cue.asks), "{name} has no question");
        assert!(
            english.cues.last().is_some_and(|cue| !cue.asks),
            "{name} leaves a question open"
        );
        assert!(english.expect.len() >= 2, "{name} has fewer than two expectations");
        let length = english.duration.unwrap_or_default().as_secs();
        assert!((15..=30).contains(&length), "{name} takes {length} s");
    }
}

/// Each file of `tests/scenarios/bad` is rejected with the report in the `.txt` file beside it.
/// `UPDATE_EXPECT=1` writes these reports.
#[test]
fn every_invalid_scenario_gets_the_expected_report() {
    let bad = files("tests/scenarios/bad", "toml");
    assert!(bad.len() > 20, "only {} invalid scenarios were found", bad.len());
    let mut differ = Vec::new();
    for path in bad {
        let name = path.file_name().unwrap().to_str().unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let report = scenario::read(name, &text).expect_err(name).to_string();
        let expected = path.with_extension("txt");
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            fs::write(&expected, &report).unwrap();
        }
        if fs::read_to_string(&expected).unwrap_or_default() != report {
            differ.push(report);
        }
    }
    assert!(
        differ.is_empty(),
        "these reports differ from the expected reports:\n{}",
        differ.join("\n")
    );
}

fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries
        .filter(|path| path.extension().is_some_and(|e| e == extension))
        .collect();
    files.sort();
    files
}
