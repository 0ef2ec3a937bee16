//! What dialects.md promises, and the tests that hold it: each event, each route, and each rule that is the same in all dialects.
//!
//! A test is named by its module and name, one of `tests/clients` by its file and title.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use shared::dialect;

/// Whose it is, what it is, and which tests assert it.
type Promise = (&'static str, &'static str, &'static [&'static str]);

/// What every dialect knows beside its own events.
const RENEWAL: &str = "authenticate";
/// What is answered before a dialect is asked.
const HEALTH: &str = "GET /api/socket/health";

/// Each event that a client of a dialect emits.
const EVENTS: &[Promise] = &[
    (
        "recruiting",
        "send_message",
        &[
            "recruiting::block::both_may_block_and_each_sees_themselves_as_the_blocker",
            "recruiting::block::nobody_sends_while_anyone_blocks",
        ],
    ),
    (
        "recruiting",
        "mark_messages_read",
        &[
            "recruiting::block::reading_and_deleting_go_on_while_blocked",
            "recruiting::chat::a_deleted_chat_is_gone_for_both_and_both_are_told",
        ],
    ),
    (
        "recruiting",
        "typing_start",
        &[
            "recruiting::chat::a_deleted_chat_is_gone_for_both_and_both_are_told",
            "recruiting::expire::after_the_end_a_socket_hears_nothing_more",
        ],
    ),
    (
        "recruiting",
        "typing_stop",
        &[
            "recruiting::typing::typing_in_a_chat_of_others_or_to_somebody_else_is_refused",
            "recruiting::typing::typing_is_told_to_nobody_while_anyone_blocks",
        ],
    ),
    (
        "recruiting",
        "block_user",
        &[
            "recruiting::block::a_chat_of_others_cannot_be_blocked",
            "recruiting::block::blocking_and_unblocking_tell_both_sides",
        ],
    ),
    (
        "recruiting",
        "unblock_user",
        &[
            "recruiting::block::a_chat_of_others_cannot_be_blocked",
            "recruiting::block::blocking_and_unblocking_tell_both_sides",
        ],
    ),
    (
        "recruiting",
        "get_online_users",
        &[
            "recruiting::presence::a_disconnect_that_never_came_is_made_up_for_by_the_heartbeat",
            "recruiting::presence::from_the_bound_on_only_people_who_share_a_chat_are_told",
        ],
    ),
    (
        "recruiting",
        "ping",
        &[
            "recruiting::expire::another_token_of_the_same_user_renews_a_live_socket",
            "recruiting::reply::a_ping_is_answered_with_the_time",
        ],
    ),
    (
        "recruiting",
        "manual_disconnect",
        &["recruiting::presence::a_manual_disconnect_is_answered_with_the_end_of_the_socket"],
    ),
    ("recruiting", "authenticate", &["recruiting::expire::another_token_of_the_same_user_renews_a_live_socket"]),
    (
        "marketplace",
        "online",
        &[
            "marketplace::connect::a_socket_whose_token_ends_is_ended",
            "marketplace::presence::how_somebody_is_here_has_no_word",
        ],
    ),
    (
        "marketplace",
        "join-chat",
        &[
            "marketplace::block::reading_and_deleting_go_on_while_blocked",
            "marketplace::connect::a_token_is_renewed_on_a_live_socket",
        ],
    ),
    (
        "marketplace",
        "leave-chat",
        &[
            "marketplace::room::joining_and_leaving_are_answered_and_heard_by_nobody",
            "marketplace::room::a_room_is_the_sockets_and_not_the_users",
        ],
    ),
    (
        "marketplace",
        "typing",
        &["marketplace::room::a_room_is_left_with_the_socket", "marketplace::room::a_room_is_of_one_chat"],
    ),
    (
        "marketplace",
        "sendMessage",
        &[
            "marketplace::block::both_may_block_and_each_takes_their_own_back",
            "marketplace::block::nobody_sends_while_anyone_blocks",
        ],
    ),
    (
        "marketplace",
        "markAsRead",
        &[
            "marketplace::block::reading_and_deleting_go_on_while_blocked",
            "marketplace::deliver::a_message_read_by_itself_does_not_deliver_those_before_it",
        ],
    ),
    ("marketplace", "authenticate", &["marketplace::connect::a_token_is_renewed_on_a_live_socket"]),
    (
        "messenger",
        "mark_message_read",
        &["messenger::block::nobody_sends_while_anyone_blocks", "messenger::read::a_message_must_be_named"],
    ),
    (
        "messenger",
        "get_unread_count",
        &[
            "messenger::delete::a_chat_that_is_deleted_leaves_an_empty_history",
            "messenger::elsewhere::an_inquiry_is_heard_but_neither_listed_nor_counted",
        ],
    ),
    (
        "messenger",
        "typing_start",
        &[
            "messenger::block::nobody_sends_while_anyone_blocks",
            "messenger::typing::typing_in_another_dialect_is_told_in_this_one",
        ],
    ),
    (
        "messenger",
        "typing_stop",
        &[
            "messenger::typing::typing_needs_no_chat_and_is_not_told_to_own_devices",
            "messenger::typing::typing_to_nobody_or_oneself_is_refused",
        ],
    ),
    (
        "messenger",
        "send_message",
        &[
            "messenger::block::after_the_block_everything_is_as_before",
            "messenger::block::nobody_sends_while_anyone_blocks",
        ],
    ),
    (
        "messenger",
        "get_message_history",
        &[
            "messenger::delete::a_message_that_is_taken_back_is_told_to_both_and_keeps_its_place",
            "messenger::limit::a_chat_that_a_message_makes_counts_as_a_chat",
        ],
    ),
    ("messenger", "authenticate", &["messenger::connect::a_token_is_renewed_as_everywhere"]),
    (
        "workspace",
        "message:send",
        &[
            "workspace::block::each_names_who_blocked",
            "workspace::block::while_anyone_blocks_nobody_sends_and_reading_goes_on",
        ],
    ),
    (
        "workspace",
        "message:read",
        &[
            "workspace::block::while_anyone_blocks_nobody_sends_and_reading_goes_on",
            "workspace::delete::a_deleted_message_is_told_and_leaves_a_placeholder",
        ],
    ),
    (
        "workspace",
        "typing:start",
        &[
            "workspace::room::a_room_is_left_with_the_socket",
            "workspace::typing::typing_in_recruiting_is_heard_in_the_room",
        ],
    ),
    (
        "workspace",
        "typing:stop",
        &[
            "workspace::typing::typing_in_a_conversation_of_others_is_refused",
            "workspace::typing::typing_is_heard_by_sockets_of_the_others_that_joined",
        ],
    ),
    (
        "workspace",
        "conversation:join",
        &["workspace::room::a_socket_may_be_in_so_many_rooms", "workspace::room::only_participants_may_join"],
    ),
    (
        "workspace",
        "conversation:leave",
        &[
            "workspace::message::who_has_the_conversation_open_is_not_notified_and_hears_the_rest",
            "workspace::room::a_socket_may_be_in_so_many_rooms",
        ],
    ),
    (
        "workspace",
        "user:status",
        &[
            "workspace::presence::a_status_holds_for_all_dialects",
            "workspace::presence::a_status_is_told_to_the_others_and_twice_is_once",
        ],
    ),
    ("workspace", "authenticate", &["workspace::renew::a_renewed_socket_lives_on"]),
    (
        "classroom",
        "join:conversation",
        &[
            "classroom::block::reading_and_deleting_go_on",
            "classroom::room::typing_is_told_to_joined_sockets_of_the_others",
        ],
    ),
    (
        "classroom",
        "leave:conversation",
        &[
            "classroom::room::who_left_hears_no_more_of_it",
            "classroom::error::an_unknown_event_is_refused_and_the_connection_stays",
        ],
    ),
    (
        "classroom",
        "send:message",
        &[
            "classroom::block::while_anyone_blocks_nobody_sends",
            "classroom::connect::the_dialect_has_a_namespace_and_a_prefix_of_its_own_where_another_is_the_default",
        ],
    ),
    (
        "classroom",
        "typing:start",
        &[
            "classroom::room::a_room_belongs_to_a_socket_and_not_to_its_user",
            "classroom::room::typing_is_told_to_joined_sockets_of_the_others",
        ],
    ),
    (
        "classroom",
        "typing:stop",
        &[
            "classroom::room::typing_is_told_to_joined_sockets_of_the_others",
            "classroom::room::typing_is_told_to_nobody_while_anyone_blocks",
        ],
    ),
    (
        "classroom",
        "message:read",
        &["classroom::block::reading_and_deleting_go_on", "classroom::read::a_conversation_of_others_cannot_be_marked"],
    ),
    ("classroom", "authenticate", &["classroom::connect::a_token_is_renewed_on_a_live_socket"]),
];

