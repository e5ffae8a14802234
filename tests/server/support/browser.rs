//! A browser without JavaScript: it keeps cookies and submits forms.

use std::{net::SocketAddr, sync::Arc};

use reqwest::{
    Client, Method, RequestBuilder, Url,
    cookie::{CookieStore, Jar},
    header::{ACCEPT, ORIGIN},
    redirect::Policy,
};

use super::{Page, password_of};

#[derive(Clone)]
pub struct Browser {
    client: Client,
    jar: Arc<Jar>,
    pub address: SocketAddr,
    /// The token in the URL to which the sign-up redirected.
    pub token: Option<String>,
}

impl Browser {
    pub fn new(address: SocketAddr) -> Self {
        let jar = Arc::new(Jar::default());
        let client = Client::builder().redirect(Policy::none()).cookie_provider(Arc::clone(&jar)).build().unwrap();
        Self { client, jar, address, token: None }
    }

    /// Opens a URL that the user typed or pasted.
    pub async fn visit(&self, path: &str) -> Page {
        self.follow_link(path, &[("sec-fetch-site", "none")]).await
    }

    /// Follows a link; the headers say on which site it is.
    pub async fn follow_link(&self, path: &str, headers: &[(&str, &str)]) -> Page {
        let request = self.request(Method::GET, path);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        Page::of(request.send().await.unwrap()).await
    }

    /// Submits a form on a page of this site.
    pub async fn submit(&self, path: &str, form: &[(&str, &str)]) -> Page {
        let origin = format!("http://{}", self.address);
        Page::of(self.request(Method::POST, path).header(ORIGIN, origin).form(form).send().await.unwrap()).await
    }

    pub async fn log_in(&self, user_id: &str) -> Page {
        self.submit("/login", &[("userID", user_id), ("password", &password_of(user_id))]).await.is(303)
    }

    /// Makes a request that the other methods cannot.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, self.url(path)).header(ACCEPT, "text/html,application/xhtml+xml,*/*;q=0.8")
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The `Cookie` header of this browser's requests; empty without cookies.
    pub fn cookies(&self) -> String {
        let cookies = self.jar.cookies(&Url::parse(&self.url("/")).unwrap());
        cookies.map(|cookies| cookies.to_str().unwrap().to_owned()).unwrap_or_default()
    }

    /// Whether the chat page opens without a login.
    pub async fn is_signed_in(&self) -> bool {
        self.visit("/rooms/lobby").await.status == 200
    }
}
