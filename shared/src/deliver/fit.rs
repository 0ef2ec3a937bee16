//! What is too large for one event is shortened until it fits.

use crate::ctx::POST_MAX_BYTES;
use crate::domain::extent::Extent;
use crate::domain::message::TEXT_MAX_CHARACTERS;

/// A frame that fits into one event: whole, or if that is too large, with its longest texts shortened as little as
/// possible; if that does not do, without media and with short names too. `frame` puts it into words within an extent.
/// Gives the shortest frame if none fits, which only a hundred messages by people whose ids are very long can bring
/// about.
pub fn messages(frame: impl Fn(&Extent) -> Option<String>) -> Option<String> {
    let whole = frame(&Extent::WHOLE)?;
    if fits(&whole) {
        return Some(whole);
    }
    let shortened = |base: Extent| {
        longest(TEXT_MAX_CHARACTERS, |text_max_characters| frame(&Extent { text_max_characters, ..base }))
    };
    match shortened(Extent::WHOLE)? {
        texts if fits(&texts) => Some(texts),
        _ => shortened(Extent::BARE),
    }
}

/// A frame that fits into one event: with all of `count` people, or as many as possible.
pub fn people(count: usize, frame: impl Fn(&Extent) -> Option<String>) -> Option<String> {
    longest(count, |people_max| frame(&Extent { people_max, ..Extent::WHOLE }))
}

fn fits(frame: &str) -> bool {
    frame.len() <= POST_MAX_BYTES
}

/// The frame of the largest bound up to `most` that fits, else that of 0. The larger the bound, the longer the frame.
fn longest(most: usize, frame: impl Fn(usize) -> Option<String>) -> Option<String> {
    let whole = frame(most)?;
    if fits(&whole) {
        return Some(whole);
    }
    // What fits is below `above`, and `best` is what fits at `below`, or the least there is.
    let (mut below, mut above, mut best) = (0, most, frame(0)?);
    while above - below > 1 {
        let middle = below.midpoint(above);
        let tried = frame(middle)?;
        if fits(&tried) {
            (below, best) = (middle, tried);
        } else {
            above = middle;
        }
    }
    Some(best)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame of so many bytes for each character of text, name and person.
    fn frame(texts: usize, names: usize, media: usize) -> impl Fn(&Extent) -> Option<String> {
        move |extent| {
            let length = texts * extent.text_max_characters
                + names * extent.name_max_characters.min(500)
                + if extent.media { media } else { 0 };
            Some("x".repeat(length))
        }
    }

    #[test]
    fn what_fits_is_whole() {
        assert_eq!(messages(frame(32, 0, 0)).unwrap().len(), 128_000);
    }

    #[test]
    fn texts_are_shortened_as_little_as_possible() {
        assert_eq!(messages(frame(100, 20, 1_000)).unwrap().len(), (POST_MAX_BYTES - 11_000) / 100 * 100 + 11_000);
    }

    #[test]
    fn media_and_long_names_are_left_out_if_texts_alone_do_not_do() {
        assert_eq!(messages(frame(10, 0, POST_MAX_BYTES + 1)).unwrap().len(), 40_000);
        assert_eq!(messages(frame(10, 300, 0)).unwrap().len(), 40_000 + 300 * 32);
    }

    #[test]
    fn as_many_people_are_listed_as_fit() {
        let frame = |extent: &Extent| Some("x".repeat(extent.people_max * 200));
        assert_eq!(people(10, frame).unwrap().len(), 2_000);
        assert_eq!(people(1_000, frame).unwrap().len(), POST_MAX_BYTES / 200 * 200);
    }
}
