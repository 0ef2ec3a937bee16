//! The rooms that a socket joined come back with it.

use super::ear::Transport;
use super::words::{self, ME};
use super::{Pair, TRANSPORTS};

#[tokio::test(start_paused = true)]
async fn typing_is_heard_in_the_rooms_that_were_joined_and_in_no_others() {
    for words in words::ALL {
        let Some(join) = words.join else { continue };
        for transport in TRANSPORTS {
            let mut pair = Pair::new(words, transport).await;
            let carols = pair.world.chat("alice", "carol").await;
            for (user, chat) in [("bob", pair.chat.clone()), ("carol", carols.clone())] {
                pair.world.join_namespace(user, user, &format!("/{}", words.name)).await;
                let (event, argument) = join(&chat);
                pair.world.ask(user, event, argument).await;
            }
            let frame = pair.ear.ask(join(&pair.chat));
            pair.world.send("ear", &frame).await;
            pair.cut();
            pair.back(transport).await;
            assert!(pair.ear.recovered);
            for (user, chat) in [("bob", &pair.chat), ("carol", &carols)] {
                let (event, argument) = (words.typing)(chat, ME);
                pair.world.ask(user, event, argument).await;
            }
            pair.ear.listen(&mut pair.world);
            let typing = |name: &str| name == "typing" || name == "typing:start";
            let typists: Vec<_> = pair.ear.lately().filter(|heard| typing(&heard.event)).collect();
            assert_eq!(typists.len(), 1, "{} {transport:?}: {typists:?}", words.name);
            assert_eq!(typists[0].said["userId"], "bob");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_room_that_was_left_is_not_joined_again() {
    let words = &words::WORKSPACE;
    let mut pair = Pair::new(words, Transport::WebSocket).await;
    pair.world.join_namespace("bob", "bob", "/workspace").await;
    for event in ["conversation:join", "conversation:leave"] {
        let frame = pair.ear.ask((event, pair.chat.clone().into()));
        pair.world.send("ear", &frame).await;
    }
    pair.cut();
    pair.back(Transport::WebSocket).await;
    assert!(pair.ear.recovered);
    let (event, argument) = (words.typing)(&pair.chat, ME);
    pair.world.ask("bob", event, argument).await;
    pair.ear.listen(&mut pair.world);
    assert!(!pair.ear.lately().any(|heard| heard.event == "typing:start"), "{:?}", pair.ear.heard);
}
