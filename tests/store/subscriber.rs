//! A socket in a room behind the hub, the ring and the fan-out, as in a natter process.

use std::{sync::Arc, time::Duration};

use futures_util::StreamExt;
use natter::{
    net::Connection,
    room::{hub::Hub, subscription::Reader},
    store::{Access, Database},
};
use tokio::{
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_tungstenite::{WebSocketStream, tungstenite::protocol::Role};

pub struct Subscriber {
    socket: WebSocketStream<TcpStream>,
    /// Dropping the hub ends its rooms.
    _hub: Hub,
}

impl Subscriber {
    /// Subscribes to the room from the beginning of its log. Takes the event stream of `store`.
    pub async fn start(store: &Arc<dyn Database>, access: &Access) -> Self {
        let (hub, _) = Hub::start(Arc::clone(store), Box::new(|_| {}));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (client, accepted) = tokio::join!(TcpStream::connect(listener.local_addr().unwrap()), listener.accept());
        let connection = Arc::new(Connection::new(accepted.unwrap().0));
        let subscriber = hub.subscriber(access.user(), connection);
        // no test takes a right away, so none has to be verified again
        let verified = u64::MAX;
        let mut subscription = hub.subscribe(access, verified, &subscriber, Reader::Script, Some(0)).await.unwrap();
        tokio::spawn(async move { subscription.follow().await });
        let socket = WebSocketStream::from_raw_socket(client.unwrap(), Role::Client, None).await;
        Self { socket, _hub: hub }
    }

    /// Reads up to the change `last`; returns the `rev` of each change in the order of arrival.
    pub async fn read_up_to(&mut self, last: u64) -> Vec<u64> {
        let mut revs: Vec<u64> = Vec::new();
        while revs.last() != Some(&last) {
            let frame = timeout(Duration::from_secs(30), self.socket.next()).await;
            let frame = frame.unwrap_or_else(|_| panic!("nothing for 30 s after {:?}", revs.last()));
            let frame = frame.expect("the socket stays open").unwrap();
            let numbers = frame.to_text().unwrap().split("data-rev=\"").skip(1);
            revs.extend(numbers.map(|rest| rest.split('"').next().unwrap().parse::<u64>().unwrap()));
        }
        revs
    }
}
