//! Large, broken and arbitrary texts.

use proptest::prelude::*;
use tasklab::scenario::builtin::BUILTIN;
use tasklab::scenario::read;

#[test]
fn colour_changes_nothing_but_the_colour() {
    let report = read("t.toml", "title = 5").unwrap_err();
    let coloured = report.render(true);
    assert_eq!(report.len(), 2);
    assert!(coloured.contains("\u{1b}["));
    let mut plain = String::new();
    for (at, part) in coloured.split("\u{1b}[").enumerate() {
        plain.push_str(if at == 0 { part } else { part.split_once('m').unwrap().1 });
    }
    assert_eq!(plain, report.render(false));
}

/// Every line of a large file is wrong. The report counts all mistakes and shows the first 500.
#[test]
fn a_report_of_200_000_mistakes_shows_the_first_500() {
    let report = read("large.toml", &"[[task]]\n".repeat(100_000)).unwrap_err();
    assert_eq!(
        report.len(),
        200_002,
        "two keys are missing in each task, the title is missing, and there are too many tasks"
    );
    let shown = report.to_string();
    assert!(shown.lines().count() < 4000);
    assert!(shown.ends_with("200002 errors, of which the first 500 are shown\n"));
}

/// The report of a file of about 1 MiB, and the number of its mistakes. The report is short.
#[track_caller]
fn short_report(text: &str) -> (String, usize) {
    let report = read("large.toml", text).unwrap_err();
    let shown = report.to_string();
    assert!(shown.len() < 2_000_000, "a report of {} bytes", shown.len());
    (shown, report.len())
}

/// The mistakes come after very many lines. A report quotes only the lines with the mistakes.
#[test]
fn a_mistake_is_quoted_without_the_lines_before_it() {
    let text = "\n".repeat(1_000_000) + &"a=1\n".repeat(2_600);
    let (shown, count) = short_report(&text);
    assert_eq!(
        count, 2_600,
        "the first is an unknown key, and the others are the same key again"
    );
    assert!(shown.contains("--> large.toml:1000002:1\n"), "{}", &shown[..200]);
}

#[test]
fn a_report_about_a_very_long_line_quotes_a_part_of_it() {
    let text = format!(
        "title = 'x'\n[[task]]\nname = 'a'\nsteps = [{}]\n",
        "{ sleeep = '1ms' }, ".repeat(50_000)
    );
    let (shown, count) = short_report(&text);
    assert_eq!(count, 50_000);
    assert!(
        shown.contains("--> large.toml:4:9992\n"),
        "the columns count from the start of the line"
    );
}

/// Every group calls many others, so that the number of cycles is astronomic.
#[test]
fn groups_that_call_each_other_in_very_many_ways_get_a_short_report() {
    let calls = |group: usize| -> String {
        let others = (0..100).map(|other| format!(", 'a{}'", (group * 7 + other * 13) % 900));
        format!("'a{}'", (group + 1) % 900) + &others.collect::<String>()
    };
    let group = |group| {
        format!(
            "[[task]]\nname = 'a{group}'\nstart = 'called'\nsteps = [{{ gather = [{}] }}]\n",
            calls(group)
        )
    };
    let (shown, count) = short_report(&("title = 'x'\n".to_owned() + &(0..900).map(group).collect::<String>()));
    assert!((1..1000).contains(&count), "{count} mistakes");
    assert!(shown.contains("calls itself without end: a0 → "));
}

/// Each unknown name is similar to the names of very many groups.
#[test]
fn very_many_unknown_names_get_a_short_report() {
    let groups = (0..900).map(|n| format!("[[task]]\nname = 'group{n}'\nstart = 'called'\nsteps = ['yield']\n"));
    let calls: String = (0..900).map(|n| format!("'groups{n}', ")).collect();
    let callers = (0..50).map(|n| format!("[[task]]\nname = 'z{n}'\nsteps = [{{ gather = [{calls}] }}]\n"));
    let text: String = groups.chain(callers).collect();
    let (shown, count) = short_report(&format!("title = 'x'\n{text}"));
    assert_eq!(count, 45_000);
    assert!(shown.contains("did you mean \"group0\"?"));
}

/// The reader returns a scenario or a report. The reader never panics. A report has no control
/// characters.
fn read_any(text: &str) {
    if let Err(report) = read(text, text) {
        let shown = report.to_string();
        assert!(report.len() > 0);
        assert!(!shown.chars().any(|c| c.is_control() && c != '\n'), "{shown:?}");
    }
}

/// A piece of a scenario file. In a sequence of such pieces, most are in the wrong place.
fn piece() -> impl Strategy<Value = String> {
    let words = "\\[\\[task\\]\\]|\\[executor\\]|\\[\\[cue\\]\\]|steps = \\[|\\]|\\{|\\}|\"|=|,|\n|title|name = \"a\"|\
                 count = 1|every = \"1ms\"|do = |calm|block|sleep|cpu|offload|in_place|timeout|after|http|file|read|\
                 \"5ms\"|\"5ms..1ms\"|lock|gather|spawn|choose|loop|\"called\"|\\[expect\\]|\"a.b / c\" = \"< 5ms\"|title.en|0|-1|1e9|inf|true|1979-05-27|\u{1b}|é|\\\\u001b";
    prop_oneof![words, "\\PC{0,4}", any::<char>().prop_map(String::from)]
}

proptest! {
    #[test]
    fn any_text_is_read_or_rejected(text in "(?s).{0,200}") {
        read_any(&text);
    }

    #[test]
    fn any_sequence_of_pieces_is_read_or_rejected(pieces in prop::collection::vec(piece(), 0..60)) {
        read_any(&pieces.concat());
    }

    #[test]
    fn a_changed_scenario_is_read_or_rejected(
        which in 0..=BUILTIN.len(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), 0usize..12, piece()), 1..5),
    ) {
        let everything = include_str!("../../scenarios/everything.toml");
        let mut text: Vec<char> = BUILTIN.get(which).map_or(everything, |builtin| builtin.text).chars().collect();
        for (at, gone, new) in changes {
            let at = at.index(text.len() + 1);
            let end = (at + gone).min(text.len());
            text.splice(at..end, new.chars());
        }
        read_any(&text.into_iter().collect::<String>());
    }
}
