//! The edge in front of both APIs: who does not come through it is refused before anything is read or written.

use http::{HeaderMap, HeaderValue, StatusCode};
use relay::edge::HEADER;
use world::{ORIGIN, World};

/// The SHA-256 of `present` and of `before`.
const DIGESTS: &str = "4d4c7eee2e28d03cb2dbf3df639c3290ade66e18755e83caade2d8f37bd8c044,6db7d803e74f1ffa7d8f5adc0bf95b3e15bf4c8373fffadf546227cc6c6742cb";

const QUERY: &str = "EIO=4&transport=websocket";
const POLL: &str = "EIO=4&transport=polling";

fn headers(secret: Option<&str>) -> HeaderMap {
    secret.map(|secret| (HEADER.parse().unwrap(), HeaderValue::from_str(secret).unwrap())).into_iter().collect()
}

#[tokio::test(start_paused = true)]
async fn only_the_edge_reaches_the_apis_and_others_cost_nothing() {
    let mut world = World::with(&[("EdgeSecretSha256", DIGESTS)]).await;
    world.spent();
    let addresses = ["/api/socket/health", "/moderation/users", "/api/media/0", "/nowhere"];
    for refused in [None, Some("wrong"), Some("")] {
        let headers = headers(refused);
        assert_eq!(world.upgrade("mallory", QUERY, headers.clone()).await, Err(StatusCode::FORBIDDEN));
        let (status, _, body) = world.engine("GET", POLL, headers.clone(), "").await;
        assert_eq!((status, &*body), (403, r#"{"message":"Forbidden"}"#));
        for address in addresses {
            let (status, _, body) =
                world.follow("GET", &format!("{ORIGIN}{address}"), headers.clone(), Vec::new()).await;
            assert_eq!((status, &*String::from_utf8_lossy(&body)), (403, r#"{"message":"Forbidden"}"#), "{address}");
        }
    }
    assert!(world.spent().0.requests.is_empty(), "nothing is read or written");
    for secret in ["present", "before"] {
        let headers = headers(Some(secret));
        assert_eq!(world.upgrade(secret, QUERY, headers.clone()).await, Ok(()));
        assert_eq!(world.engine("GET", POLL, headers.clone(), "").await.0, 200);
        let statuses = async |address: &str| {
            world.follow("GET", &format!("{ORIGIN}{address}"), headers.clone(), Vec::new()).await.0
        };
        assert_eq!([statuses(addresses[0]).await, statuses(addresses[1]).await], [200, 401]);
    }
    assert!(world.send("present", "40").await.contains("44"), "its frames need no secret");
}

#[tokio::test(start_paused = true)]
async fn strangers_are_counted_by_the_address_that_the_edge_saw() {
    let mut world = World::with(&[("EdgeSecretSha256", DIGESTS), ("StrangersPerAddress", "2")]).await;
    let mut from = headers(Some("present"));
    let mut opened = Vec::new();
    for (label, address) in [("a", "1.1.1.1"), ("b", "1.1.1.1"), ("c", "1.1.1.1"), ("d", "2.2.2.2")] {
        from.insert("x-forwarded-for", HeaderValue::from_str(&format!("9.9.9.9, {address}")).unwrap());
        opened.push(world.upgrade(label, QUERY, from.clone()).await);
        world.later(std::time::Duration::from_secs(11)).await;
    }
    assert_eq!(opened, [Ok(()), Ok(()), Err(StatusCode::TOO_MANY_REQUESTS), Ok(())]);
}

#[test]
fn the_edge_sends_the_header_that_the_functions_read() {
    let edge = include_str!("../../infra/edge.yaml");
    assert_eq!(edge.matches(&format!("HeaderName: {HEADER},")).count(), 2, "one for each API");
}