/// Each event that a client of a dialect hears.
const HEARD: &[Promise] = &[
    (
        "recruiting",
        "connected",
        &[
            "recruiting::authenticate::a_token_without_an_end_or_beyond_it_is_invalid",
            "recruiting::authenticate::an_end_is_not_required_if_the_deployment_says_so",
        ],
    ),
    (
        "recruiting",
        "online_users",
        &[
            "recruiting::authenticate::an_end_is_not_required_if_the_deployment_says_so",
            "recruiting::authenticate::only_allowed_roles_may_use_the_service",
        ],
    ),
    (
        "recruiting",
        "message_sent",
        &[
            "recruiting::message::a_message_is_heard_by_everybody_in_the_chat",
            "recruiting::block::both_may_block_and_each_sees_themselves_as_the_blocker",
        ],
    ),
    (
        "recruiting",
        "new_message",
        &[
            "recruiting::message::a_message_is_heard_by_everybody_in_the_chat",
            "recruiting::block::both_may_block_and_each_sees_themselves_as_the_blocker",
        ],
    ),
    (
        "recruiting",
        "chat_updated",
        &[
            "recruiting::block::both_may_block_and_each_sees_themselves_as_the_blocker",
            "recruiting::block::nobody_sends_while_anyone_blocks",
        ],
    ),
    (
        "recruiting",
        "messages_marked_read",
        &[
            "recruiting::block::reading_and_deleting_go_on_while_blocked",
            "recruiting::delete::what_was_taken_back_is_no_longer_unread",
        ],
    ),
    (
        "recruiting",
        "messages_read_by_other",
        &[
            "recruiting::block::reading_and_deleting_go_on_while_blocked",
            "recruiting::delete::what_was_taken_back_is_no_longer_unread",
        ],
    ),
    (
        "recruiting",
        "user_typing",
        &[
            "recruiting::typing::typing_is_told_to_the_receiver_and_not_to_own_devices",
            "classroom::room::typing_reaches_other_dialects_and_theirs_joined_sockets",
        ],
    ),
    (
        "recruiting",
        "user_stopped_typing",
        &[
            "recruiting::expire::the_next_heartbeat_after_the_end_ends_the_socket",
            "recruiting::limit::a_socket_has_twenty_events_per_second",
        ],
    ),
    (
        "recruiting",
        "user_blocked",
        &[
            "recruiting::block::blocking_and_unblocking_tell_both_sides",
            "recruiting::block::both_may_block_and_each_sees_themselves_as_the_blocker",
        ],
    ),
    (
        "recruiting",
        "you_were_blocked",
        &[
            "recruiting::block::blocking_and_unblocking_tell_both_sides",
            "recruiting::block::both_may_block_and_each_sees_themselves_as_the_blocker",
        ],
    ),
    (
        "recruiting",
        "user_unblocked",
        &[
            "recruiting::block::blocking_and_unblocking_tell_both_sides",
            "recruiting::block::both_may_block_and_each_sees_themselves_as_the_blocker",
        ],
    ),
    (
        "recruiting",
        "you_were_unblocked",
        &[
            "recruiting::block::blocking_and_unblocking_tell_both_sides",
            "recruiting::block::both_may_block_and_each_sees_themselves_as_the_blocker",
        ],
    ),
    (
        "recruiting",
        "user_online",
        &[
            "recruiting::connect::connecting_greets_and_tells_the_others_once",
            "recruiting::connect::one_connection_may_join_both_namespaces_and_counts_as_two_sockets",
        ],
    ),
    (
        "recruiting",
        "user_offline",
        &[
            "recruiting::connect::one_connection_may_join_both_namespaces_and_counts_as_two_sockets",
            "recruiting::deliver::a_post_to_a_lost_connection_delivers_nothing_and_finds_it_gone",
        ],
    ),
    (
        "recruiting",
        "error",
        &[
            "recruiting::block::nobody_sends_while_anyone_blocks",
            "recruiting::limit::a_socket_has_twenty_events_per_second",
        ],
    ),
    (
        "recruiting",
        "message_delivered",
        &[
            "recruiting::block::both_may_block_and_each_sees_themselves_as_the_blocker",
            "recruiting::block::nobody_sends_while_anyone_blocks",
        ],
    ),
    (
        "recruiting",
        "message_deleted",
        &[
            "recruiting::block::reading_and_deleting_go_on_while_blocked",
            "recruiting::delete::a_message_taken_back_leaves_a_placeholder_and_everybody_is_told",
        ],
    ),
    ("recruiting", "chat_deleted", &["recruiting::chat::a_deleted_chat_is_gone_for_both_and_both_are_told"]),
    ("recruiting", "notification", &["workspace::notification::a_notification_reaches_every_device_of_one_person"]),
    (
        "marketplace",
        "connected",
        &[
            "marketplace::connect::connecting_greets_and_tells_the_others_once",
            "marketplace::connect::every_refusal_has_the_text_that_clients_compare_and_says_why_beside_it",
        ],
    ),
    (
        "marketplace",
        "typing",
        &["marketplace::inquiry::typing_and_deleting_reach_everybody", "marketplace::room::a_room_is_of_one_chat"],
    ),
    (
        "marketplace",
        "newMessage",
        &[
            "marketplace::media::several_media_are_listed_and_the_first_stands_alone_too",
            "marketplace::message::a_message_is_heard_by_every_socket_of_everybody_in_the_chat",
        ],
    ),
    (
        "marketplace",
        "messageRead",
        &[
            "marketplace::block::reading_and_deleting_go_on_while_blocked",
            "marketplace::delete::what_was_taken_back_is_no_longer_unread",
        ],
    ),
    (
        "marketplace",
        "error",
        &[
            "marketplace::block::nobody_sends_while_anyone_blocks",
            "marketplace::connect::a_token_is_renewed_on_a_live_socket",
        ],
    ),
    (
        "marketplace",
        "messageDelivered",
        &[
            "marketplace::block::nobody_sends_while_anyone_blocks",
            "marketplace::connect::a_socket_whose_token_ends_is_ended",
        ],
    ),
    (
        "marketplace",
        "messageDeleted",
        &[
            "marketplace::block::reading_and_deleting_go_on_while_blocked",
            "marketplace::delete::a_message_taken_back_leaves_a_placeholder_and_everybody_is_told",
        ],
    ),
    (
        "marketplace",
        "chatBlocked",
        &[
            "marketplace::block::a_block_set_and_taken_back_in_another_dialect_is_told_here",
            "marketplace::block::both_may_block_and_each_takes_their_own_back",
        ],
    ),
    (
        "marketplace",
        "chatUnblocked",
        &[
            "marketplace::block::a_block_set_and_taken_back_in_another_dialect_is_told_here",
            "marketplace::block::both_may_block_and_each_takes_their_own_back",
        ],
    ),
    (
        "marketplace",
        "chatDeleted",
        &[
            "marketplace::chat::a_chat_deleted_elsewhere_is_told_and_begins_anew",
            "marketplace::inquiry::other_dialects_take_part",
        ],
    ),
    (
        "marketplace",
        "userOnline",
        &[
            "marketplace::connect::connecting_greets_and_tells_the_others_once",
            "marketplace::presence::from_the_bound_on_only_people_who_share_a_chat_are_told",
        ],
    ),
    (
        "marketplace",
        "userOffline",
        &[
            "marketplace::presence::from_the_bound_on_only_people_who_share_a_chat_are_told",
            "marketplace::presence::only_the_first_socket_and_the_last_are_told",
        ],
    ),
    (
        "marketplace",
        "chatCreated",
        &[
            "marketplace::chat::a_chat_deleted_elsewhere_is_told_and_begins_anew",
            "marketplace::chat::a_chat_is_made_once_and_found_by_both",
        ],
    ),
    ("marketplace", "notification", &["marketplace::profile::what_a_service_has_to_tell_reaches_every_device"]),
    (
        "messenger",
        "connection",
        &[
            "messenger::connect::connecting_tells_who_one_is_and_who_is_here",
            "messenger::presence::from_the_bound_on_only_people_who_write_to_each_other_are_told",
        ],
    ),
    (
        "messenger",
        "online_users",
        &[
            "messenger::connect::connecting_tells_who_one_is_and_who_is_here",
            "messenger::message::somebody_known_need_not_be_here",
        ],
    ),
    (
        "messenger",
        "message_sent",
        &[
            "messenger::message::the_first_message_makes_the_chat_and_is_heard_by_both",
            "messenger::block::after_the_block_everything_is_as_before",
        ],
    ),
    (
        "messenger",
        "receive_message",
        &[
            "messenger::elsewhere::sound_and_many_media_are_heard",
            "messenger::message::media_of_another_dialect_show_their_caption_or_their_name",
        ],
    ),
    (
        "messenger",
        "message_notification",
        &[
            "messenger::block::after_the_block_everything_is_as_before",
            "messenger::elsewhere::an_inquiry_is_heard_but_neither_listed_nor_counted",
        ],
    ),
    (
        "messenger",
        "message_read_confirmed",
        &[
            "messenger::read::a_whole_chat_that_is_read_elsewhere_is_told_by_its_newest_message",
            "messenger::read::reading_a_message_is_confirmed_and_told_to_its_sender",
        ],
    ),
    (
        "messenger",
        "message_read",
        &[
            "messenger::block::nobody_sends_while_anyone_blocks",
            "messenger::elsewhere::a_list_that_is_read_is_told_message_by_message",
        ],
    ),
    (
        "messenger",
        "typing_indicator",
        &[
            "messenger::typing::a_socket_that_goes_types_no_more",
            "messenger::typing::typing_in_another_dialect_is_told_in_this_one",
        ],
    ),
    (
        "messenger",
        "message_history",
        &[
            "messenger::block::nobody_sends_while_anyone_blocks",
            "messenger::delete::a_chat_that_is_deleted_leaves_an_empty_history",
        ],
    ),
    (
        "messenger",
        "unread_count",
        &[
            "messenger::read::only_that_message_is_read",
            "messenger::unread::the_count_goes_to_the_ack_or_else_comes_as_an_event",
        ],
    ),
    (
        "messenger",
        "user_online",
        &[
            "messenger::connect::connecting_tells_who_one_is_and_who_is_here",
            "messenger::connect::the_dialect_has_a_namespace_of_its_own",
        ],
    ),
    (
        "messenger",
        "user_offline",
        &[
            "messenger::elsewhere::a_status_is_told_only_where_it_is_a_coming_or_a_going",
            "messenger::presence::only_the_first_socket_and_the_last_are_told",
        ],
    ),
    (
        "messenger",
        "error",
        &["messenger::block::nobody_sends_while_anyone_blocks", "messenger::connect::a_token_is_renewed_as_everywhere"],
    ),
    (
        "messenger",
        "message_delivered",
        &[
            "messenger::block::after_the_block_everything_is_as_before",
            "messenger::elsewhere::an_inquiry_is_heard_but_neither_listed_nor_counted",
        ],
    ),
    (
        "messenger",
        "message_deleted",
        &[
            "messenger::delete::a_message_that_is_taken_back_is_told_to_both_and_keeps_its_place",
            "messenger::elsewhere::what_one_deletes_for_oneself_is_told_to_ones_own_sockets",
        ],
    ),
    ("messenger", "user_blocked", &["messenger::block::both_sides_hear_of_the_other_person"]),
    ("messenger", "user_unblocked", &["messenger::block::both_sides_hear_of_the_other_person"]),
    (
        "workspace",
        "connected",
        &[
            "workspace::connect::a_role_that_is_not_allowed_is_refused",
            "workspace::connect::at_a_port_of_its_own_the_root_speaks_it",
        ],
    ),
    (
        "workspace",
        "message:new",
        &[
            "workspace::foreign::sound_is_a_file_and_several_media_are_listed",
            "workspace::media::a_message_with_a_medium_in_full",
        ],
    ),
    (
        "workspace",
        "conversation:updated",
        &[
            "workspace::conversation::a_conversation_is_made_once_and_its_other_person_told",
            "workspace::foreign::sound_is_a_file_and_several_media_are_listed",
        ],
    ),
    (
        "workspace",
        "notification:new",
        &[
            "workspace::foreign::a_conversation_may_begin_with_a_message",
            "workspace::foreign::a_conversation_of_three_lists_them_all",
        ],
    ),
    (
        "workspace",
        "message:read",
        &[
            "workspace::block::while_anyone_blocks_nobody_sends_and_reading_goes_on",
            "workspace::foreign::in_a_conversation_of_three_each_reading_is_told_to_the_sender",
        ],
    ),
    (
        "workspace",
        "typing:start",
        &[
            "workspace::typing::typing_in_recruiting_is_heard_in_the_room",
            "workspace::typing::typing_is_heard_by_sockets_of_the_others_that_joined",
        ],
    ),
    (
        "workspace",
        "typing:stop",
        &[
            "workspace::typing::typing_ends_with_the_typists_socket",
            "workspace::typing::typing_is_heard_by_sockets_of_the_others_that_joined",
        ],
    ),
    (
        "workspace",
        "user:online",
        &[
            "workspace::connect::connecting_greets_and_tells_the_others_once",
            "workspace::presence::a_status_ends_with_the_last_socket",
        ],
    ),
    (
        "workspace",
        "user:offline",
        &[
            "workspace::presence::a_status_holds_for_all_dialects",
            "workspace::presence::a_status_is_told_to_the_others_and_twice_is_once",
        ],
    ),
    (
        "workspace",
        "message:delivered",
        &[
            "workspace::foreign::a_conversation_of_three_lists_them_all",
            "workspace::foreign::in_a_conversation_of_three_each_reading_is_told_to_the_sender",
        ],
    ),
    ("workspace", "conversation:deleted", &["workspace::delete::a_deleted_conversation_is_told_and_gone"]),
    (
        "workspace",
        "error",
        &[
            "workspace::block::while_anyone_blocks_nobody_sends_and_reading_goes_on",
            "workspace::error::an_argument_that_is_no_object_is_refused",
        ],
    ),
    (
        "workspace",
        "message:deleted",
        &[
            "workspace::delete::a_deleted_message_is_told_and_leaves_a_placeholder",
            "workspace::foreign::what_somebody_deleted_for_themselves_is_gone_for_them_alone",
        ],
    ),
    (
        "workspace",
        "conversation:blocked",
        &[
            "workspace::block::a_block_and_its_end_are_told_to_both_sides_once",
            "workspace::block::each_names_who_blocked",
        ],
    ),
    (
        "workspace",
        "conversation:unblocked",
        &[
            "workspace::block::a_block_and_its_end_are_told_to_both_sides_once",
            "workspace::block::each_names_who_blocked",
        ],
    ),
    (
        "classroom",
        "connected",
        &[
            "classroom::connect::a_role_that_is_not_allowed_is_forbidden",
            "classroom::connect::connecting_greets_and_tells_the_others_once",
        ],
    ),
    (
        "classroom",
        "message:sent",
        &[
            "classroom::conversation::a_chat_deleted_elsewhere_is_told_and_begins_anew",
            "classroom::deliver::a_message_delivered_in_another_dialect_is_told_here",
        ],
    ),
    (
        "classroom",
        "new:message",
        &[
            "classroom::media::a_list_is_heard_in_other_dialects_and_theirs_here",
            "classroom::message::a_message_is_confirmed_to_its_origin_and_heard_by_every_socket_of_everybody",
        ],
    ),
    (
        "classroom",
        "typing:start",
        &[
            "classroom::group::typing_and_deleting_reach_everybody",
            "classroom::room::typing_is_told_to_joined_sockets_of_the_others",
        ],
    ),
    (
        "classroom",
        "typing:stop",
        &[
            "classroom::room::a_socket_that_closes_types_no_more",
            "classroom::room::typing_is_told_to_joined_sockets_of_the_others",
        ],
    ),
    (
        "classroom",
        "messages:read",
        &[
            "classroom::block::reading_and_deleting_go_on",
            "classroom::group::a_message_has_come_as_far_as_with_the_last_of_its_recipients",
        ],
    ),
    (
        "classroom",
        "message:delivered",
        &[
            "classroom::conversation::a_chat_deleted_elsewhere_is_told_and_begins_anew",
            "classroom::deliver::a_message_delivered_in_another_dialect_is_told_here",
        ],
    ),
    (
        "classroom",
        "message:deleted",
        &["classroom::delete::for_everyone_everybody_is_told", "classroom::delete::for_me_only_own_sockets_are_told"],
    ),
    (
        "classroom",
        "user:online",
        &[
            "classroom::connect::connecting_greets_and_tells_the_others_once",
            "classroom::presence::from_the_bound_on_only_people_who_share_a_conversation_are_told",
        ],
    ),
    (
        "classroom",
        "user:offline",
        &[
            "classroom::presence::only_the_first_socket_and_the_last_are_told",
            "classroom::presence::people_of_other_dialects_come_and_go_too",
        ],
    ),
    (
        "classroom",
        "error",
        &[
            "classroom::block::while_anyone_blocks_nobody_sends",
            "classroom::error::an_error_goes_to_the_ack_or_else_is_an_event",
        ],
    ),
    ("classroom", "conversation:blocked", &["classroom::block::both_sides_hear_of_a_block_and_of_its_end"]),
    ("classroom", "conversation:unblocked", &["classroom::block::both_sides_hear_of_a_block_and_of_its_end"]),
    (
        "classroom",
        "conversation:updated",
        &[
            "classroom::conversation::a_chat_deleted_elsewhere_is_told_and_begins_anew",
            "classroom::conversation::a_conversation_is_made_once_and_found_by_both",
        ],
    ),
    (
        "classroom",
        "conversation:deleted",
        &["classroom::conversation::a_chat_deleted_elsewhere_is_told_and_begins_anew"],
    ),
    ("classroom", "notification:new", &["classroom::profile::what_a_service_has_to_tell_reaches_every_device"]),
];

