//! The contract of moderation.

use super::shapes::{Chat, Deletion, Disconnected, ExportLine, Message, Paged, Profile, Revoked, Socket};
use crate::dialect::contract::{Call, Field, Kind, SchemaOf, schema};
use crate::dialect::envelope::{Data, Failure};
use crate::dialect::every::contract::{CHAT, USER};
use crate::domain::moderation::{LIMIT_DEFAULT, Order};
use crate::domain::page::PAGE_LIMIT_MAX;

const USER_ID: &[Field] = &[Field::required("userId", USER, "The id of the user.")];
const CHAT_ID: &[Field] = &[Field::required("chatId", CHAT, "The id of the chat.")];
const LIMIT: Field = Field::optional(
    "limit",
    Kind::Count { min: 1, max: Some(PAGE_LIMIT_MAX), default: Some(LIMIT_DEFAULT) },
    "The most entries of the page.",
);
const CURSOR_SAYS: &str = "The `nextCursor` of the page before. Absent for the first page.";
const ORDER: Field = Field::optional(
    "order",
    Kind::OneOf(|| Order::ALL.map(Order::name).to_vec()),
    "`newest` for newest first, which is the default, or `oldest`. The same on every page of a list.",
);

/// The cursor of a list. The example is one of the list.
const fn cursor(example: &'static str) -> Field {
    Field::optional("cursor", Kind::Id(example), CURSOR_SAYS)
}

/// The JSON body of an error.
pub const ERROR: SchemaOf = schema::<Failure>;

/// A line of an export.
pub const EXPORT_LINE: SchemaOf = schema::<ExportLine<'static>>;

/// The path of the route that answers with JSON Lines instead of a JSON body.
pub const EXPORT_PATH: &str = "/moderation/users/{userId}/export";

/// All routes. The one of the export has no JSON body.
#[must_use]
pub fn calls() -> Vec<Call> {
    let call = |method, path, says, parameters, query, answers| Call {
        method,
        path,
        says,
        parameters,
        query,
        body: &[],
        answers,
    };
    vec![
        call(
            "GET",
            "/moderation/users",
            "Lists all users, in no particular order.",
            &[],
            const { &[LIMIT, cursor("WyJ1c2VycyIsImJvYiIsInByb2ZpbGUiXQ")] },
            vec![(200, schema::<Paged<Profile<'static>>> as SchemaOf)],
        ),
        call(
            "GET",
            "/moderation/users/{userId}",
            "Reads the profile of a user.",
            USER_ID,
            &[],
            vec![(200, schema::<Data<Profile<'static>>>)],
        ),
        call(
            "GET",
            "/moderation/users/{userId}/chats",
            "Lists the chats of a user, in the order of their ids. Deleted chats are listed for two hours.",
            USER_ID,
            const { &[LIMIT, cursor("WyJjaGF0cyIsIjNmMWM5YTUyYjBkZTQ0NzdhYTAxYzJkOSJd")] },
            vec![(200, schema::<Paged<Chat>>)],
        ),
        call(
            "GET",
            "/moderation/users/{userId}/sockets",
            "Lists the live sockets of a user.",
            USER_ID,
            &[],
            vec![(200, schema::<Data<Vec<Socket<'static>>>>)],
        ),
        call(
            "POST",
            "/moderation/users/{userId}/disconnect",
            "Ends every live socket of a user and closes their connections. Their clients hear the reason \
             `io server disconnect`, and do not reconnect by themselves.",
            USER_ID,
            &[],
            vec![(200, schema::<Data<Disconnected>>)],
        ),
        call(
            "POST",
            "/moderation/users/{userId}/revoke",
            "Refuses every token of a user that was issued until this second, and those that do not say when, and ends \
             every live socket of the user. The user may be one whom nobody has seen.",
            USER_ID,
            &[],
            vec![(200, schema::<Data<Revoked>>)],
        ),
        call(
            "GET",
            EXPORT_PATH,
            "Exports what is stored about a user, in parts of about a megabyte: the profile, live sockets, chats, and \
             the messages that the user sent. The header `X-Next-Cursor` and the last line have the cursor of the next \
             part.",
            USER_ID,
            const { &[cursor("WyJleHBvcnQiLCIzZjFjOWE1MmIwZGU0NDc3YWEwMWMyZDkiLCI3Il0")] },
            Vec::new(),
        ),
        call(
            "DELETE",
            "/moderation/users/{userId}",
            "Deletes the data of a user, a bounded part per call. The answer is 202 while something is left: then the \
             same call goes on.",
            USER_ID,
            &[],
            vec![(200, schema::<Data<Deletion>>), (202, schema::<Data<Deletion>>)],
        ),
        call(
            "GET",
            "/moderation/chats/{chatId}",
            "Reads a chat, also a deleted one.",
            CHAT_ID,
            &[],
            vec![(200, schema::<Data<Chat>>)],
        ),
        call(
            "GET",
            "/moderation/chats/{chatId}/messages",
            "Lists the messages of a chat, placeholders of deleted messages included.",
            CHAT_ID,
            const { &[LIMIT, cursor("WyJtZXNzYWdlcyIsIjciXQ"), ORDER] },
            vec![(200, schema::<Paged<Message>>)],
        ),
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::{Map, Value};

    use super::*;
    use crate::dialect::Request;
    use crate::dialect::fields::{Fields, asked};
    use crate::dialect::moderation::ROUTES;
    use crate::error::Error;

    fn read(call: &Call, query: &Map<String, Value>) -> Result<(), Error> {
        let route = ROUTES.iter().find(|route| (route.method, route.path) == (call.method, call.path));
        let values = |fields: &[Field]| -> Map<String, Value> {
            fields.iter().map(|field| (field.name.to_owned(), field.kind.example())).collect()
        };
        let (path, body) = (values(call.parameters), Map::new());
        let (path, query, body) = (Fields::new(&path), Fields::new(query), Fields::new(&body));
        (route.unwrap().read)(&Request { path: &path, query: &query, body: &body, file: None }).map(drop)
    }

    #[test]
    fn the_contract_has_every_route() {
        let declared: BTreeSet<_> = calls().iter().map(|call| (call.method, call.path)).collect();
        assert_eq!(declared, ROUTES.iter().map(|route| (route.method, route.path)).collect());
    }

    #[test]
    fn each_route_reads_the_parameters_that_its_contract_declares_and_names_a_wrong_one() {
        for call in calls() {
            let what = format!("{} {}", call.method, call.path);
            drop(asked::take());
            let whole: Map<String, Value> =
                call.query.iter().map(|field| (field.name.to_owned(), field.kind.example())).collect();
            assert!(read(&call, &whole).is_ok() && read(&call, &Map::new()).is_ok(), "{what}");
            let declared = [call.parameters, call.query].concat().iter().map(|field| field.name).collect();
            assert_eq!(asked::take(), declared, "{what}");
            for field in call.query {
                let mut wrong = whole.clone();
                wrong.insert(field.name.to_owned(), "nonsense".into());
                assert_eq!(read(&call, &wrong).unwrap_err().field(), Some(field.name), "{what}");
            }
        }
    }
}
