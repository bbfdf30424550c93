//! Tests that README and the pages of `docs/` agree with the program. All examples are valid, and
//! the program understands all commands. The targets of all links exist. The pages describe the
//! whole scenario language.
//!
//! The generated pages in `docs/src/reference/` have a test of their own.

use crate::support::program::tasklab;
use crate::support::{source_files, steps};
use serde_json::Value;
use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use tasklab::scenario::builtin::{self, LESSONS};
use tasklab::scenario::{self};
use tasklab::tui::key_table;

const README: &str = include_str!("../../README.md");
const LANGUAGE: &str = include_str!("../../docs/src/language.md");
const STEPS: &str = include_str!("../../docs/src/steps.md");

/// A Markdown file with its path from the repository's root.
struct Page {
    path: PathBuf,
    text: String,
}

/// Every page that is not generated.
fn pages() -> Vec<Page> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths: Vec<PathBuf> = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"]
        .map(PathBuf::from)
        .to_vec();
    for entry in fs::read_dir(root.join("docs/src")).expect("docs/src is a folder") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|end| end == "md") {
            paths.push(path.strip_prefix(root).expect("it is inside").to_owned());
        }
    }
    paths.sort();
    assert!(paths.len() > 15, "{paths:?}");
    let page = |path: PathBuf| Page {
        text: fs::read_to_string(root.join(&path)).unwrap_or_else(|error| panic!("{}: {error}", path.display())),
        path,
    };
    paths.into_iter().map(page).collect()
}

/// The fenced blocks of this language in a text.
fn blocks<'a>(text: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("```{language}\n");
    let after = text.split(&fence).skip(1);
    after.filter_map(|rest| rest.split("\n```").next()).collect()
}

/// The lines outside fenced blocks.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut inside = false;
    (1..).zip(text.lines()).filter(move |(_, line)| {
        let fence = line.starts_with("```");
        inside ^= fence;
        !inside && !fence
    })
}

#[test]
fn readme_is_short_and_begins_with_two_commands() {
    assert!(
        README.lines().count() <= 150,
        "README has {} lines",
        README.lines().count()
    );
    assert!(README.starts_with("# tasklab\n\n```sh\ncargo run --release -- run scenarios/mixed.toml"));
    let first = blocks(README, "sh")[0];
    assert!(first.lines().nth(1).is_some_and(|line| line.starts_with("cargo test")));
}

#[test]
fn readme_lists_every_lesson_with_its_number_and_title() {
    for (number, lesson) in (1..).zip(LESSONS) {
        let title = lesson.scenario().title;
        let title = title.strip_prefix(&format!("Lesson {number}: ")).expect("a number");
        let row = format!("\n| {number} | [{title}](scenarios/lessons/{}.toml) |", lesson.name);
        assert!(README.contains(&row), "README lacks {row}");
        let learners = include_str!("../../docs/src/learners.md");
        let row = format!("\n| {number} | {title} |");
        assert!(learners.contains(&row), "docs/src/learners.md lacks {row}");
    }
}

#[test]
fn every_key_in_the_tables_for_new_users_is_bound() {
    let bound: HashSet<String> = key_table().into_iter().flat_map(|row| row.keys).collect();
    for (page, begin) in [
        (README, "| press | to |"),
        (include_str!("../../docs/src/tour.md"), "| key | what"),
    ] {
        let (_, table) = page.split_once(begin).expect("the page has this table");
        let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
        for row in rows {
            let cell = row.split('|').nth(1).expect("a first cell");
            for key in cell.split('`').skip(1).step_by(2) {
                assert!(bound.contains(key), "no action has the key {key:?}; keys are {bound:?}");
            }
        }
    }
}

#[test]
fn every_example_of_a_whole_scenario_is_valid() {
    let mut examples = 0;
    for page in pages() {
        for block in blocks(&page.text, "toml")
            .into_iter()
            .filter(|block| block.contains("title"))
        {
            examples += 1;
            let name = page.path.display().to_string();
            if let Err(report) = scenario::read(&name, block) {
                panic!("{report}");
            }
        }
    }
    assert!(examples >= 2, "{examples} examples were found");
}

#[test]
fn the_guide_to_the_language_names_every_key_and_word() {
    let schema: Value = serde_json::from_str(&scenario::schema()).expect("the schema is JSON");
    let mut words = Vec::new();
    collect_words(&schema, &mut words);
    assert!(words.len() > 80, "{words:?}");
    words.retain(|word| !names(LANGUAGE, word));
    assert!(words.is_empty(), "docs/src/language.md does not name {words:?}");
}

#[test]
fn the_page_about_steps_names_every_step() {
    let mut steps = steps();
    steps.retain(|step| !names(STEPS, step));
    assert!(steps.is_empty(), "docs/src/steps.md does not name {steps:?}");
}

/// Whether a text contains this word as a whole word.
fn names(text: &str, word: &str) -> bool {
    let separator = |c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-');
    text.split(separator).any(|part| part == word)
}

/// Collects the keys of objects and the words that are allowed as values.
fn collect_words(schema: &Value, words: &mut Vec<String>) {
    match schema {
        Value::Object(object) => {
            if let Some(Value::Object(properties)) = object.get("properties") {
                words.extend(properties.keys().cloned());
            }
            let constant = object.get("const").and_then(Value::as_str);
            let choices = object.get("enum").and_then(Value::as_array);
            words.extend(constant.map(str::to_owned));
            words.extend(
                choices
                    .into_iter()
                    .flatten()
                    .filter_map(Value::as_str)
                    .map(str::to_owned),
            );
            object.values().for_each(|value| collect_words(value, words));
        }
        Value::Array(list) => list.iter().for_each(|value| collect_words(value, words)),
        _ => {}
    }
}