/// Each route of a dialect.
const ROUTES: &[Promise] = &[
    (
        "recruiting",
        "POST /api/chat/create-or-get",
        &[
            "recruiting::chat::a_chat_is_made_once_and_its_other_person_told",
            "recruiting::chat::a_chat_made_anew_starts_empty",
        ],
    ),
    (
        "recruiting",
        "GET /api/chat/my-chats",
        &[
            "recruiting::chat::a_page_of_chats_has_bounds",
            "recruiting::chat::chats_are_listed_with_the_most_recent_activity_first",
        ],
    ),
    (
        "recruiting",
        "GET /api/chat/blocked",
        &[
            "recruiting::block::the_blocked_list_holds_what_the_caller_blocks",
            "recruiting::chat::a_chat_made_anew_starts_empty",
        ],
    ),
    (
        "recruiting",
        "GET /api/chat/{chatId}",
        &[
            "recruiting::block::the_blocked_list_holds_what_the_caller_blocks",
            "recruiting::chat::a_chat_made_anew_starts_empty",
        ],
    ),
    (
        "recruiting",
        "DELETE /api/chat/{chatId}",
        &[
            "recruiting::chat::a_chat_made_anew_starts_empty",
            "recruiting::chat::a_deleted_chat_is_gone_for_both_and_both_are_told",
        ],
    ),
    (
        "recruiting",
        "POST /api/chat/{chatId}/block",
        &[
            "recruiting::block::blocking_twice_is_success_and_tells_nobody",
            "recruiting::block::over_rest_the_same_is_heard",
        ],
    ),
    ("recruiting", "POST /api/chat/{chatId}/unblock", &["recruiting::block::over_rest_the_same_is_heard"]),
    (
        "recruiting",
        "POST /api/message/send",
        &[
            "recruiting::block::nobody_sends_while_anyone_blocks",
            "recruiting::repeat::a_repeat_is_answered_with_the_first_message_and_heard_by_nobody",
        ],
    ),
    (
        "recruiting",
        "GET /api/message/chat/{chatId}",
        &[
            "recruiting::block::reading_and_deleting_go_on_while_blocked",
            "recruiting::chat::a_chat_made_anew_starts_empty",
        ],
    ),
    (
        "recruiting",
        "POST /api/message/chat/{chatId}/mark-read",
        &["recruiting::read::reading_over_rest_is_heard_over_sockets"],
    ),
    (
        "recruiting",
        "GET /api/message/chat/{chatId}/search",
        &[
            "recruiting::chat::a_chat_made_anew_starts_empty",
            "recruiting::search::a_search_finds_substrings_whatever_their_case",
        ],
    ),
    (
        "recruiting",
        "GET /api/message/unread-count",
        &[
            "recruiting::chat::a_deleted_chat_is_gone_for_both_and_both_are_told",
            "recruiting::delete::what_was_taken_back_is_no_longer_unread",
        ],
    ),
    (
        "recruiting",
        "DELETE /api/message/{messageId}",
        &[
            "recruiting::block::reading_and_deleting_go_on_while_blocked",
            "recruiting::chat::a_chat_made_anew_starts_empty",
        ],
    ),
    ("recruiting", "PUT /api/listings/{petId}", &["rules::what_every_dialect_serves_is_there_under_every_prefix"]),
    ("recruiting", "GET /api/listings/{petId}", &["rules::what_every_dialect_serves_is_there_under_every_prefix"]),
    (
        "recruiting",
        "POST /api/media/uploads",
        &[
            "rules::what_every_dialect_serves_is_there_under_every_prefix",
            "media::upload::an_upload_that_is_named_becomes_the_same_object_and_message_as_a_form",
        ],
    ),
    (
        "recruiting",
        "GET /api/media/{name}/link",
        &[
            "rules::what_every_dialect_serves_is_there_under_every_prefix",
            "media::serve::a_link_is_good_for_five_minutes_without_a_token",
        ],
    ),
    (
        "recruiting",
        "POST /api/chat/{chatId}/send-media",
        &["media::send::every_dialect_takes_a_file_and_shows_it_in_its_own_words"],
    ),
    ("recruiting", "PUT /api/users/{userId}", &["rules::what_every_dialect_serves_is_there_under_every_prefix"]),
    (
        "recruiting",
        "POST /api/users/{userId}/notifications",
        &["rules::what_every_dialect_serves_is_there_under_every_prefix"],
    ),
    (
        "recruiting",
        "GET /api/socket/health",
        &[
            "recruiting::presence::the_health_route_counts_sockets_and_asks_for_no_token",
            "rules::what_every_dialect_serves_is_there_under_every_prefix",
        ],
    ),
    (
        "marketplace",
        "POST /api/chat/create",
        &[
            "marketplace::chat::a_chat_deleted_elsewhere_is_told_and_begins_anew",
            "marketplace::chat::a_chat_is_made_once_and_found_by_both",
        ],
    ),
    (
        "marketplace",
        "GET /api/chat/my-chats",
        &[
            "marketplace::block::everybody_in_the_chat_hears_of_a_block_and_of_its_end",
            "marketplace::chat::the_list_shows_what_was_said_last_and_the_callers_own_count",
        ],
    ),
    (
        "marketplace",
        "GET /api/chat/{chatId}/messages",
        &[
            "marketplace::inquiry::somebody_outside_cannot_tell_that_it_exists",
            "marketplace::media::sound_and_files_read_as_text",
        ],
    ),
    (
        "marketplace",
        "POST /api/chat/{chatId}/send",
        &[
            "marketplace::block::nobody_sends_while_anyone_blocks",
            "marketplace::message::a_reply_names_the_message_it_answers",
        ],
    ),
    (
        "marketplace",
        "PUT /api/chat/{chatId}/mark-read",
        &[
            "marketplace::delete::what_was_taken_back_is_no_longer_unread",
            "marketplace::deliver::what_was_read_is_delivered_no_more",
        ],
    ),
    (
        "marketplace",
        "DELETE /api/chat/message/{messageId}",
        &[
            "marketplace::block::reading_and_deleting_go_on_while_blocked",
            "marketplace::inquiry::typing_and_deleting_reach_everybody",
        ],
    ),
    (
        "marketplace",
        "PUT /api/chat/{chatId}/toggle-block",
        &[
            "marketplace::inquiry::each_of_three_may_block_and_while_one_does_nobody_sends",
            "marketplace::block::a_block_set_and_taken_back_in_another_dialect_is_told_here",
        ],
    ),
    (
        "marketplace",
        "PUT /api/listings/{petId}",
        &[
            "marketplace::inquiry::a_listing_that_changes_is_shown_as_it_is",
            "rules::what_every_dialect_serves_is_there_under_every_prefix",
        ],
    ),
    (
        "marketplace",
        "GET /api/listings/{petId}",
        &["marketplace::listing::a_listing_has_bounds", "rules::what_every_dialect_serves_is_there_under_every_prefix"],
    ),
    (
        "marketplace",
        "POST /api/media/uploads",
        &[
            "rules::what_every_dialect_serves_is_there_under_every_prefix",
            "media::upload::an_upload_that_is_named_becomes_the_same_object_and_message_as_a_form",
        ],
    ),
    (
        "marketplace",
        "GET /api/media/{name}/link",
        &[
            "rules::what_every_dialect_serves_is_there_under_every_prefix",
            "media::serve::a_link_is_good_for_five_minutes_without_a_token",
        ],
    ),
    (
        "marketplace",
        "POST /api/chat/{chatId}/send-media",
        &["media::send::every_dialect_takes_a_file_and_shows_it_in_its_own_words"],
    ),
    (
        "marketplace",
        "PUT /api/users/{userId}",
        &[
            "marketplace::profile::messages_and_chats_show_profiles",
            "rules::what_every_dialect_serves_is_there_under_every_prefix",
        ],
    ),
    (
        "marketplace",
        "POST /api/users/{userId}/notifications",
        &[
            "marketplace::profile::what_a_service_has_to_tell_reaches_every_device",
            "rules::what_every_dialect_serves_is_there_under_every_prefix",
        ],
    ),
    (
        "marketplace",
        "GET /api/socket/health",
        &[
            "marketplace::presence::the_health_route_counts_sockets_and_rooms_and_asks_for_no_token",
            "rules::what_every_dialect_serves_is_there_under_every_prefix",
        ],
    ),
    (
        "messenger",
        "PUT /api/listings/{petId}",
        &[
            "messenger::rest::listings_are_there_under_every_prefix",
            "rules::what_every_dialect_serves_is_there_under_every_prefix",
        ],
    ),
    (
        "messenger",
        "GET /api/listings/{petId}",
        &[
            "messenger::rest::listings_are_there_under_every_prefix",
            "rules::what_every_dialect_serves_is_there_under_every_prefix",
        ],
    ),
    (
        "messenger",
        "POST /api/media/uploads",
        &[
            "rules::what_every_dialect_serves_is_there_under_every_prefix",
            "media::upload::an_upload_that_is_named_becomes_the_same_object_and_message_as_a_form",
        ],
    ),
    (
        "messenger",
        "GET /api/media/{name}/link",
        &[
            "rules::what_every_dialect_serves_is_there_under_every_prefix",
            "media::serve::a_link_is_good_for_five_minutes_without_a_token",
        ],
    ),
    (
        "messenger",
        "POST /api/chat/{chatId}/send-media",
        &["media::send::every_dialect_takes_a_file_and_shows_it_in_its_own_words"],
    ),
    (
        "messenger",
        "PUT /api/users/{userId}",
        &[
            "messenger::rest::a_service_makes_somebody_known_who_can_then_be_written_to",
            "rules::what_every_dialect_serves_is_there_under_every_prefix",
        ],
    ),
    (
        "messenger",
        "POST /api/users/{userId}/notifications",
        &[
            "messenger::rest::what_a_service_tells_reaches_every_device",
            "rules::what_every_dialect_serves_is_there_under_every_prefix",
        ],
    ),
    ("messenger", "GET /api/socket/health", &["rules::what_every_dialect_serves_is_there_under_every_prefix"]),
    (
        "workspace",
        "POST /api/conversations",
        &[
            "workspace::delete::a_deleted_conversation_is_told_and_gone",
            "workspace::conversation::a_chat_made_elsewhere_is_the_same_and_is_told",
        ],
    ),
    (
        "workspace",
        "GET /api/conversations",
        &[
            "workspace::delete::a_deleted_conversation_is_told_and_gone",
            "workspace::foreign::what_somebody_deleted_for_themselves_is_gone_for_them_alone",
        ],
    ),
    (
        "workspace",
        "GET /api/conversations/{conversationId}/messages",
        &[
            "workspace::block::while_anyone_blocks_nobody_sends_and_reading_goes_on",
            "workspace::delete::a_deleted_conversation_is_told_and_gone",
        ],
    ),
    ("workspace", "PUT /api/listings/{petId}", &["rules::what_every_dialect_serves_is_there_under_every_prefix"]),
    ("workspace", "GET /api/listings/{petId}", &["rules::what_every_dialect_serves_is_there_under_every_prefix"]),
    (
        "workspace",
        "POST /api/media/uploads",
        &[
            "rules::what_every_dialect_serves_is_there_under_every_prefix",
            "media::upload::an_upload_that_is_named_becomes_the_same_object_and_message_as_a_form",
        ],
    ),
    (
        "workspace",
        "GET /api/media/{name}/link",
        &[
            "rules::what_every_dialect_serves_is_there_under_every_prefix",
            "media::serve::a_link_is_good_for_five_minutes_without_a_token",
        ],
    ),
    (
        "workspace",
        "POST /api/chat/{chatId}/send-media",
        &["media::send::every_dialect_takes_a_file_and_shows_it_in_its_own_words"],
    ),
    ("workspace", "PUT /api/users/{userId}", &["rules::what_every_dialect_serves_is_there_under_every_prefix"]),
    (
        "workspace",
        "POST /api/users/{userId}/notifications",
        &[
            "workspace::notification::a_notification_reaches_every_device_of_one_person",
            "rules::what_every_dialect_serves_is_there_under_every_prefix",
        ],
    ),
    (
        "workspace",
        "GET /api/socket/health",
        &[
            "workspace::presence::the_health_route_counts_sockets_and_rooms_and_asks_for_no_token",
            "rules::what_every_dialect_serves_is_there_under_every_prefix",
        ],
    ),
    (
        "classroom",
        "GET /api/chat/conversations",
        &[
            "classroom::connect::the_dialect_has_a_namespace_and_a_prefix_of_its_own_where_another_is_the_default",
            "classroom::conversation::nobody_talks_to_themselves_or_to_someone_unknown",
        ],
    ),
    (
        "classroom",
        "GET /api/chat/conversation/{id}",
        &[
            "classroom::conversation::a_chat_deleted_elsewhere_is_told_and_begins_anew",
            "classroom::conversation::a_conversation_is_made_once_and_found_by_both",
        ],
    ),
    (
        "classroom",
        "GET /api/chat/conversation/{id}/messages",
        &[
            "classroom::group::a_message_has_come_as_far_as_with_the_last_of_its_recipients",
            "classroom::page::a_page_of_messages_in_full",
        ],
    ),
    (
        "classroom",
        "POST /api/chat/message",
        &[
            "classroom::block::while_anyone_blocks_nobody_sends",
            "classroom::repeat::a_repeat_is_answered_with_the_first_message_and_heard_by_nobody",
        ],
    ),
    (
        "classroom",
        "DELETE /api/chat/message/{messageId}",
        &[
            "classroom::delete::for_everyone_only_the_sender_may",
            "classroom::group::typing_and_deleting_reach_everybody",
        ],
    ),
    (
        "classroom",
        "POST /api/chat/messages/read",
        &[
            "classroom::conversation::the_most_recent_activity_comes_first",
            "classroom::deliver::a_message_that_is_read_before_it_was_delivered_is_read",
        ],
    ),
    (
        "classroom",
        "GET /api/chat/unread-count",
        &[
            "classroom::read::the_count_is_over_all_conversations_and_falls_by_what_was_marked",
            "classroom::delete::for_everyone_everybody_is_told",
        ],
    ),
    ("classroom", "PUT /api/listings/{petId}", &["rules::what_every_dialect_serves_is_there_under_every_prefix"]),
    ("classroom", "GET /api/listings/{petId}", &["rules::what_every_dialect_serves_is_there_under_every_prefix"]),
    (
        "classroom",
        "POST /api/media/uploads",
        &[
            "rules::what_every_dialect_serves_is_there_under_every_prefix",
            "media::upload::an_upload_that_is_named_becomes_the_same_object_and_message_as_a_form",
        ],
    ),
    (
        "classroom",
        "GET /api/media/{name}/link",
        &[
            "rules::what_every_dialect_serves_is_there_under_every_prefix",
            "media::serve::a_link_is_good_for_five_minutes_without_a_token",
        ],
    ),
    (
        "classroom",
        "POST /api/chat/{chatId}/send-media",
        &["media::send::every_dialect_takes_a_file_and_shows_it_in_its_own_words"],
    ),
    (
        "classroom",
        "PUT /api/users/{userId}",
        &[
            "classroom::profile::messages_and_conversations_show_profiles",
            "rules::what_every_dialect_serves_is_there_under_every_prefix",
        ],
    ),
    (
        "classroom",
        "POST /api/users/{userId}/notifications",
        &["rules::what_every_dialect_serves_is_there_under_every_prefix"],
    ),
    (
        "classroom",
        "GET /api/socket/health",
        &[
            "classroom::presence::the_health_route_asks_for_no_token",
            "rules::what_every_dialect_serves_is_there_under_every_prefix",
        ],
    ),
];

