//! What holds for every packet and every text.

use frame::engine::{self, decode_payload, encode_payload};
use frame::socket;
use proptest::collection::vec;
use proptest::prelude::*;

use super::generate;

const SEPARATOR: char = '\u{1e}';

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn every_frame_survives_the_way_to_text_and_back(frame in generate::frame()) {
        let text = frame.encode();
        prop_assert_eq!(engine::decode(&text).unwrap(), frame);
    }

    #[test]
    fn every_packet_survives_the_way_to_text_and_back(packet in generate::packet()) {
        prop_assert_eq!(socket::decode(&packet.encode()).unwrap(), packet);
    }

    #[test]
    fn every_frame_text_is_a_frame_that_survives_or_an_error(text in generate::frame_text()) {
        if let Ok(frame) = engine::decode(&text) {
            let again = frame.encode();
            prop_assert_eq!(engine::decode(&again).unwrap(), frame);
        }
    }

    #[test]
    fn every_text_is_a_packet_that_survives_or_an_error(text in generate::socket_text()) {
        if let Ok(packet) = socket::decode(&text) {
            prop_assert_eq!(socket::decode(&packet.encode()).unwrap(), packet);
        }
    }

    #[test]
    fn no_packet_holds_the_separator_of_polling(packet in generate::packet()) {
        prop_assert!(!packet.encode().contains(SEPARATOR));
    }

    #[test]
    fn polling_body_gives_back_what_was_put_in(frames in vec(generate::frame(), 1..4)) {
        match encode_payload(&frames) {
            Ok(body) => prop_assert_eq!(decode_payload(&body).unwrap(), frames),
            Err(_) => prop_assert!(frames.iter().any(|frame| frame.encode().contains(SEPARATOR))),
        }
    }

    #[test]
    fn polling_body_is_decodable_if_each_of_its_frames_is(frames in vec(generate::frame_text(), 0..5)) {
        let body = frames.join(&SEPARATOR.to_string());
        let each = body.split(SEPARATOR).map(engine::decode).collect::<Result<Vec<_>, _>>();
        prop_assert_eq!(decode_payload(&body).ok(), each.ok());
    }
}
