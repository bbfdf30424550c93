//! Texts in the languages of tasklab.

use crate::record::Nanos;
use crate::text;

/// A text in each language.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Phrase {
    /// English.
    pub en: String,
    /// Russian.
    pub ru: String,
}

impl Phrase {
    pub(super) fn new(en: impl Into<String>, ru: impl Into<String>) -> Phrase {
        Phrase {
            en: en.into(),
            ru: ru.into(),
        }
    }
}

/// A duration in English.
pub(super) fn en(time: Nanos) -> String {
    text::duration(time)
}

/// A duration in Russian.
pub(super) fn ru(time: Nanos) -> String {
    let units = [
        ("ns", "нс"),
        ("µs", "мкс"),
        ("ms", "мс"),
        ("s", "с"),
        ("m", "мин"),
        ("h", "ч"),
    ];
    let english = text::duration(time).replace('.', ",");
    let words = english.split(' ').map(|word| {
        let unit = units.iter().find(|(english, _)| *english == word);
        unit.map_or(word, |(_, russian)| russian)
    });
    words.collect::<Vec<_>>().join(" ")
}

/// `a, b and 2 more` in English.
pub(super) fn list_en(names: &[String]) -> String {
    list(names, "and", |more| format!("{more} more"))
}

/// `a, b и ещё 2` in Russian.
pub(super) fn list_ru(names: &[String]) -> String {
    list(names, "и", |more| format!("ещё {more}"))
}

fn list(names: &[String], and: &str, more: impl Fn(usize) -> String) -> String {
    const LISTED: usize = 3;
    let (last, others) = match names.len() {
        0 => return String::new(),
        1 => return names[0].clone(),
        n if n <= LISTED => (names[n - 1].clone(), &names[..n - 1]),
        n => (more(n - LISTED + 1), &names[..LISTED - 1]),
    };
    format!("{} {and} {last}", others.join(", "))
}

/// `once` or `7 times`.
pub(super) fn times_en(count: u64) -> String {
    match count {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        n => format!("{} times", text::count(n)),
    }
}

/// `1 раз`, `2 раза` or `7 раз`.
pub(super) fn times_ru(count: u64) -> String {
    format!("{} {}", text::count(count), plural_ru(count, "раз", "раза", "раз"))
}

/// The form of a Russian noun after a number.
pub(super) fn plural_ru<'a>(count: u64, one: &'a str, few: &'a str, many: &'a str) -> &'a str {
    match (count % 100, count % 10) {
        (11..=14, _) => many,
        (_, 1) => one,
        (_, 2..=4) => few,
        _ => many,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_follow_the_rules_of_their_language() {
        let names = |n: usize| {
            ["a", "b", "c", "d", "e"][..n]
                .iter()
                .map(|&it| it.to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            [1, 2, 3, 4].map(|n| list_en(&names(n))),
            ["a", "a and b", "a, b and c", "a, b and 2 more"]
        );
        assert_eq!(list_ru(&names(5)), "a, b и ещё 3");
        assert_eq!([1, 2, 7].map(times_en), ["once", "twice", "7 times"]);
        let russian = [1, 2, 5, 11, 12, 21, 104].map(times_ru);
        assert_eq!(
            russian,
            ["1 раз", "2 раза", "5 раз", "11 раз", "12 раз", "21 раз", "104 раза"]
        );
        assert_eq!(ru(Nanos::from_micros(1_500)), "1,5 мс");
        assert_eq!(ru(Nanos::from_millis(2_500)), "2,50 с");
    }
}
