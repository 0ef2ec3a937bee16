//! The context of an invocation: settings, clock, the table of connections, the application, and the clients of
//! `@connections` and Lambda. What it can do stands in `post`, `close` and `invoke`.

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeSerializationInterceptorContextRef, BeforeTransmitInterceptorContextMut,
};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::retry::RetryConfig;
use futures_util::future::BoxFuture;

use crate::cached::Cached;
use crate::clock::Clock;
use crate::config::{AdminPassword, Config, Isolation};
use crate::connections::Connections;
use crate::dynamo::Dynamo;
use crate::lambda::Functions;
use crate::limit::{Addresses, EventRates};
use crate::secrets::Secrets;
use crate::seen::SeenUsers;
use crate::services::Aws;
use crate::store::{Liveness, Store};

/// The context of an application `A`: built once per process, borrowed by every invocation.
pub struct Ctx<A> {
    /// The settings of the relay.
    pub config: Config,
    /// The source of time and of randomness.
    pub clock: Clock,
    /// The table of connections.
    pub store: Store,
    /// The events per second of the sockets that this process sees.
    pub event_rates: EventRates,
    /// The addresses from which this process sees connections.
    pub addresses: Addresses,
    /// The users of the sockets that this process sees.
    pub seen_users: SeenUsers,
    /// The application.
    pub app: A,
    pub(crate) connections: Connections,
    pub(crate) functions: Functions,
    pub(crate) secrets: Secrets,
    /// The password of the Admin UI, if it is in a secret.
    pub(crate) admin_password: Cached<AdminPassword>,
}

/// Where a handler runs (ARCHITECTURE.md, "The life of a message").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target<'a> {
    /// In this process.
    Here,
    /// In the function of this name, which is invoked asynchronously.
    Function(&'a str),
}

impl<A> Ctx<A> {
    /// Creates the context from the settings, the clock, the configuration of the AWS clients, and the application.
    /// `ending` are the application's attributes of a session that are removed when it ends.
    #[must_use]
    pub fn new(config: Config, clock: Clock, aws: &Aws, ending: &'static [&'static str], app: A) -> Self {
        let db = Dynamo::new(aws.tables(), clock.clone());
        let store = Store::new(db, config.connections_table.clone(), ending);
        let connections = aws.connections(&config.connections_endpoint);
        Self {
            store,
            event_rates: EventRates::default(),
            addresses: Addresses::default(),
            seen_users: SeenUsers::default(),
            connections,
            functions: aws.functions(),
            secrets: aws.secrets(),
            admin_password: Cached::new("ADMIN_PASSWORD_ARN", clock.clone()),
            clock,
            app,
            config,
        }
    }

    /// Opens the connections to DynamoDB and API Gateway before the first event needs them. Both refuse the requests,
    /// which are not signed on purpose: there is no request that the roles of all functions allow.
    pub async fn open_connections(&self) {
        open_connections(&self.store, &self.connections).await;
    }

    /// Where a handler runs. `function` is its name in a deployment that separates the handlers.
    #[must_use]
    pub fn target<'a>(&self, function: &'a str) -> Target<'a> {
        match self.config.isolation {
            Isolation::Inline => Target::Here,
            Isolation::Separate => Target::Function(function),
        }
    }

    /// The moments that decide about a polling connection. Its client counts as dead if it has made no request for as
    /// long as it would itself wait for a ping.
    #[must_use]
    pub fn liveness(&self) -> Liveness {
        let now = self.clock.now();
        Liveness { now, stale_before: now.plus_millis(-self.config.heartbeat.liveness_timeout_millis()) }
    }
}

/// Not generic, so that the bootstraps do not compile it again.
fn open_connections<'a>(store: &'a Store, connections: &'a Connections) -> BoxFuture<'a, ()> {
    Box::pin(async move {
        tokio::join!(store.warm(Unsigned), connections.warm(Unsigned));
    })
}

/// An interceptor that removes the headers which make a request an operation that a role must allow: the caller and the
/// operation. Such a request is made once: if it has no connection, a second one has none either.
#[derive(Debug)]
struct Unsigned;

impl Intercept for Unsigned {
    fn name(&self) -> &'static str {
        "Unsigned"
    }

    fn read_before_execution(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        config.interceptor_state().store_put(RetryConfig::disabled());
        Ok(())
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let headers = context.request_mut().headers_mut();
        for name in ["authorization", "x-amz-security-token", "x-amz-target"] {
            headers.remove(name);
        }
        Ok(())
    }
}
