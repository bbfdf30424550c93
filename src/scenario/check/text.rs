//! The title and the description, in the chosen language.

use super::Checker;
use crate::scenario::limits;
use crate::scenario::report::Diagnostic;
use crate::scenario::syntax::{At, Line, Required, Text};

impl Checker<'_> {
    pub(super) fn title(&mut self, title: &Required<Text>) -> Option<String> {
        let At { value: text, .. } = title.0.as_ref()?;
        let sound: Vec<_> = text.lines().map(|line| self.fits_the_header(line)).collect();
        sound.into_iter().collect::<Option<()>>()?;
        text.in_lang(self.lang).map(str::to_owned)
    }

    pub(super) fn about(&mut self, about: Option<&At<Text>>) -> Option<String> {
        match about {
            Some(about) => about.value.in_lang(self.lang).map(str::to_owned),
            None => Some(String::new()),
        }
    }

    fn fits_the_header(&mut self, line: &At<Line>) -> Option<()> {
        let At { value, place } = line;
        let length = value.0.chars().count();
        if length == 0 {
            return self.reject(Diagnostic::new(place.clone(), "the title is empty"));
        }
        if length > limits::TITLE {
            let title = format!(
                "the title has {length} characters, but at most {} are allowed",
                limits::TITLE
            );
            let diagnostic = Diagnostic::new(place.clone(), title);
            return self.reject(diagnostic.help("put the rest into `about`"));
        }
        Some(())
    }
}
