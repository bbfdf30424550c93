//! `choose`: does one of several lists of steps, chosen at random by weight.

use super::{Step, StepContents, StepDefinition, StepListSyntax};
use crate::scenario::check::{Checker, ListContext, StepContext};
use crate::scenario::limits;
use crate::scenario::report::Diagnostic;
use crate::scenario::syntax::{At, Required, table};
use serde::{Deserialize, Serialize};

/// Does one of these lists of steps, chosen at random by weight.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Choose(pub Vec<Choice>);

/// One of several lists of steps.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Choice {
    /// The weight of this choice, above zero. The probability of a choice is its weight divided by
    /// the sum of all weights.
    pub weight: f64,
    /// The steps of this choice.
    pub steps: Vec<Step>,
}

table! {
    /// One of several lists of steps.
    #[schemars(rename = "Weighted")]
    ChoiceSyntax, "a choice" {
        /// The weight of this choice, above zero. The probability of a choice is its weight divided
        /// by the sum of all weights. Default: 1.
        #[schemars(range(min = 0))]
        weight: Option<At<f64>>,
        /// The steps of this choice. May be empty.
        steps: Required<Vec<At<super::StepSyntax>>>,
    }
}

impl StepContents for Choose {
    fn own_steps(&self) -> Vec<&[Step]> {
        self.0.iter().map(|choice| choice.steps.as_slice()).collect()
    }

    fn is_certain(&self) -> bool {
        false
    }
}

impl StepDefinition for Choose {
    type Syntax = At<Vec<At<ChoiceSyntax>>>;
    const DESCRIPTION: &'static str = "Do one of these lists of steps, chosen at random by weight.";

    fn check(choices: &Self::Syntax, context: StepContext<'_>, checker: &mut Checker<'_>) -> Option<Choose> {
        let count = choices.value.len();
        if count == 0 {
            let diagnostic = Diagnostic::new(choices.place.clone(), "`choose` has no choices");
            let help = "write { choose = [{ weight = 9, steps = … }, { steps = … }] }";
            return checker.reject(diagnostic.help(help));
        }
        if count > limits::CHOICES {
            let title = format!("there are {count} choices, but at most {} are allowed", limits::CHOICES);
            return checker.reject(Diagnostic::new(choices.place.clone(), title));
        }
        let choices = choices.value.iter();
        // All choices are checked, even after a mistake, so that every mistake is reported.
        let choices: Vec<_> = choices
            .map(|choice| check_choice(&choice.value, context.inner(), checker))
            .collect();
        choices.into_iter().collect::<Option<_>>().map(Choose)
    }

    fn within(choices: &Self::Syntax) -> Vec<&StepListSyntax> {
        let choices = choices.value.iter();
        choices.filter_map(|choice| choice.value.steps.0.as_ref()).collect()
    }
}

fn check_choice(choice: &ChoiceSyntax, context: ListContext<'_>, checker: &mut Checker<'_>) -> Option<Choice> {
    let weight = match &choice.weight {
        None => Some(1.0),
        Some(At { value, place }) if *value <= 0.0 => {
            let title = format!("`weight` is {value}, which is not above zero");
            let diagnostic = Diagnostic::new(place.clone(), title).label("this choice would never be drawn");
            checker.reject(diagnostic.help("leave the choice out"))
        }
        Some(weight) => Some(weight.value),
    };
    let steps = choice.steps.0.as_ref();
    let steps = steps.and_then(|steps| checker.steps_or_none(steps, context));
    Some(Choice {
        weight: weight?,
        steps: steps?,
    })
}
