//! A diagnostic describes one mistake: what is wrong, in which place, and how to correct it.

use crate::text;
use std::borrow::Cow;
use std::ops::Range;

/// The maximum number of related places that a diagnostic keeps.
const RELATED: usize = 8;
/// The maximum number of characters in one text of a diagnostic. A scenario may contain a word of a
/// million characters.
const SENTENCE: usize = 1000;

/// The place where a value is written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::scenario) enum Place {
    /// The value is at these bytes of the file.
    File(Range<usize>),
    /// The value is in this option of the command line.
    Option(&'static str),
}

impl Place {
    /// The offset in the file, in bytes. The offset is 0 for an option of the command line, because
    /// an option has no place in the file.
    pub(in crate::scenario) fn start(&self) -> usize {
        match self {
            Place::File(span) => span.start,
            Place::Option(_) => 0,
        }
    }
}

impl From<Range<usize>> for Place {
    fn from(span: Range<usize>) -> Place {
        Place::File(span)
    }
}

/// One mistake.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::scenario) struct Diagnostic {
    pub(super) place: Place,
    pub(super) title: String,
    pub(super) label: Option<String>,
    pub(super) related: Vec<(Range<usize>, String)>,
    pub(super) notes: Vec<String>,
    pub(super) helps: Vec<String>,
}

impl Diagnostic {
    /// A mistake at `place`. `title` is a sentence that says what the mistake is.
    pub(in crate::scenario) fn new(place: impl Into<Place>, title: impl AsRef<str>) -> Diagnostic {
        Diagnostic {
            place: place.into(),
            title: sentence(title.as_ref()),
            label: None,
            related: Vec::new(),
            notes: Vec::new(),
            helps: Vec::new(),
        }
    }

    /// Adds a text beside the underlined place.
    pub(in crate::scenario) fn label(mut self, text: impl AsRef<str>) -> Self {
        self.label = Some(sentence(text.as_ref()));
        self
    }

    /// Adds another place in the file that belongs to the mistake. An option of the command line
    /// has no place in the file: then this function does nothing. It also does nothing if the
    /// mistake already has [`RELATED`] places.
    pub(in crate::scenario) fn related(mut self, place: &Place, text: impl AsRef<str>) -> Self {
        if let Place::File(span) = place
            && self.related.len() < RELATED
        {
            self.related.push((span.clone(), sentence(text.as_ref())));
        }
        self
    }

    /// Adds a fact that has no place in the file.
    pub(in crate::scenario) fn note(mut self, text: impl AsRef<str>) -> Self {
        self.notes.push(sentence(text.as_ref()));
        self
    }

    /// Adds advice about how to correct the mistake.
    pub(in crate::scenario) fn help(mut self, text: impl AsRef<str>) -> Self {
        self.helps.push(sentence(text.as_ref()));
        self
    }

    pub(super) fn start(&self) -> usize {
        self.place.start()
    }
}

/// A text that is safe for a terminal and that is not longer than [`SENTENCE`].
fn sentence(text: &str) -> String {
    let end = text.char_indices().nth(SENTENCE).map(|(end, _)| end);
    let kept = end.map_or(Cow::Borrowed(text), |end| Cow::Owned(format!("{}…", &text[..end])));
    text::clean(&kept).into_owned()
}