/// Each rule of sections 2, 8 and 9, by section and heading. Of section 8, what is said of recovering a connection's state is to come.
const SENTENCES: &[Promise] = &[
    (
        "2 Authentication",
        "token from the payload, else from the header",
        &[
            "recruiting::authenticate::the_payload_beats_the_header",
            "recruiting::authenticate::bearer_may_stand_before_a_token_or_not",
        ],
    ),
    ("2 Authentication", "never from the query", &["recruiting::authenticate::a_token_in_the_query_is_not_looked_at"]),
    (
        "2 Authentication",
        "the user is the first of four claims",
        &[
            "recruiting::authenticate::the_user_is_the_first_of_four_claims",
            "tokens::the_user_is_the_first_claim_that_can_be_one",
        ],
    ),
    (
        "2 Authentication",
        "optional claims make the profile",
        &["messenger::connect::connecting_tells_who_one_is_and_who_is_here"],
    ),
    (
        "2 Authentication",
        "a refused socket hears which of three reasons, with a code",
        &[
            "recruiting::authenticate::without_a_token_a_socket_is_refused_and_may_try_again",
            "recruiting::authenticate::what_is_no_token_of_ours_is_invalid",
            "recruiting::authenticate::a_token_without_an_end_or_beyond_it_is_invalid",
            "recruiting::authenticate::the_user_is_the_first_of_four_claims",
        ],
    ),
    (
        "2 Authentication",
        "marketplace has one text, and the reason beside it",
        &["marketplace::connect::every_refusal_has_the_text_that_clients_compare_and_says_why_beside_it"],
    ),
    (
        "2 Authentication",
        "REST refuses with 401 and the same text",
        &[
            "recruiting::authenticate::rest_refuses_with_the_same_texts",
            "marketplace::connect::rest_refuses_in_the_same_words",
        ],
    ),
    (
        "2 Authentication",
        "allowed roles hold in every dialect",
        &[
            "recruiting::authenticate::only_allowed_roles_may_use_the_service",
            "marketplace::connect::a_role_that_is_not_allowed_is_forbidden",
            "messenger::connect::a_role_that_may_not_connect_is_refused",
            "workspace::connect::a_role_that_is_not_allowed_is_refused",
            "classroom::connect::a_role_that_is_not_allowed_is_forbidden",
        ],
    ),
    (
        "2 People",
        "known from the first socket, request or word of a service",
        &[
            "recruiting::chat::a_user_is_known_from_their_first_socket",
            "recruiting::chat::a_chat_with_oneself_or_somebody_unknown_is_refused",
            "marketplace::profile::a_person_made_known_by_a_service_can_be_written_to",
        ],
    ),
    (
        "2 People",
        "somebody unknown is not found",
        &[
            "recruiting::chat::a_chat_with_oneself_or_somebody_unknown_is_refused",
            "messenger::message::a_receiver_nobody_has_seen_is_not_found",
        ],
    ),
    (
        "2 People",
        "nobody talks to themselves",
        &[
            "recruiting::chat::a_chat_with_oneself_or_somebody_unknown_is_refused",
            "messenger::message::what_cannot_be_sent_is_refused_with_a_plain_description",
        ],
    ),
    (
        "2 People",
        "addresses are for oneself and who shares a chat, else null",
        &["messenger::connect::the_address_of_somebody_is_shown_once_they_share_a_chat"],
    ),
    (
        "2 Ids",
        "chats have 24 hex digits, messages more",
        &["recruiting::message::a_message_is_heard_by_everybody_in_the_chat"],
    ),
    (
        "2 Times",
        "ISO text with milliseconds, numbers where documented",
        &[
            "recruiting::reply::an_error_goes_to_the_ack_or_else_is_an_event",
            "classroom::presence::only_the_first_socket_and_the_last_are_told",
        ],
    ),
    (
        "2 Times",
        "a message has the time of its arrival",
        &[
            "recruiting::message::a_message_has_the_time_at_which_the_gateway_received_it",
            "messenger::message::a_message_has_the_time_at_which_the_gateway_received_it",
        ],
    ),
    (
        "2 Pages",
        "defaults and bounds",
        &[
            "recruiting::page::a_page_has_fifty_messages_unless_asked_for_up_to_a_hundred",
            "recruiting::page::other_values_are_refused_and_named",
            "marketplace::chat::a_page_of_chats_has_twenty_unless_said_and_bounds",
        ],
    ),
    (
        "2 Pages",
        "newest page first, oldest first inside",
        &["recruiting::page::page_one_holds_the_newest_and_inside_a_page_the_oldest_comes_first"],
    ),
    (
        "2 Pages",
        "chats by latest activity",
        &["recruiting::chat::chats_are_listed_with_the_most_recent_activity_first"],
    ),
    (
        "2 Pages",
        "depth costs nothing",
        &[
            "cost::a_page_costs_the_same_however_deep_it_is",
            "recruiting::page::a_page_costs_the_same_however_deep_it_is",
        ],
    ),
    (
        "2 Pages",
        "totals are exact",
        &[
            "model::the_system_is_what_the_model_says",
            "recruiting::page::a_page_has_fifty_messages_unless_asked_for_up_to_a_hundred",
        ],
    ),
    (
        "2 Content",
        "kept as sent, within bounds, blank is empty",
        &[
            "recruiting::message::text_is_returned_as_sent",
            "recruiting::message::only_white_space_is_empty",
            "recruiting::message::a_text_has_at_most_4000_characters_however_many_bytes_they_take",
            "marketplace::message::a_text_has_at_most_1000_characters_however_many_bytes_they_take",
        ],
    ),
    (
        "2 Content",
        "may be empty beside media",
        &["recruiting::message::media_of_every_type", "classroom::media::media_of_every_type_with_and_without_text"],
    ),
    (
        "2 Content",
        "only documented types",
        &[
            "recruiting::message::a_type_wants_what_it_is_of",
            "marketplace::message::what_is_wrong_is_named_as_it_was_sent",
            "workspace::media::media_types_need_media_and_media_an_address",
            "classroom::message::what_is_wrong_is_named_as_it_was_sent",
        ],
    ),
    (
        "2 Content",
        "addresses of media are https or our own, and bounded",
        &[
            "recruiting::message::a_medium_has_an_https_address_of_at_most_2048_characters",
            "marketplace::media::an_object_of_our_own_goes_by_its_generated_name_and_elsewhere_by_its_path",
            "classroom::media::what_is_wrong_with_a_list_is_told",
        ],
    ),
    (
        "2 Replying",
        "with an ack no error event",
        &[
            "recruiting::reply::an_error_goes_to_the_ack_or_else_is_an_event",
            "marketplace::reply::an_error_goes_to_the_ack_or_else_is_an_event",
            "classroom::error::an_error_goes_to_the_ack_or_else_is_an_event",
            "workspace::error::an_error_is_said_once_and_heard_by_its_cause_alone",
        ],
    ),
    (
        "2 Replying",
        "without one, the event",
        &[
            "recruiting::reply::an_error_goes_to_the_ack_or_else_is_an_event",
            "messenger::message::a_receiver_nobody_has_seen_is_not_found",
        ],
    ),
    (
        "2 Replying",
        "an unknown event is answered likewise",
        &[
            "recruiting::reply::an_unknown_event_is_refused_and_the_connection_stays",
            "marketplace::reply::an_unknown_event_is_refused_and_the_connection_stays",
            "messenger::errors::an_unknown_event_is_answered",
            "workspace::error::an_unknown_event_is_answered",
            "classroom::error::an_unknown_event_is_refused_and_the_connection_stays",
        ],
    ),
    (
        "2 Replying",
        "shape of an ack, good or bad",
        &[
            "recruiting::reply::a_ping_is_answered_with_the_time",
            "recruiting::reply::an_error_goes_to_the_ack_or_else_is_an_event",
        ],
    ),
    (
        "2 Who hears a message",
        "every socket of everybody, room or no room",
        &[
            "marketplace::message::whether_a_room_was_joined_makes_no_difference",
            "classroom::message::whether_a_room_was_joined_makes_no_difference",
            "recruiting::message::a_message_is_heard_by_everybody_in_the_chat",
        ],
    ),
    (
        "2 Who hears a message",
        "origin, other and recipients are told apart",
        &[
            "recruiting::message::a_message_is_heard_by_everybody_in_the_chat",
            "workspace::message::a_message_is_heard_by_everybody_in_the_conversation_but_the_socket_that_sent_it",
            "classroom::message::a_message_is_confirmed_to_its_origin_and_heard_by_every_socket_of_everybody",
        ],
    ),
    (
        "2 Who hears a message",
        "REST has no origin",
        &[
            "recruiting::message::a_message_over_rest_has_no_origin",
            "classroom::message::a_message_over_rest_has_no_origin",
        ],
    ),
    (
        "2 Rooms",
        "typing is for joined sockets, or the receiver's",
        &[
            "marketplace::typing::typing_is_told_to_joined_sockets_of_the_others",
            "workspace::typing::typing_is_heard_by_sockets_of_the_others_that_joined",
            "classroom::room::typing_is_told_to_joined_sockets_of_the_others",
            "recruiting::typing::typing_is_told_to_the_receiver_and_not_to_own_devices",
        ],
    ),
    (
        "2 Rooms",
        "only participants join",
        &[
            "marketplace::room::only_a_participant_joins",
            "workspace::room::only_participants_may_join",
            "classroom::room::joining_wants_an_own_conversation",
        ],
    ),
    (
        "2 Rooms",
        "typing is not stored with the chat, stops at a block, and ends with the socket",
        &[
            "rules::typing_changes_nothing_of_a_chat",
            "cross::whoever_blocks_in_one_dialect_blocks_in_all",
            "recruiting::typing::a_socket_that_closes_types_no_more",
            "marketplace::typing::a_socket_that_goes_types_no_more",
            "messenger::typing::a_socket_that_goes_types_no_more",
            "workspace::typing::typing_ends_with_the_typists_socket",
            "classroom::room::a_socket_that_closes_types_no_more",
        ],
    ),
    (
        "2 Reading",
        "it is per recipient",
        &[
            "marketplace::inquiry::counts_are_each_persons_own",
            "messenger::words::in_a_chat_of_three_a_message_is_read_for_its_sender_once_all_have",
        ],
    ),
    (
        "2 Reading",
        "one message, or the whole chat",
        &[
            "messenger::read::only_that_message_is_read",
            "marketplace::read::a_whole_chat_is_told_by_its_newest_message",
        ],
    ),
    (
        "2 Reading",
        "recipients only; a repeat is no news",
        &[
            "marketplace::read::ones_own_message_is_not_ones_own_to_mark",
            "classroom::read::own_messages_are_passed_over",
            "recruiting::read::a_repeat_is_confirmed_to_the_caller_alone",
            "marketplace::read::a_repeat_is_confirmed_to_the_calling_socket_alone",
        ],
    ),
    (
        "2 Reading",
        "the count falls by what was new",
        &[
            "recruiting::read::the_count_is_over_all_chats_and_falls_by_what_was_marked",
            "classroom::read::only_what_was_newly_marked_is_told_and_counted",
        ],
    ),
    (
        "2 Reading",
        "sent, delivered, read, and never back",
        &[
            "classroom::deliver::a_message_is_delivered_once_it_was_posted_to_a_recipient",
            "classroom::deliver::fetching_marks_what_was_waiting_as_delivered_and_not_as_read",
            "marketplace::deliver::what_was_read_is_delivered_no_more",
        ],
    ),
    (
        "2 Reading",
        "of several recipients the least",
        &[
            "marketplace::inquiry::a_message_has_come_as_far_as_with_the_last_of_its_recipients",
            "classroom::group::a_message_has_come_as_far_as_with_the_last_of_its_recipients",
        ],
    ),
    (
        "2 Blocking",
        "each participant may",
        &[
            "recruiting::block::both_may_block_and_each_sees_themselves_as_the_blocker",
            "marketplace::inquiry::each_of_three_may_block_and_while_one_does_nobody_sends",
        ],
    ),
    (
        "2 Blocking",
        "meanwhile nobody sends",
        &["recruiting::block::nobody_sends_while_anyone_blocks", "cross::whoever_blocks_in_one_dialect_blocks_in_all"],
    ),
    ("2 Blocking", "only the blocker unblocks", &["recruiting::block::only_who_blocked_can_unblock"]),
    ("2 Blocking", "twice is silent success", &["recruiting::block::blocking_twice_is_success_and_tells_nobody"]),
    (
        "2 Blocking",
        "how recruiting shows it",
        &["recruiting::block::both_may_block_and_each_sees_themselves_as_the_blocker"],
    ),
    (
        "2 Deleting a message",
        "a placeholder stays",
        &[
            "recruiting::delete::a_message_taken_back_leaves_a_placeholder_and_everybody_is_told",
            "recruiting::delete::media_go_with_the_message",
            "classroom::delete::for_everyone_everybody_is_told",
        ],
    ),
    (
        "2 Deleting a message",
        "for everyone: the sender alone",
        &[
            "recruiting::delete::only_the_sender_may_take_a_message_back",
            "classroom::delete::for_everyone_only_the_sender_may",
        ],
    ),
    (
        "2 Deleting a message",
        "for oneself: any participant, for them alone",
        &["classroom::delete::for_me_only_own_sockets_are_told"],
    ),
    (
        "2 Deleting a chat",
        "gone for all, begins anew empty",
        &[
            "recruiting::chat::a_deleted_chat_is_gone_for_both_and_both_are_told",
            "recruiting::chat::a_chat_made_anew_starts_empty",
            "marketplace::inquiry::other_dialects_take_part",
        ],
    ),
    ("2 Presence", "a socket is enough", &["recruiting::presence::only_the_first_socket_and_the_last_are_told"]),
    (
        "2 Presence",
        "told to all below the bound, else to those who share a chat",
        &[
            "recruiting::presence::from_the_bound_on_only_people_who_share_a_chat_are_told",
            "rules::the_bound_of_presence_is_200_unless_set",
        ],
    ),
    (
        "2 Presence",
        "first socket and last",
        &[
            "recruiting::presence::only_the_first_socket_and_the_last_are_told",
            "classroom::presence::only_the_first_socket_and_the_last_are_told",
        ],
    ),
    (
        "2 Presence",
        "a second device is no news",
        &[
            "messenger::presence::only_the_first_socket_and_the_last_are_told",
            "workspace::presence::only_the_first_socket_and_the_last_are_told",
        ],
    ),
    (
        "2 Not found or not yours",
        "the same answer",
        &[
            "recruiting::chat::a_chat_of_others_and_one_that_does_not_exist_look_the_same",
            "recruiting::delete::only_the_sender_may_take_a_message_back",
            "marketplace::room::only_a_participant_joins",
        ],
    ),
    (
        "2 Not found or not yours",
        "403 only for what may be seen",
        &["recruiting::delete::only_the_sender_may_take_a_message_back"],
    ),
    (
        "2 What a dialect has no word for",
        "told in its own style",
        &["cross::what_one_does_the_other_hears_in_their_own_words"],
    ),
    (
        "2 What a dialect has no word for",
        "the extra events",
        &[
            "cross::what_one_does_the_other_hears_in_their_own_words",
            "cross::whoever_blocks_in_one_dialect_blocks_in_all",
            "recruiting::chat::a_deleted_chat_is_gone_for_both_and_both_are_told",
            "marketplace::chat::a_chat_deleted_elsewhere_is_told_and_begins_anew",
            "marketplace::connect::connecting_greets_and_tells_the_others_once",
            "classroom::connect::connecting_greets_and_tells_the_others_once",
            "classroom::conversation::a_chat_deleted_elsewhere_is_told_and_begins_anew",
        ],
    ),
    (
        "2 Limits",
        "events per socket, messages and chats per user",
        &[
            "recruiting::limit::a_socket_has_twenty_events_per_second",
            "recruiting::limit::a_user_has_so_many_messages_per_minute_over_all_sockets_and_rest",
            "recruiting::limit::a_user_makes_so_many_chats_per_hour",
        ],
    ),
    ("2 Limits", "workspace", &["workspace::limit::a_socket_has_ten_events_per_second"]),
    (
        "2 Limits",
        "classroom",
        &[
            "classroom::limit::thirty_messages_per_minute_over_all_sockets_and_rest",
            "classroom::limit::ten_conversations_per_hour",
        ],
    ),
    (
        "2 Limits",
        "everywhere else",
        &[
            "recruiting::limit::the_limits_are_20_120_and_60_unless_set",
            "marketplace::limit::the_limits_are_120_messages_and_60_chats_unless_set",
            "messenger::limit::there_are_120_messages_in_a_minute_unless_said",
            "classroom::limit::twenty_events_per_second",
        ],
    ),
    ("2 Limits", "settings, and off", &["recruiting::limit::limits_may_be_off"]),
    (
        "2 Limits",
        "what a refusal says, and stores",
        &[
            "recruiting::limit::over_rest_the_header_says_when_to_try_again",
            "marketplace::limit::over_rest_the_header_says_when_to_try_again",
            "workspace::limit::a_refused_message_is_not_stored_and_says_when_to_try_again",
        ],
    ),
    (
        "2 Limits",
        "windows, one count, what does not count",
        &[
            "recruiting::limit::what_is_refused_does_not_count",
            "recruiting::limit::repeats_do_not_count",
            "classroom::limit::what_was_sent_in_another_dialect_counts_here",
            "marketplace::limit::one_count_holds_across_dialects",
            "messenger::limit::a_chat_that_a_message_makes_counts_as_a_chat",
        ],
    ),
    (
        "2 Errors",
        "one set of codes and their statuses",
        &[
            "marketplace::reply::every_error_in_full",
            "messenger::words::every_error_has_its_text_its_code_and_its_body",
        ],
    ),
    (
        "2 Errors",
        "recruiting's shape",
        &[
            "recruiting::reply::an_error_goes_to_the_ack_or_else_is_an_event",
            "recruiting::chat::a_chat_of_others_and_one_that_does_not_exist_look_the_same",
        ],
    ),
    ("2 Errors", "marketplace's shape", &["marketplace::reply::every_error_in_full"]),
    (
        "2 Errors",
        "messenger's shape",
        &[
            "messenger::words::every_error_has_its_text_its_code_and_its_body",
            "messenger::rest::errors_have_a_message_and_a_code",
        ],
    ),
    ("2 Errors", "workspace's shape", &["workspace::error::what_is_ours_is_said_without_its_cause"]),
    (
        "2 Errors",
        "classroom's shape",
        &[
            "classroom::error::what_went_wrong_on_our_side_is_not_told",
            "classroom::error::what_no_route_answers_to_is_told_in_the_same_shape",
        ],
    ),
    (
        "8 What every dialect gains",
        "unmodified clients go on",
        &[
            "clients/workspace.test.mjs: the app connects with its own options, at the plain address and in the namespace",
        ],
    ),
    (
        "8 What every dialect gains",
        "a named send is stored once in a day",
        &[
            "recruiting::repeat::a_repeat_is_answered_with_the_first_message_and_heard_by_nobody",
            "recruiting::repeat::a_name_is_free_again_after_a_day",
            "recruiting::repeat::a_name_has_1_to_64_characters",
        ],
    ),
    (
        "8 What every dialect gains",
        "so retries are safe",
        &["clients/messages.test.mjs: the client's own retries work, and a refusal is an answer that is not retried"],
    ),
    (
        "8 What every dialect gains",
        "numbers without gaps, never used twice",
        &[
            "recruiting::message::numbers_have_no_gaps_whoever_sends_at_the_same_time",
            "recruiting::delete::numbers_go_on_after_a_placeholder",
        ],
    ),
    (
        "8 What every dialect gains",
        "what follows a number, oldest first",
        &[
            "recruiting::page::what_follows_a_message_comes_oldest_first",
            "marketplace::page::what_follows_a_message_comes_oldest_first",
            "messenger::history::what_follows_a_message",
            "workspace::page::page_one_holds_the_newest_and_inside_a_page_the_oldest_comes_first",
            "classroom::page::what_follows_a_number_is_oldest_first",
        ],
    ),
    (
        "8 What every dialect gains",
        "a token's end ends its socket, unless renewed",
        &[
            "recruiting::expire::until_the_end_everything_goes_on",
            "recruiting::expire::the_next_event_after_the_end_ends_the_socket_and_does_nothing",
            "recruiting::expire::the_next_heartbeat_after_the_end_ends_the_socket",
            "recruiting::expire::after_the_end_a_socket_hears_nothing_more",
            "rules::the_end_of_a_token_ends_its_socket_unless_it_was_renewed",
        ],
    ),
    (
        "9 One world",
        "the same ids everywhere",
        &["marketplace::foreign::chats_made_elsewhere_are_told_and_are_the_same"],
    ),
    (
        "9 One world",
        "one plain chat of two",
        &[
            "marketplace::foreign::chats_made_elsewhere_are_told_and_are_the_same",
            "messenger::message::the_chat_is_the_one_of_all_dialects",
        ],
    ),
    (
        "9 One world",
        "a default dialect keeps its name",
        &[
            "recruiting::connect::the_dialect_has_a_namespace_of_its_own_beside_the_root",
            "marketplace::connect::the_prefix_is_valid_where_the_dialect_is_the_default",
        ],
    ),
    (
        "9 Chats of more than two",
        "how recruiting, messenger and classroom show them",
        &[
            "marketplace::inquiry::other_dialects_take_part",
            "messenger::words::in_a_chat_of_three_the_viewer_is_the_receiver",
            "classroom::group::it_says_that_it_is_a_group_and_shows_everybody",
        ],
    ),
    (
        "9 Chats of more than two",
        "messenger keeps to the plain chat",
        &["messenger::elsewhere::an_inquiry_is_heard_but_neither_listed_nor_counted"],
    ),
    (
        "9 Profiles",
        "newest token, and a service's word",
        &[
            "messenger::message::names_are_those_of_the_newest_token",
            "messenger::rest::a_service_makes_somebody_known_who_can_then_be_written_to",
            "recruiting::authenticate::a_service_is_not_a_user",
            "rules::a_service_needs_no_allowed_role",
        ],
    ),
    ("9 Profiles", "what stands for a name", &["marketplace::profile::without_a_name_others_stand_for_it"]),
    (
        "9 Profiles",
        "ids of users",
        &[
            "recruiting::authenticate::the_user_is_the_first_of_four_claims",
            "tokens::the_user_is_the_first_claim_that_can_be_one",
        ],
    ),
    (
        "9 Profiles",
        "an end is required",
        &[
            "recruiting::authenticate::an_end_is_not_required_if_the_deployment_says_so",
            "recruiting::authenticate::a_token_without_an_end_or_beyond_it_is_invalid",
        ],
    ),
    (
        "9 Profiles",
        "four reasons",
        &["marketplace::connect::every_refusal_has_the_text_that_clients_compare_and_says_why_beside_it"],
    ),
    (
        "9 Profiles",
        "a socket's id is its sid",
        &[
            "clients/reconnect.test.mjs: a closed connection comes back with a new sid, and what was missed can be fetched",
        ],
    ),
    (
        "9 Ids asked for over REST",
        "byte for byte the same",
        &[
            "marketplace::chat::a_chat_of_others_looks_like_one_that_does_not_exist",
            "classroom::page::messages_of_others_look_like_those_of_no_conversation",
        ],
    ),
    (
        "9 Ids asked for over REST",
        "messenger's words for it",
        &[
            "messenger::read::access_is_denied_to_ones_own_message_to_those_of_others_and_to_none_at_all",
            "messenger::rest::what_is_not_yours_looks_like_what_is_not_there",
        ],
    ),
    (
        "9 Characters",
        "scalar values",
        &["recruiting::message::a_text_has_at_most_4000_characters_however_many_bytes_they_take"],
    ),
    (
        "9 Characters",
        "content that was left out",
        &[
            "recruiting::message::media_of_every_type",
            "workspace::media::without_a_caption_the_content_is_the_files_name",
            "messenger::message::media_of_another_dialect_show_their_caption_or_their_name",
        ],
    ),
    (
        "9 Characters",
        "lone surrogates do not decode",
        &[
            "codec::facts::lone_surrogates_do_not_decode_and_pairs_do",
            "recruiting::reply::malformed_json_over_rest_is_a_validation_error",
        ],
    ),
    (
        "9 Types",
        "text unless said",
        &[
            "recruiting::message::type_and_receiver_may_be_left_out",
            "marketplace::message::the_type_is_text_unless_said",
            "workspace::message::text_is_the_type_unless_said",
            "classroom::message::the_type_is_text_unless_said",
        ],
    ),
    ("9 Types", "each type needs its own", &["recruiting::message::a_type_wants_what_it_is_of"]),
    ("9 Types", "lists of media have bounds", &["classroom::media::what_is_wrong_with_a_list_is_told"]),
    (
        "9 Types",
        "lists are shown in every dialect",
        &[
            "marketplace::media::several_media_are_listed_and_the_first_stands_alone_too",
            "workspace::foreign::sound_is_a_file_and_several_media_are_listed",
            "messenger::words::sound_and_files_read_as_text_and_many_media_are_listed",
            "classroom::media::a_list_is_heard_in_other_dialects_and_theirs_here",
        ],
    ),
    (
        "9 Types",
        "types that a dialect lacks",
        &[
            "marketplace::media::sound_and_files_read_as_text",
            "workspace::foreign::sound_is_a_file_and_several_media_are_listed",
        ],
    ),
    (
        "9 Types",
        "workspace takes an address too",
        &[
            "workspace::media::a_message_with_a_medium_in_full",
            "workspace::media::media_types_need_media_and_media_an_address",
        ],
    ),
    (
        "9 Types",
        "how an uploaded object is named",
        &["media::send::every_dialect_takes_a_file_and_shows_it_in_its_own_words"],
    ),
    (
        "9 Replies",
        "only to a message of the chat",
        &[
            "marketplace::message::what_is_not_in_the_chat_cannot_be_answered",
            "classroom::reply::what_is_not_in_the_conversation_cannot_be_answered",
        ],
    ),
    ("9 Replies", "a wrong receiver", &["recruiting::message::a_receiver_who_is_not_the_other_is_refused"]),
    ("9 Replies", "ping in milliseconds", &["recruiting::reply::a_ping_is_answered_with_the_time"]),
    (
        "9 Pages",
        "past the end, and of nothing",
        &["recruiting::page::page_one_holds_the_newest_and_inside_a_page_the_oldest_comes_first"],
    ),
    (
        "9 Pages",
        "empty chats are listed, making is activity",
        &["recruiting::chat::chats_are_listed_with_the_most_recent_activity_first"],
    ),
    (
        "9 Pages",
        "what was deleted, for all or for oneself",
        &[
            "recruiting::delete::a_message_taken_back_leaves_a_placeholder_and_everybody_is_told",
            "classroom::delete::for_me_only_own_sockets_are_told",
        ],
    ),
    (
        "9 Pages",
        "and is unread no more",
        &[
            "recruiting::delete::what_was_taken_back_is_no_longer_unread",
            "classroom::delete::for_me_only_own_sockets_are_told",
        ],
    ),
    (
        "9 Pages",
        "what follows a number: bounds and totals",
        &[
            "recruiting::page::other_values_are_refused_and_named",
            "recruiting::page::what_follows_a_message_comes_oldest_first",
        ],
    ),
    (
        "9 Pages",
        "search needs a term, and has the limit of messages",
        &[
            "recruiting::search::a_search_needs_a_term_and_has_the_bounds_of_a_page",
            "recruiting::search::a_search_finds_substrings_whatever_their_case",
        ],
    ),
    (
        "9 Idempotency",
        "a name is its sender's, everywhere",
        &[
            "recruiting::repeat::a_name_belongs_to_its_sender",
            "recruiting::repeat::a_name_counts_across_chats",
            "marketplace::repeat::a_name_belongs_to_its_sender_across_dialects",
        ],
    ),
    (
        "9 Idempotency",
        "what a repeat is answered with",
        &[
            "recruiting::repeat::a_repeat_is_answered_while_blocked",
            "recruiting::repeat::a_repeat_is_answered_while_limited",
            "recruiting::repeat::a_repeat_of_what_was_taken_back_is_answered_with_the_placeholder",
            "recruiting::repeat::a_repeat_is_answered_with_the_first_message_and_heard_by_nobody",
        ],
    ),
    (
        "9 Reading a whole chat",
        "one event for the newest; classroom lists a hundred",
        &[
            "marketplace::read::a_whole_chat_is_told_by_its_newest_message",
            "workspace::read::a_whole_chat_read_elsewhere_is_one_event_for_the_newest_of_the_senders",
            "messenger::read::a_whole_chat_that_is_read_elsewhere_is_told_by_its_newest_message",
            "classroom::read::of_a_long_conversation_the_hundred_newest_are_listed",
        ],
    ),
    (
        "9 Reading a whole chat",
        "a repeat is the caller's alone",
        &[
            "recruiting::read::a_repeat_is_confirmed_to_the_caller_alone",
            "classroom::read::a_repeat_is_confirmed_to_the_caller_alone",
        ],
    ),
    (
        "9 Reading a whole chat",
        "notices go to all of the sender's sockets; delivered with the last",
        &[
            "recruiting::deliver::a_message_to_somebody_offline_is_delivered_once_it_is_fetched",
            "marketplace::inquiry::a_message_has_come_as_far_as_with_the_last_of_its_recipients",
        ],
    ),
    (
        "9 Reading a whole chat",
        "nobody has read their own",
        &["marketplace::deliver::a_message_is_delivered_once_it_is_posted"],
    ),
    (
        "9 Reading a whole chat",
        "the caller's count is always there",
        &["marketplace::chat::the_list_shows_what_was_said_last_and_the_callers_own_count"],
    ),
    (
        "9 messenger's answers",
        "to the ack or as the event; confirmations to all sockets",
        &[
            "messenger::history::a_history_goes_to_the_ack_or_else_comes_as_an_event",
            "messenger::unread::the_count_goes_to_the_ack_or_else_comes_as_an_event",
            "messenger::message::the_first_message_makes_the_chat_and_is_heard_by_both",
            "messenger::read::reading_a_message_is_confirmed_and_told_to_its_sender",
        ],
    ),
    ("9 messenger's answers", "history of nobody, and of nothing", &["messenger::history::with_whom"]),
    ("9 messenger's answers", "numbers are followed there too", &["messenger::history::what_follows_a_message"]),
    (
        "9 Blocking",
        "each dialect's words",
        &[
            "marketplace::block::both_may_block_and_each_takes_their_own_back",
            "marketplace::block::everybody_in_the_chat_hears_of_a_block_and_of_its_end",
            "workspace::block::each_names_who_blocked",
            "classroom::block::both_sides_hear_of_a_block_and_of_its_end",
            "messenger::block::both_sides_hear_of_the_other_person",
        ],
    ),
    (
        "9 Blocking",
        "the actor hears too",
        &[
            "recruiting::block::blocking_and_unblocking_tell_both_sides",
            "messenger::block::both_sides_hear_of_the_other_person",
        ],
    ),
    (
        "9 Blocking",
        "unblocking: whose block it is",
        &[
            "recruiting::block::only_who_blocked_can_unblock",
            "recruiting::block::unblocking_what_nobody_blocks_is_success_and_tells_nobody",
            "recruiting::block::both_may_block_and_each_sees_themselves_as_the_blocker",
        ],
    ),
    (
        "9 Blocking",
        "the rest goes on, typing in silence",
        &[
            "recruiting::block::reading_and_deleting_go_on_while_blocked",
            "recruiting::typing::typing_is_told_to_nobody_while_anyone_blocks",
        ],
    ),
    (
        "9 Deleting",
        "twice is silent success",
        &[
            "recruiting::delete::taking_back_twice_is_success_and_tells_nobody",
            "recruiting::chat::deleting_a_chat_twice_is_success_and_tells_nobody",
            "classroom::delete::twice_is_success_and_tells_nobody",
        ],
    ),
    (
        "9 Deleting",
        "the actor hears too",
        &["recruiting::delete::a_message_taken_back_leaves_a_placeholder_and_everybody_is_told"],
    ),
    (
        "9 Deleting",
        "for oneself: own sockets in every dialect",
        &[
            "marketplace::delete::what_somebody_deleted_for_themselves_is_gone_for_them_alone",
            "messenger::elsewhere::what_one_deletes_for_oneself_is_told_to_ones_own_sockets",
            "workspace::foreign::what_somebody_deleted_for_themselves_is_gone_for_them_alone",
            "classroom::delete::what_is_deleted_in_another_dialect_is_told_here_and_the_other_way_round",
        ],
    ),
    (
        "9 A chat someone creates with you",
        "each dialect's words",
        &[
            "recruiting::chat::a_chat_is_made_once_and_its_other_person_told",
            "marketplace::chat::a_chat_is_made_once_and_found_by_both",
            "workspace::conversation::a_conversation_is_made_once_and_its_other_person_told",
            "classroom::conversation::a_conversation_is_made_once_and_found_by_both",
        ],
    ),
    ("9 Presence", "not oneself, but in lists", &["recruiting::connect::connecting_greets_and_tells_the_others_once"]),
    (
        "9 Presence",
        "lists over the bound",
        &["recruiting::presence::from_the_bound_on_only_people_who_share_a_chat_are_told"],
    ),
    ("9 Presence", "offline at once", &["recruiting::presence::only_the_first_socket_and_the_last_are_told"]),
    (
        "9 Presence",
        "appearing offline",
        &[
            "workspace::presence::a_status_holds_for_all_dialects",
            "workspace::presence::a_status_ends_with_the_last_socket",
            "marketplace::presence::saying_it_is_news_from_who_appeared_offline",
            "marketplace::presence::who_appears_offline_goes_unheard",
        ],
    ),
    (
        "9 Presence",
        "when somebody was last seen",
        &["classroom::presence::a_conversation_shows_who_is_here_and_when_the_others_were"],
    ),
    (
        "9 Typing",
        "the typist need not join, own devices hear nothing, messenger needs no chat",
        &[
            "marketplace::typing::the_typist_need_not_have_joined",
            "workspace::typing::typing_is_heard_by_sockets_of_the_others_that_joined",
            "messenger::typing::typing_needs_no_chat_and_is_not_told_to_own_devices",
        ],
    ),
    (
        "9 Typing",
        "leaving what was never joined",
        &[
            "marketplace::room::joining_and_leaving_are_answered_and_heard_by_nobody",
            "workspace::room::joining_and_leaving_are_confirmed_and_told_to_nobody",
            "classroom::room::who_left_hears_no_more_of_it",
        ],
    ),
    (
        "9 Service notifications",
        "each dialect's words",
        &[
            "messenger::rest::what_a_service_tells_reaches_every_device",
            "workspace::notification::a_notification_reaches_every_device_of_one_person",
            "marketplace::profile::what_a_service_has_to_tell_reaches_every_device",
            "classroom::profile::what_a_service_has_to_tell_reaches_every_device",
        ],
    ),
    (
        "9 Statuses",
        "201 made, 200 found",
        &[
            "recruiting::chat::a_chat_is_made_once_and_its_other_person_told",
            "classroom::conversation::a_conversation_is_made_once_and_found_by_both",
        ],
    ),
    (
        "9 Statuses",
        "workspace's lists",
        &[
            "workspace::conversation::a_list_entry_in_full",
            "workspace::conversation::conversations_are_listed_with_the_most_recent_activity_first",
            "workspace::page::a_page_in_full",
        ],
    ),
    (
        "9 Statuses",
        "malformed JSON",
        &[
            "recruiting::reply::malformed_json_over_rest_is_a_validation_error",
            "workspace::conversation::a_body_that_is_no_json_object_is_refused",
        ],
    ),
    (
        "9 Media",
        "the largest, and larger",
        &["media::send::the_largest_is_taken", "media::send::nothing_and_too_much_are_refused"],
    ),
    (
        "9 Media",
        "preparing an upload and naming it",
        &["media::upload::an_upload_that_is_named_becomes_the_same_object_and_message_as_a_form"],
    ),
    (
        "9 Media",
        "fetching wants the header; a link is good for five minutes",
        &[
            "media::serve::media_is_for_participants_and_everything_else_looks_like_none",
            "media::serve::a_link_is_good_for_five_minutes_without_a_token",
        ],
    ),
    (
        "9 Listings",
        "bounds, prefixes and answer",
        &[
            "marketplace::listing::a_listing_has_bounds",
            "marketplace::listing::every_prefix_serves_the_same_listings",
            "marketplace::listing::a_listing_is_made_changed_and_shown",
        ],
    ),
];

