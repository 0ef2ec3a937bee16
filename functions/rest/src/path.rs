//! Paths as Express accepts them: with or without a slash at the end, and with their fixed parts in any case.

/// The paths of all routes.
#[derive(Debug, Default)]
pub(crate) struct Paths(Vec<Vec<Part>>);

#[derive(Debug, PartialEq, Eq)]
enum Part {
    /// A part that is the same in every request, except for its case.
    Fixed(String),
    /// A parameter: any text that is not empty.
    Parameter,
}

impl Paths {
    /// Adds the path of a route, with its parameters in braces.
    pub(crate) fn add(&mut self, path: &str) {
        let part = |text: &str| if text.starts_with('{') { Part::Parameter } else { Part::Fixed(text.to_owned()) };
        self.0.push(path.split('/').map(part).collect());
    }

    /// The path as its route spells it; parameters stay as they are. `None` if no route has such a path. If several
    /// routes have, the one whose fixed parts come first is used, as in the router.
    pub(crate) fn spelled(&self, path: &str) -> Option<String> {
        let path = path.strip_suffix('/').unwrap_or(path);
        let given: Vec<&str> = path.split('/').collect();
        let meant = |parts: &&Vec<Part>| {
            parts.len() == given.len() && parts.iter().zip(&given).all(|(part, given)| part.is(given))
        };
        let kinds = |parts: &&Vec<Part>| parts.iter().map(|part| *part == Part::Parameter).collect::<Vec<_>>();
        let route = self.0.iter().filter(meant).min_by_key(kinds)?;
        let spelled = route.iter().zip(&given).map(|(part, given)| match part {
            Part::Fixed(text) => text.as_str(),
            Part::Parameter => given,
        });
        Some(spelled.collect::<Vec<_>>().join("/"))
    }
}

impl Part {
    fn is(&self, given: &str) -> bool {
        match self {
            Self::Fixed(text) => text.eq_ignore_ascii_case(given),
            Self::Parameter => !given.is_empty(),
        }
    }
}
