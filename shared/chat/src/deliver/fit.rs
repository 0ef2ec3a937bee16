//! Shortens content that is too large for one event until it fits.

use relay::post::POST_MAX_BYTES;

use crate::domain::extent::Extent;
use crate::domain::message::TEXT_MAX_CHARACTERS;

/// Returns a frame that fits into one event. `frame` builds the frame within an extent. The function tries the whole
/// content first. If that is too large, it shortens the longest texts as little as possible. If that is not enough, it
/// also leaves out media and shortens names. If nothing fits, it returns the shortest frame; this can only happen for a
/// hundred messages of people whose ids are very long.
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

/// Returns a frame that fits into one event, with all of `count` people or as many of them as possible.
pub fn people(count: usize, frame: impl Fn(&Extent) -> Option<String>) -> Option<String> {
    longest(count, |people_max| frame(&Extent { people_max, ..Extent::WHOLE }))
}

fn fits(frame: &str) -> bool {
    frame.len() <= POST_MAX_BYTES
}

/// Returns the frame of the largest bound up to `most` that fits, or the frame of 0 if none fits. A larger bound must
/// give a longer frame.
fn longest(most: usize, frame: impl Fn(usize) -> Option<String>) -> Option<String> {
    let whole = frame(most)?;
    if fits(&whole) {
        return Some(whole);
    }
    // Loop invariant: the largest bound that fits is below `above`. `best` is the frame at `below`; it fits, or it is
    // the shortest frame there is.
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

    /// Builds a frame with this many bytes for each character of text, for each character of a name, and for media.
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
