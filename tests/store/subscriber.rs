//! A socket in the lobby that is fed as in a running natter: by the hub, the ring and the fan-out.

use std::{sync::Arc, time::Duration};

use futures_util::StreamExt;
use natter::{domain::UserKey, net::Connection, room::hub::Hub, store::Store};
use tokio::{
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_tungstenite::{WebSocketStream, tungstenite::protocol::Role};

pub struct Follower {
    socket: WebSocketStream<TcpStream>,
    /// The rooms end with it.
    _hub: Hub,
}

impl Follower {
    /// Follows the log of `store` from its beginning. Takes the store's events.
    pub async fn start(store: &Arc<dyn Store>) -> Self {
        let (hub, _) = Hub::start(Arc::clone(store)).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (client, accepted) = tokio::join!(TcpStream::connect(listener.local_addr().unwrap()), listener.accept());
        let connection = Arc::new(Connection::new(accepted.unwrap().0));
        let reader = hub.lobby().reader(UserKey::generate(), connection, Some(0)).await.unwrap();
        tokio::spawn(async move { reader.follow().await });
        let socket = WebSocketStream::from_raw_socket(client.unwrap(), Role::Client, None).await;
        Self { socket, _hub: hub }
    }

    /// Reads up to the change `last`: the numbers in the order they came in.
    pub async fn reads(&mut self, last: u64) -> Vec<u64> {
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
