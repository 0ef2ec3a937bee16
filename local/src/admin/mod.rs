//! The Admin UI of the local system: what a deployment shows once a minute, this shows as it happens, and besides it the
//! events with their arguments (docs/admin-ui.md).
//!
//! The relay admits a page and tells it its session. From then on a task of this process (`live`) reads the records of
//! [`crate::watch`] and posts to the page what they say. It finds out about sockets and rooms by reading the tables again
//! after a record that may have changed them, and comparing. So a page shows what the tables hold, also after a record
//! was missed. While nobody uses the Admin UI, the task waits, and no record is made for it.
//!
//! - `live`: the task.
//! - `sockets`: what a page shows, and the difference between two moments.
//! - `records`: the records that the task reads.
//! - `counts`: the numbers of connections, packets and bytes.
//! - `password`: the password of a data folder.

mod counts;
mod live;
pub mod password;
mod records;
mod sockets;

use std::sync::Arc;

use futures_util::future::BoxFuture;
use relay::admin::{Shown, shown};
use relay::application::Application;
use relay::ctx::Ctx;
use relay::error::Error;
use relay::store::Admin;
use tokio::sync::Notify;

pub(crate) use live::Live;

/// Makes a function of the relay leave the sockets and events to this system. For `Options::adapt`.
pub fn live<A>(ctx: &mut Ctx<A>) {
    ctx.config.admin_ui.live = Some(Arc::default());
}

/// What the task needs of the connect function. Clones share it.
#[derive(Clone)]
pub(crate) struct AdminUi {
    /// What is notified after a page has joined.
    joined: Arc<Notify>,
    function: Arc<dyn Connect>,
}

impl AdminUi {
    /// That of this connect function; `None` if the Admin UI is off, or not shown by this system.
    pub(crate) fn of<A: Application>(ctx: &Arc<Ctx<A>>) -> Option<Self> {
        let admin_ui = &ctx.config.admin_ui;
        let joined = Arc::clone(admin_ui.live.as_ref().filter(|_| admin_ui.is_on)?);
        Some(Self { joined, function: Arc::new(OfApplication(Arc::clone(ctx))) })
    }
}

/// The connect function of any application. It makes the requests that its role allows.
trait Connect: Send + Sync {
    /// The sockets of those who use the Admin UI.
    fn admins(&self) -> BoxFuture<'_, Result<Vec<Admin>, Error>>;

    /// The sockets that there are.
    fn shown(&self) -> BoxFuture<'_, Result<Shown, Error>>;

    /// Posts a frame to a page. A page that takes no more misses it.
    fn post<'a>(&'a self, to: &'a Admin, frame: &'a str) -> BoxFuture<'a, ()>;
}

struct OfApplication<A>(Arc<Ctx<A>>);

impl<A: Application> Connect for OfApplication<A> {
    fn admins(&self) -> BoxFuture<'_, Result<Vec<Admin>, Error>> {
        Box::pin(self.0.store.admins())
    }

    fn shown(&self) -> BoxFuture<'_, Result<Shown, Error>> {
        Box::pin(shown(&self.0))
    }

    fn post<'a>(&'a self, to: &'a Admin, frame: &'a str) -> BoxFuture<'a, ()> {
        Box::pin(async {
            // Without its age: the page has been posted to before, so a connection that is not there has ended.
            let _missed_or_posted = self.0.post_once(&to.connection, frame).await;
        })
    }
}