type Row = (String, String);

fn promised(promises: &[Promise]) -> Vec<Row> {
    let mut rows: Vec<Row> = promises.iter().map(|(of, what, _)| ((*of).to_owned(), (*what).to_owned())).collect();
    rows.sort();
    rows
}

#[test]
fn every_event_is_promised_and_nothing_else() {
    let mut known = Vec::new();
    for dialect in dialect::ALL {
        let own = dialect.events().iter().map(|(event, _)| *event).chain([RENEWAL]);
        known.extend(own.map(|event| (dialect.name().to_owned(), event.to_owned())));
    }
    known.sort();
    assert_eq!(promised(EVENTS), known);
}

#[test]
fn every_route_is_promised_and_nothing_else() {
    let mut known = Vec::new();
    for dialect in dialect::ALL {
        let routes = dialect.all_routes().map(|route| format!("{} {}", route.method, route.path));
        known.extend(routes.chain([HEALTH.to_owned()]).map(|route| (dialect.name().to_owned(), route)));
    }
    known.sort();
    assert_eq!(promised(ROUTES), known);
}

#[test]
fn every_promise_is_held_by_tests_that_exist() {
    let known = tests();
    let mut missing = Vec::new();
    for (of, what, tests) in [EVENTS, HEARD, ROUTES, SENTENCES].concat() {
        if tests.is_empty() {
            missing.push(format!("{of}: {what} is held by no test"));
        }
        let unknown = tests.iter().filter(|test| !known.contains(**test));
        missing.extend(unknown.map(|test| format!("{of}: {what}: there is no test {test}")));
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn nothing_is_promised_twice() {
    for promises in [EVENTS, HEARD, ROUTES, SENTENCES] {
        let mut rows = promised(promises);
        let all = rows.len();
        rows.dedup();
        assert_eq!(rows.len(), all);
    }
}

/// Each test of this crate and of `tests/clients`, as the table names it.
fn tests() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut known = BTreeSet::new();
    for file in files(&root.join("it"), ".rs") {
        let path = file.strip_prefix(root.join("it")).unwrap().with_extension("");
        let parts: Vec<&str> = path.iter().filter_map(|part| part.to_str()).filter(|part| *part != "mod").collect();
        let text = fs::read_to_string(&file).unwrap();
        known.extend(functions(&text).map(|name| format!("{}::{name}", parts.join("::"))));
    }
    for file in files(&root.join("clients"), ".test.mjs") {
        let text = fs::read_to_string(&file).unwrap();
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let titles = text.lines().filter_map(|line| line.trim().strip_prefix("test(\"")?.split('"').next());
        known.extend(titles.map(|title| format!("clients/{name}: {title}")));
    }
    known
}

/// The names of the functions below an attribute that makes them a test.
fn functions(text: &str) -> impl Iterator<Item = &str> {
    let mut marked = false;
    text.lines().map(str::trim).filter_map(move |line| {
        if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
            marked = true;
            return None;
        }
        let name = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ")?.split('(').next();
        std::mem::take(&mut marked).then_some(name).flatten()
    })
}

fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("node_modules") {
            found.extend(files(&path, ending));
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
    found
}