/// The command line refuses an unknown option before it looks at `--help`. So the test adds
/// `--help` to each command. The program then checks the command and does not run it.
#[test]
fn the_program_understands_every_command() {
    let mut commands = 0;
    for page in pages() {
        let lines = blocks(&page.text, "sh").into_iter().flat_map(str::lines);
        for line in lines {
            let Some(rest) = line
                .strip_prefix("tasklab ")
                .or_else(|| line.strip_prefix("cargo run --release -- "))
            else {
                continue;
            };
            commands += 1;
            let words: Vec<&str> = rest
                .split_whitespace()
                .take_while(|word| !["#", "|", ">"].contains(word))
                .collect();
            let place = format!("{}: {line}", page.path.display());
            check_names(&words, &place);
            let done = tasklab(&[&words[..], &["--help"]].concat());
            assert_eq!(done.code, Some(0), "{place}\n{}", done.err);
        }
    }
    assert!(commands > 20, "{commands} commands were found");
}

/// Checks that the scenario of a command is built in. Names in capitals and `model.toml` stand
/// for the reader's own files.
fn check_names(words: &[&str], place: &str) {
    let [command, name, ..] = words else { return };
    let placeholder = name.chars().all(|c| !c.is_lowercase()) && name.parse::<u32>().is_err();
    if !["run", "compare", "verify"].contains(command) || placeholder || *name == "model.toml" {
        return;
    }
    match name.strip_prefix("scenarios/") {
        Some(name) => assert!(builtin::find(name).is_some(), "{place}: there is no scenario {name}"),
        None if name.starts_with("--") => {}
        None => assert!(builtin::find(name).is_some(), "{place}: there is no scenario {name}"),
    }
}

#[test]
fn the_target_of_every_link_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut links = 0;
    for page in pages() {
        for (number, line) in prose(&page.text) {
            for target in line.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
                if target.starts_with("https://") {
                    continue;
                }
                links += 1;
                let place = format!("{}:{number}: {target}", page.path.display());
                let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
                let folder = page.path.parent().expect("a page is in a folder");
                let path = match file {
                    "" => root.join(&page.path),
                    file => root.join(folder).join(file),
                };
                assert!(path.exists(), "{place}: there is no such file");
                if !anchor.is_empty() {
                    let text = fs::read_to_string(&path).expect("a linked page is text");
                    let found = prose(&text).any(|(_, line)| anchor_of(line).as_deref() == Some(anchor));
                    assert!(found, "{place}: there is no such heading");
                }
            }
        }
    }
    assert!(links > 60, "{links} links were found");
}

/// The anchor that Git hosts and mdBook give to a heading.
fn anchor_of(line: &str) -> Option<String> {
    let heading = line.starts_with('#').then(|| line.trim_start_matches('#').trim())?;
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    Some(
        heading
            .to_lowercase()
            .chars()
            .filter(kept)
            .collect::<String>()
            .replace(' ', "-"),
    )
}

#[test]
fn the_table_of_contents_lists_every_page() {
    let summary = include_str!("../../docs/src/SUMMARY.md");
    for page in pages().iter().filter(|page| page.path.starts_with("docs/src")) {
        let name = page.path.file_name().and_then(|name| name.to_str()).expect("a name");
        let listed = name == "SUMMARY.md" || summary.contains(&format!("]({name})"));
        assert!(listed, "docs/src/SUMMARY.md does not list {name}");
    }
}

/// Two versions of a line of at most 100 characters fit side by side on a screen.
#[test]
fn prose_is_at_most_100_characters_wide() {
    for page in pages() {
        for (number, line) in prose(&page.text) {
            let width = line.chars().count();
            assert!(
                may_be_wide(line) || width <= 100,
                "{}:{number} has {width} characters",
                page.path.display()
            );
        }
    }
}

/// Whether a line may be longer than 100 characters: a row of a table, a picture, or a link.
fn may_be_wide(line: &str) -> bool {
    line.starts_with('|') || line.starts_with('!') || line.contains("](")
}

/// Code blocks, tables and links in comments may be wider.
#[test]
fn comments_are_at_most_100_characters_wide() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = vec![root.join("build.rs")];
    for folder in ["src", "tests", "benches"] {
        source_files(&root.join(folder), &mut files);
    }
    let mut wide = Vec::new();
    for file in files {
        let source = fs::read_to_string(&file).expect("UTF-8");
        let mut inside_block = false;
        for (number, line) in (1..).zip(source.lines()) {
            let Some(comment) = line.trim_start().strip_prefix("//") else {
                inside_block = false;
                continue;
            };
            let comment = comment.trim_start_matches(['/', '!']).trim_start();
            inside_block ^= comment.starts_with("```");
            if !inside_block && !may_be_wide(comment) && line.chars().count() > 100 {
                let file = file.strip_prefix(root).expect("it is inside").display();
                wide.push(format!("{file}:{number}"));
            }
        }
    }
    assert!(wide.is_empty(), "comments wider than 100 characters: {wide:#?}");
}
