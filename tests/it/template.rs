//! template.yaml describes what is in functions/, and its reader understands all of it or refuses.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use engine::{IndexSchema, KeySchema};
use local::template::{
    Asynchronous, Destination, Expiration, Function, Resource, StreamView, Table, Template, TemplateError,
};

const TEXT: &str = include_str!("../../template.yaml");
const WEBHOOK_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const SECRET: &str = "a secret that is only good for a test";

fn read(text: &str, overrides: &[(&str, &str)]) -> Result<Template, TemplateError> {
    let overrides = [("JwtSecret", SECRET)].iter().chain(overrides);
    Template::read(text, &overrides.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
}

fn template() -> Template {
    read(TEXT, &[]).unwrap()
}

/// What the reader says of the template with one thing in it changed.
fn refusal(from: &str, to: &str) -> String {
    let changed = TEXT.replacen(from, to, 1);
    assert_ne!(TEXT, changed, "the template has no {from:?} any more");
    read(&changed, &[]).unwrap_err().to_string()
}

#[test]
fn every_folder_in_functions_is_in_the_template_and_the_other_way_round() {
    let folders = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../functions")).unwrap();
    let names = folders.map(|folder| folder.unwrap().file_name().into_string().unwrap());
    let packages: BTreeSet<String> = names.filter(|name| !name.starts_with('.')).collect();
    let everything = read(TEXT, &[("WebhookUrl", "https://example.com/"), ("WebhookSecret", WEBHOOK_SECRET)]).unwrap();
    assert_eq!(packages, everything.functions.into_keys().collect());
    let without: Vec<String> = packages.into_iter().filter(|package| package != "webhook").collect();
    assert_eq!(without, template().functions.into_keys().collect::<Vec<_>>());
}

#[test]
fn webhooks_need_a_secret_and_go_over_https_or_stay_on_this_machine() {
    let refused = |parameters: &[(&str, &str)]| read(TEXT, parameters).unwrap_err().to_string();
    let url = ("WebhookUrl", "https://example.com/hook");
    assert!(refused(&[url]).contains("WebhookUrl needs WebhookSecret"));
    assert!(refused(&[url, ("WebhookSecret", "none")]).contains("WebhookUrl needs WebhookSecret"));
    assert!(refused(&[url, ("WebhookSecret", "whsec_tooshort")]).contains("must be empty, or whsec_"));
    for bad in ["http://example.com/", "http://localhost.example.com/", "https://", "ftp://example.com"] {
        let said = refused(&[("WebhookUrl", bad), ("WebhookSecret", WEBHOOK_SECRET)]);
        assert!(said.contains("must be empty or an https address"), "{said}");
    }
    let two = format!("{WEBHOOK_SECRET},{WEBHOOK_SECRET}");
    read(TEXT, &[("WebhookUrl", "http://127.0.0.1:8080/hook"), ("WebhookSecret", &two)]).unwrap();
}

/// What is switched off exists nowhere: no function, no queue, no topic, no permission.
#[test]
fn hooks_that_are_off_leave_nothing_in_the_deployment() {
    let off = template();
    let queues: Vec<&String> = off.queues.keys().collect();
    assert_eq!(queues, ["Failures"]);
    assert!(off.queue_sources.is_empty());
    assert_eq!(off.tables["Chats"].stream, Some(StreamView::NewImage));
    let is_of_hooks =
        |resource: &Resource| matches!(resource, Resource::Queue(_) | Resource::Topic(_) | Resource::Bus(_));
    for function in off.functions.values() {
        let mut resources = function.statements.iter().flat_map(|statement| &statement.resources);
        assert!(!resources.any(is_of_hooks), "{}", function.package);
    }
    let without = |name: &str| off.functions["followup"].environment.get(name).map(String::as_str);
    for name in ["WEBHOOK_QUEUE_URL", "PUSH_TOPIC", "EVENT_BUS"] {
        assert_eq!(without(name), Some(""), "{name}");
    }
    let tables =
        |template: &Template| -> Vec<String> { template.streams.iter().map(|one| one.table.clone()).collect() };
    assert_eq!((tables(&off), off.tables["Users"].stream), (vec!["Chats".to_owned()], None));
    let on = read(TEXT, &[("PushTopic", "create")]).unwrap();
    assert_eq!(on.tables["Chats"].stream, Some(StreamView::NewAndOldImages));
    assert_eq!((tables(&on), on.tables["Users"].stream), (vec!["Chats".to_owned()], None));
    let on = read(TEXT, &[("EventBus", "default")]).unwrap();
    assert_eq!(on.tables["Chats"].stream, Some(StreamView::NewAndOldImages));
    assert_eq!(tables(&on), ["Chats", "Users"]);
}

#[test]
fn a_resource_may_have_a_condition_that_exists() {
    let refused = refusal("    Condition: Webhooks", "    Condition: Webhook");
    assert!(refused.contains("there is no condition \"Webhook\""), "{refused}");
}

#[test]
fn a_package_with_the_code_of_all_functions_says_which_one_each_is() {
    let text = include_str!("../../examples/whiteboard/template.yaml");
    let functions: Vec<String> = Template::read(text, &BTreeMap::new()).unwrap().functions.into_keys().collect();
    let all =
        ["connect", "disconnect", "event", "followup", "handshake", "heartbeat", "polling", "sweep", "switchboard"];
    assert_eq!(functions, all);
    let unnamed = text.replacen("          FUNCTION: connect\n", "          OTHER: connect\n", 1);
    assert_eq!(
        Template::read(&unnamed, &BTreeMap::new()).unwrap_err().to_string(),
        "template.yaml, Resources.ConnectFunction.Properties.CodeUri: is ., so the variable FUNCTION must be set"
    );
}

#[test]
fn tables_have_these_keys_and_indexes() {
    let template = template();
    let tables: Vec<String> = template.tables.values().map(words).collect();
    insta::assert_snapshot!(tables.join("\n"), @r#"
    Chats: chatId Text
      global erasing: erasing Text · chatId Text, KeysOnly
    Connections: connectionId Text · namespace Text
      global slot: slot Number · connectionId Text, Include(["openedAt", "expiresAt", "beat", "heardAt", "upgradeOf", "sourceIp"])
    Listings: petId Text
    Messages: chatId Text · seq Number
    Users: userId Text · entry Text
      local recent: userId Text · recent Text, KeysOnly
      local unread: userId Text · unread Text, KeysOnly
      local blocked: userId Text · blocked Text, KeysOnly
      global online: online Text · userId Text, KeysOnly
    "#);
    assert!(template.tables.values().all(|table| table.schema.ttl.as_deref() == Some("ttl")));
}

fn words(table: &Table) -> String {
    let key = |key: &KeySchema| {
        let names = [&key.partition].into_iter().chain(&key.sort);
        names
            .map(|name| format!("{name} {:?}", table.schema.attributes.get(name).unwrap()))
            .collect::<Vec<_>>()
            .join(" · ")
    };
    let mut lines = vec![format!("{}: {}", table.schema.name, key(&table.schema.key))];
    for (kind, indexes) in [("local", &table.schema.local_indexes), ("global", &table.schema.global_indexes)] {
        let line =
            |index: &IndexSchema| format!("  {kind} {}: {}, {:?}", index.name, key(&index.key), index.projection);
        lines.extend(indexes.iter().map(line));
    }
    lines.join("\n")
}

#[test]
fn a_table_is_created_by_two_requests() {
    let connections = &template().tables["Connections"];
    insta::assert_snapshot!(format!("{:#}", connections.create_table()), @r#"
    {
      "AttributeDefinitions": [
        {
          "AttributeName": "connectionId",
          "AttributeType": "S"
        },
        {
          "AttributeName": "namespace",
          "AttributeType": "S"
        },
        {
          "AttributeName": "slot",
          "AttributeType": "N"
        }
      ],
      "BillingMode": "PAY_PER_REQUEST",
      "GlobalSecondaryIndexes": [
        {
          "IndexName": "slot",
          "KeySchema": [
            {
              "AttributeName": "slot",
              "KeyType": "HASH"
            },
            {
              "AttributeName": "connectionId",
              "KeyType": "RANGE"
            }
          ],
          "Projection": {
            "NonKeyAttributes": [
              "openedAt",
              "expiresAt",
              "beat",
              "heardAt",
              "upgradeOf",
              "sourceIp"
            ],
            "ProjectionType": "INCLUDE"
          }
        }
      ],
      "KeySchema": [
        {
          "AttributeName": "connectionId",
          "KeyType": "HASH"
        },
        {
          "AttributeName": "namespace",
          "KeyType": "RANGE"
        }
      ],
      "TableName": "Connections"
    }
    "#);
    insta::assert_snapshot!(connections.update_time_to_live().unwrap(), @r#"{"TableName":"Connections","TimeToLiveSpecification":{"AttributeName":"ttl","Enabled":true}}"#);
    assert!(template().tables["Users"].create_table()["LocalSecondaryIndexes"].is_array());
}

#[test]
fn each_kind_of_frame_has_its_function() {
    let template = template();
    let routes: Vec<(&str, &str)> =
        template.websocket.routes.iter().map(|(key, function)| (key.as_str(), function.as_str())).collect();
    assert_eq!(routes, [("$connect", "connect"), ("$default", "switchboard"), ("$disconnect", "disconnect")]);
    assert_eq!(template.websocket.stage, "prod");
    let routes = template.http_routes.iter().map(|route| (route.key.as_str(), route.function.as_str()));
    let polling = ["ANY /socket.io", "ANY /socket.io/{proxy+}"].map(|key| (key, "polling"));
    let others = [("$default", "rest"), ("ANY /moderation/{proxy+}", "moderation")];
    assert_eq!(routes.collect::<BTreeSet<_>>(), polling.into_iter().chain(others).collect());
    let schedules = template.schedules.iter().map(|schedule| (schedule.function.as_str(), schedule.every));
    let minute = Duration::from_secs(60);
    assert_eq!(schedules.collect::<BTreeSet<_>>(), BTreeSet::from([("heartbeat", minute), ("sweep", minute)]));
}

#[test]
fn functions_have_logs_of_their_own_and_answer_before_api_gateway_gives_up() {
    let template = template();
    let logs: BTreeSet<&String> = template.functions.values().map(|function| &function.log_group).collect();
    assert_eq!(logs.len(), template.functions.len());
    let called = template.websocket.routes.values().chain(template.http_routes.iter().map(|route| &route.function));
    for package in called {
        assert!(template.functions[package].timeout < Duration::from_secs(29), "{package}");
    }
}

#[test]
fn only_what_may_be_repeated_is_retried() {
    let settings = |retries, max_age_secs, on_failure| Asynchronous {
        retries,
        max_age: Duration::from_secs(max_age_secs),
        on_failure,
    };
    let (queue, followup) = (Some(Destination::Queue), Some(Destination::Function("parlance-followup".to_owned())));
    let template = template();
    for (package, expected) in [
        ("connect", settings(0, 60, followup.clone())),
        ("handshake", settings(0, 60, followup.clone())),
        ("message", settings(0, 60, followup.clone())),
        ("typing", settings(0, 60, followup.clone())),
        ("block", settings(0, 60, followup.clone())),
        ("presence", settings(0, 60, followup.clone())),
        ("disconnect", settings(2, 3600, queue)),
        ("heartbeat", settings(0, 60, None)),
        ("sweep", settings(0, 60, None)),
    ] {
        assert_eq!(template.functions[package].asynchronous, expected, "{package}");
    }
}

#[test]
fn roles_name_actions_and_only_moderation_may_scan_and_only_users() {
    for (package, function) in template().functions {
        for statement in function.statements {
            for action in statement.actions {
                let lists_users =
                    package == "moderation" && statement.resources == [Resource::Table("Users".to_owned())];
                assert!(!action.contains('*') && (action != "dynamodb:Scan" || lists_users), "{package}: {action}");
            }
        }
    }
    assert!(refusal("Resource: !GetAtt Users.Arn", "Resource: '*'").contains("* is no table, index, function"));
}

#[test]
fn only_rest_reaches_media_moderation_deletes_them_and_no_role_has_a_whole_bucket() {
    for (package, function) in template().functions {
        let objects = |resource: &Resource| matches!(resource, Resource::Objects { .. });
        for statement in function.statements.iter().filter(|statement| statement.resources.iter().any(objects)) {
            assert!(
                package == "rest" || statement.actions == ["s3:DeleteObject"],
                "{package}: {:?}",
                statement.actions
            );
        }
        let statements = function.statements.into_iter().filter(|statement| statement.resources.iter().any(objects));
        let folders: BTreeSet<String> =
            statements.flat_map(|statement| statement.resources).map(|resource| resource.to_string()).collect();
        let expected: &[&str] = match package.as_str() {
            "moderation" => &["media/ of the bucket parlance-media"],
            "rest" => &["media/ of the bucket parlance-media", "uploads/ of the bucket parlance-media"],
            _ => &[],
        };
        assert!(folders.iter().eq(expected), "{package}: {folders:?}");
    }
    for whole in ["!GetAtt Media.Arn", "!Sub ${Media.Arn}/*", "!Sub ${Media.Arn}/media/x*", "!Sub ${Media.Arn}/*/*"] {
        let refused = refusal("Resource: !Sub ${Media.Arn}/media/*", &format!("Resource: {whole}"));
        assert!(refused.contains("is no table, index, function, folder of a bucket"), "{refused}");
    }
}

#[test]
fn abandoned_uploads_expire_and_any_page_may_use_a_signed_address() {
    let media = &template().buckets["Media"];
    assert_eq!(media.name, "parlance-media");
    assert_eq!(media.expirations, [Expiration { prefix: "uploads/".to_owned(), days: 1 }]);
    let rule = media.cors.as_ref().unwrap();
    assert_eq!((rule.origins.join(","), rule.methods.join(",")), ("*".to_owned(), "GET,PUT".to_owned()));
}

#[test]
fn functions_apart_the_switchboard_sees_connections_only() {
    let tables = tables_of(&template().functions["switchboard"]);
    assert_eq!(tables, BTreeSet::from([Resource::Table("Connections".to_owned())]));
}

#[test]
fn polling_may_do_whatever_the_handlers_may_that_run_in_the_switchboard() {
    let functions = read(TEXT, &[("HandlerIsolation", "inline")]).unwrap().functions;
    // Only a WebSocket is moved to.
    let moving = ["dynamodb:DeleteItem", "dynamodb:Query"];
    for statement in &functions["switchboard"].statements {
        for (action, resource) in statement.actions.iter().flat_map(|a| statement.resources.iter().map(move |r| (a, r)))
        {
            let moves = *resource == Resource::Table("Connections".to_owned()) && moving.contains(&action.as_str());
            assert!(moves || functions["polling"].may(action, resource), "{action} on {resource}");
        }
    }
}

fn tables_of(function: &Function) -> BTreeSet<Resource> {
    let resources = function.statements.iter().flat_map(|statement| statement.resources.clone());
    resources.filter(|resource| matches!(resource, Resource::Table(_) | Resource::Index { .. })).collect()
}

#[test]
fn only_functions_that_verify_tokens_are_given_keys() {
    let with_secret = |template: &Template| -> Vec<String> {
        let arn = &template.secrets["JwtSecrets"].arn;
        let has = |function: &&Function| function.environment.get("JWT_SECRET_ARN") == Some(arn);
        template.functions.values().filter(has).map(|function| function.package.clone()).collect()
    };
    assert_eq!(with_secret(&template()), ["connect", "moderation", "polling", "rest"]);
    let inline = read(TEXT, &[("HandlerIsolation", "inline")]).unwrap();
    assert_eq!(with_secret(&inline), ["connect", "moderation", "polling", "rest", "switchboard"]);
}

/// Who may read the configuration of a function must not read a secret there.
#[test]
fn no_function_has_a_secret_as_a_variable_and_only_those_that_need_one_may_read_it() {
    let (before, password) = ("b".repeat(32), "correct horse battery staple");
    let parameters = [("JwtSecretBefore", before.as_str()), ("AdminPassword", password)];
    for isolation in ["separate", "inline"] {
        let template = read(TEXT, &[parameters[0], parameters[1], ("HandlerIsolation", isolation)]).unwrap();
        let (shared, admin) = (&template.secrets["JwtSecrets"], &template.secrets["AdminSecret"]);
        assert_eq!(shared.text, format!("{SECRET}\n{before}"));
        assert_eq!(admin.text, password);
        for function in template.functions.values() {
            for (name, value) in &function.environment {
                let shows = [SECRET, before.as_str(), password].iter().any(|secret| value.contains(secret));
                assert!(!shows, "{} has a secret in {name}", function.package);
            }
            for (secret, setting) in [(shared, "JWT_SECRET_ARN"), (admin, "ADMIN_PASSWORD_ARN")] {
                let may = function.may("secretsmanager:GetSecretValue", &Resource::Secret(secret.arn.clone()));
                assert_eq!(may, function.environment.get(setting) == Some(&secret.arn), "{}", function.package);
            }
        }
    }
}

#[test]
fn a_secret_of_ones_own_goes_before_those_that_the_stack_would_make() {
    let arn = |name: &str| format!("arn:aws:secretsmanager:us-east-1:000000000000:secret:{name}");
    let (shared, admin) = (arn("chat/tokens-Ab1Cd2"), arn("admin-Ab1Cd2"));
    let template = read(TEXT, &[("JwtSecretArn", &shared), ("AdminPasswordArn", &admin)]).unwrap();
    assert!(template.secrets.is_empty(), "{:?}", template.secrets);
    let connect = &template.functions["connect"];
    for (setting, arn) in [("JWT_SECRET_ARN", shared), ("ADMIN_PASSWORD_ARN", admin)] {
        assert_eq!(connect.environment[setting], arn);
        assert!(connect.may("secretsmanager:GetSecretValue", &Resource::Secret(arn)));
    }
    assert_eq!(template.functions["switchboard"].environment["ADMIN_UI"], "on");
    let broken = ["arn:aws:secretsmanager:us-east-1:000000000000:secret:*", "chat/tokens"];
    for arn in broken {
        assert!(read(TEXT, &[("JwtSecretArn", arn)]).is_err(), "{arn}");
    }
}

/// A function that checked less than the others would be a door beside theirs.
#[test]
fn all_functions_that_verify_tokens_verify_them_alike() {
    let settings =
        ["JWT_SECRET_ARN", "JWT_PUBLIC_KEY", "JWT_KEYS_URL", "JWT_ISSUER", "JWT_AUDIENCE", "JWT_REQUIRE_EXP"];
    let key = format!("-----BEGIN PUBLIC KEY-----{}-----END PUBLIC KEY-----", "A".repeat(60));
    let parameters = [
        ("HandlerIsolation", "inline"),
        ("JwtPublicKey", key.as_str()),
        ("JwtKeysUrl", "https://id.example/keys"),
        ("JwtIssuer", "https://id.example/"),
        ("JwtAudience", "chat"),
    ];
    let template = read(TEXT, &parameters).unwrap();
    let arn = template.secrets["JwtSecrets"].arn.as_str();
    let expected = [arn, key.as_str(), "https://id.example/keys", "https://id.example/", "chat", "true"];
    let verifying = template.functions.values().filter(|function| function.environment.contains_key("JWT_SECRET_ARN"));
    for function in verifying {
        let given = settings.map(|name| function.environment.get(name).map(String::as_str).unwrap_or_default());
        assert_eq!(given, expected, "{}", function.package);
    }
}

#[test]
fn the_environment_names_tables_and_functions_that_exist() {
    let template = template();
    for function in template.functions.values() {
        for (name, value) in &function.environment {
            if name.ends_with("_FUNCTION") {
                let package = template.function_named(value).map(|function| function.package.to_uppercase());
                // The relay's function for events is the chat's function message.
                let named = name.strip_suffix("_FUNCTION").map(|name| if name == "EVENT" { "MESSAGE" } else { name });
                assert_eq!(package.as_deref(), named);
            }
            if name.ends_with("_TABLE") {
                assert!(template.tables.contains_key(value), "{name}");
            }
        }
    }
    let environment = &template.functions["message"].environment;
    assert_eq!(environment["CONNECTIONS_ENDPOINT"], "https://websocket.execute-api.us-east-1.amazonaws.com/prod");
    assert_eq!(
        (environment["PING_INTERVAL_MINUTES"].as_str(), environment["LIMIT_CHATS_PER_HOUR"].as_str()),
        ("5", "")
    );
}

#[test]
fn parameters_take_only_what_they_allow() {
    let of = |name, value| read(TEXT, &[(name, value)]).map(|template| template.parameters[name].clone());
    assert_eq!(of("PingIntervalMinutes", "8"), Ok("8".to_owned()));
    let region = read(TEXT, &[("AWS::Region", "eu-north-1")]).unwrap();
    let endpoint = &region.functions["connect"].environment["CONNECTIONS_ENDPOINT"];
    assert!(endpoint.contains("eu-north-1"), "{endpoint}");
    let refused = |name, value| of(name, value).unwrap_err().to_string();
    insta::assert_snapshot!([
        refused("PingIntervalMinutes", "9"),
        refused("HandlerIsolation", "sideways"),
        refused("JwtSecret", "short"),
        // What SAM makes of a PEM without Base64: it cuts the value at its first space.
        refused("JwtPublicKey", "-----BEGIN"),
        refused("NoSuchThing", "1"),
    ].join("\n"), @"
    the parameter PingIntervalMinutes must be a whole number from 1 to 8
    the parameter HandlerIsolation must be one of separate, inline
    the parameter JwtSecret must be 32 to 1024 characters, or none if tokens are verified with a public key
    the parameter JwtPublicKey must be Base64 of PEM public keys or of a JSON Web Key Set on one line (base64 < key.pub | tr -d '\\n'), or the whole PEM, from BEGIN to END
    template.yaml has no parameter NoSuchThing
    ");
    let url = ("JwtKeysUrl", "https://id.example/keys");
    let anybodys = read(TEXT, &[url]).unwrap_err();
    insta::assert_snapshot!(anybodys, @"the parameters break the rule KeysOfAProviderAreForItsIssuer: JwtKeysUrl needs JwtIssuer, the iss of the provider's tokens");
    assert!(read(TEXT, &[url, ("JwtIssuer", "https://id.example/")]).is_ok());
    for url in ["http://id.example/keys", "https://id.example", "https://user@id.example/keys", "file:///keys"] {
        assert!(read(TEXT, &[("JwtKeysUrl", url), ("JwtIssuer", "https://id.example/")]).is_err(), "{url}");
    }
    let nothing = Template::read(TEXT, &BTreeMap::new()).unwrap_err();
    insta::assert_snapshot!(nothing, @"the parameters break the rule TokensCanBeVerified: one of JwtSecret, JwtSecretArn, JwtPublicKey and JwtKeysUrl is needed to verify tokens");
}

#[test]
fn a_public_key_is_taken_in_each_form_that_arrives_whole() {
    for pem in [include_str!("keys/rsa.pub.pem"), include_str!("keys/ec.pub.pem"), include_str!("keys/ed.pub.pem")] {
        let escaped = pem.trim().replace('\n', "\\n");
        for form in [STANDARD.encode(pem), STANDARD.encode(pem.trim()), pem.to_owned(), pem.trim().to_owned(), escaped]
        {
            let parameters = [("JwtSecret", "none"), ("JwtPublicKey", form.as_str())];
            let template =
                Template::read(TEXT, &parameters.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
            assert_eq!(template.unwrap().functions["connect"].environment["JWT_PUBLIC_KEY"], form);
        }
        let encoded = STANDARD.encode(pem);
        for broken in
            ["-----BEGIN PUBLIC KEY-----", &encoded.replace("LS0t", ""), &format!("{encoded} "), "MCowBQYDK2VwAyEA"]
        {
            assert!(read(TEXT, &[("JwtPublicKey", broken)]).is_err(), "{broken}");
        }
    }
    let neither = Template::read(TEXT, &BTreeMap::from([("JwtSecret".to_owned(), "none".to_owned())])).unwrap_err();
    assert!(neither.to_string().contains("TokensCanBeVerified"), "{neither}");
}

/// Lambda takes 4 KB of names and values for one function.
#[test]
fn the_environment_of_a_function_has_room_for_a_secret_and_a_large_key() {
    // RSA of 4,096 bits.
    let pem =
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", vec!["A".repeat(64); 12].join("\n"));
    let template = read(TEXT, &[("JwtPublicKey", &STANDARD.encode(pem)), ("JwtSecret", &"x".repeat(64))]).unwrap();
    for function in template.functions.values() {
        let bytes: usize = function.environment.iter().map(|(name, value)| name.len() + value.len()).sum();
        // Names of tables and functions are longer there: the stack's name and an id of CloudFormation are part of
        // them.
        assert!(bytes + 17 * 40 < 4_096, "{}: {bytes}", function.package);
    }
}

#[test]
fn every_function_has_a_log_whose_errors_are_counted_and_alarms_for_its_failures_and_throttles() {
    for package in template().functions.values().map(|function| &function.package) {
        let mut letters = package.chars();
        let id: String = letters.next().unwrap().to_uppercase().chain(letters).collect();
        for needed in [
            format!("\n  {id}Log:\n    Type: AWS::Logs::LogGroup\n"),
            format!("\n  {id}Errors:\n    Type: AWS::CloudWatch::Alarm\n"),
            format!("\n  {id}InternalErrors:\n    Type: AWS::Logs::MetricFilter\n"),
            format!("LogGroupName: !Ref {id}Log\n"),
            format!("MetricName: Throttles, Dimensions: [{{ Name: FunctionName, Value: !Ref {id}Function }}]"),
        ] {
            assert_eq!(TEXT.matches(&needed).count(), 1, "{needed}");
        }
    }
    // An alarm takes ten metrics at most, their sum included.
    let (_, alarms) = TEXT.split_once("ThrottledEvents:").unwrap();
    for alarm in alarms.split("ThrottledRequests:") {
        assert!(alarm.matches("- Id: ").count() < 10, "{alarm}");
    }
}

#[test]
fn what_may_be_reserved_fits_into_the_default_quota_of_an_account() {
    let most: u32 = TEXT
        .split_once("\n  ConcurrencyPerFunction:\n")
        .and_then(|(_, rest)| rest.split_once("MaxValue: "))
        .and_then(|(_, rest)| rest.lines().next())
        .and_then(|number| number.parse().ok())
        .unwrap();
    let functions = |parameters: &[(&str, &str)]| read(TEXT, parameters).unwrap().functions;
    let reserved = |parameters: &[(&str, &str)]| -> u32 {
        functions(parameters).values().map(|function| function.concurrency.unwrap_or_default()).sum()
    };
    assert_eq!(reserved(&[]), 100, "polling alone");
    assert_eq!(reserved(&[("PollingConcurrency", "0")]), 0);
    // AWS keeps 100 of the 1,000 unreserved.
    let all = reserved(&[("ConcurrencyPerFunction", &most.to_string())]);
    assert!(all <= 900, "{all}");
    assert!(read(TEXT, &[("ConcurrencyPerFunction", &(most + 1).to_string())]).is_err());
}

/// A refusal without the place in the file, which any change moves.
fn without_place(refusal: &str) -> String {
    let (what, place) = refusal.split_once(" at byte ").unwrap();
    assert!(place.contains(" line "), "{refusal}");
    what.to_owned()
}

#[test]
fn what_is_not_understood_is_refused_by_name() {
    insta::assert_snapshot!([
        refusal("Type: AWS::SQS::Queue", "Type: AWS::Kinesis::Stream"),
        refusal("BillingMode: PAY_PER_REQUEST", "BillingMode: PROVISIONED"),
        refusal("      BillingMode: PAY_PER_REQUEST", "      TableClass: STANDARD\n      BillingMode: PAY_PER_REQUEST"),
        refusal("      MemorySize: 256\n", ""),
        refusal("CodeUri: functions/connect", "CodeUri: functions/no/where"),
        refusal("!GetAtt Users.Arn", "!GetAtt Users.StreamArn"),
        refusal("!Ref Users", "!Ref Nobody"),
        refusal("!Ref Users", "!ImportValue Users"),
        refusal("!Ref Users", "{ Ref: Users }"),
        refusal("!Ref Users", "!Sub '${Users'"),
        refusal("!If [ConcurrencyReserved,", "!If [Reserved,"),
        refusal("rate(1 minute)", "cron(* * * * ? *)"),
        refusal("LogGroup: !Ref ConnectLog }", "LogGroup: !Ref ConnectLog, LogFormat: JSON }"),
        refusal("    Type: AWS::SQS::Queue\n", "    Type: AWS::SQS::Queue\n    DependsOn: Users\n"),
        refusal("    Condition: WebSocketLogged\n", "    Condition: Logged\n"),
        refusal("    Type: AWS::SQS::Queue\n", "    Type: AWS::SQS::Queue\n    Condition: HandlersInline\n"),
        refusal("  HttpUrl:", "  HttpUrl: { Value: !Ref Nobody }\n  OtherUrl:"),
        refusal("\nOutputs:", "\nMappings: {}\nOutputs:"),
        refusal("            Prefix: uploads/\n", "            Transitions: []\n"),
        refusal("aws:SecureTransport: \"false\"", "aws:SecureTransport: \"true\""),
        refusal("FunctionArn: !GetAtt ConnectFunction.Arn", "FunctionArn: elsewhere"),
        refusal("StartingPosition: TRIM_HORIZON", "StartingPosition: LATEST"),
        refusal("Stream: !GetAtt Chats.StreamArn", "Stream: !GetAtt Users.Arn"),
        refusal("            MaximumRetryAttempts: 10\n", ""),
        refusal("NEW_AND_OLD_IMAGES, NEW_IMAGE]", "NEW_AND_OLD_IMAGES, ITEMS]"),
        refusal("Method: ANY, Path: /socket.io }", "Method: ANY, Path: /socket.io/ }"),
        without_place(&refusal("  Http:\n", "  WebSocket:\n")),
    ].join("\n"), @r#"
    template.yaml, Resources.Failures: unknown variant `AWS::Kinesis::Stream`, expected one of `AWS::DynamoDB::Table`, `AWS::S3::Bucket`, `AWS::S3::BucketPolicy`, `AWS::Serverless::Function`, `AWS::Serverless::WebSocketApi`, `AWS::Serverless::HttpApi`, `AWS::SecretsManager::Secret`, `AWS::SQS::Queue`, `AWS::Lambda::EventSourceMapping`, `AWS::SNS::Topic`, `AWS::Logs::LogGroup`, `AWS::Logs::MetricFilter`, `AWS::CloudWatch::Alarm`
    template.yaml, Resources.Users.Properties: unknown variant `PROVISIONED`, expected `PAY_PER_REQUEST`
    template.yaml, Resources.Users.Properties: unknown field `TableClass`, expected one of `BillingMode`, `AttributeDefinitions`, `KeySchema`, `LocalSecondaryIndexes`, `GlobalSecondaryIndexes`, `TimeToLiveSpecification`, `StreamSpecification`, `DeletionProtectionEnabled`, `PointInTimeRecoverySpecification`, `SSESpecification`
    template.yaml, Resources.ConnectFunction.Properties: missing field `MemorySize`
    template.yaml, Resources.ConnectFunction.Properties.CodeUri: must be functions/ and the name of a package, or .
    template.yaml, Resources.ConnectFunction.Properties.Policies.0.Statement.4.Resource: nothing here is called "Users.StreamArn"
    template.yaml, Globals.Function.Environment.Variables.USERS_TABLE: nothing here is called "Nobody"
    template.yaml, Globals.Function.Environment.Variables.USERS_TABLE: !ImportValue with this argument is not understood
    template.yaml, Globals.Function.Environment.Variables.USERS_TABLE.Ref: write the short form, with an exclamation mark
    template.yaml, Globals.Function.Environment.Variables.USERS_TABLE: a ${ is not closed
    template.yaml, Globals.Function.ReservedConcurrentExecutions: there is no condition "Reserved"
    template.yaml, Resources.HeartbeatFunction.Properties.Events.EachMinute: cron(* * * * ? *) is no rate of minutes, hours or days
    template.yaml, Resources.ConnectFunction.Properties: unknown field `LogFormat`, expected `LogGroup`
    template.yaml, Resources.Failures: unknown field `DependsOn`, expected one of `Type`, `Condition`, `Metadata`, `DeletionPolicy`, `UpdateReplacePolicy`
    template.yaml, Resources.WebSocketAccess: there is no condition "Logged"
    template.yaml, Resources.FailuresWaiting.Properties.Dimensions.0.Value: Failures exists under a condition that does not hold
    template.yaml, Outputs.HttpUrl.Value: nothing here is called "Nobody"
    template.yaml, Mappings: this section is not understood
    template.yaml, Resources.Media.Properties: unknown field `Transitions`, expected one of `Id`, `Status`, `Prefix`, `ExpirationInDays`, `AbortIncompleteMultipartUpload`
    template.yaml, Resources.MediaPolicy.Properties.PolicyDocument, OnlyEncryptedConnections: only a statement that denies what is not encrypted is understood
    template.yaml, Resources.WebSocket.Properties.Routes.$connect: FunctionArn is of no function here
    template.yaml, Resources.FollowupFunction.Properties: unknown variant `LATEST`, expected `TRIM_HORIZON`
    template.yaml, Resources.FollowupFunction.Properties.Events.ChatsChanged: Stream must be the StreamArn of a table with a StreamSpecification
    template.yaml, Resources.FollowupFunction.Properties: missing field `MaximumRetryAttempts`
    template.yaml, Resources.Chats.Properties: unknown variant `ITEMS`, expected one of `KEYS_ONLY`, `NEW_IMAGE`, `OLD_IMAGE`, `NEW_AND_OLD_IMAGES`
    template.yaml, Resources.PollingFunction.Properties.Events.WithoutSlash: /socket.io/ ends in a slash, and an HTTP API takes no such route
    template.yaml is not YAML: duplicated key in mapping
    "#);
}
