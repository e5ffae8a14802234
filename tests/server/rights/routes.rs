//! Every route of natter, read from the router itself.

use std::collections::BTreeMap;

/// Method and path of each route. The router shows them in its debug output, which is the only list of them that it
/// gives.
pub fn all_routes() -> Vec<(String, String)> {
    parse(&format!("{:?}", natter::app::routes::all()))
}

fn parse(router: &str) -> Vec<(String, String)> {
    // the fallback numbers its routes anew
    let router = router.split("fallback_router").next().unwrap_or_default();
    // RouteId(1): MethodRouter(MethodRouter { get: BoxedHandler, head: None, …, fallback: … })
    let methods: BTreeMap<&str, Vec<String>> = router
        .split("RouteId(")
        .filter_map(|part| part.split_once("): MethodRouter(MethodRouter { "))
        .map(|(id, fields)| {
            let fields = fields.split(", fallback").next().unwrap_or_default().split(", ");
            let handled = fields.filter_map(|field| field.split_once(": ")).filter(|(_, handler)| *handler != "None");
            (id, handled.map(|(method, _)| method.to_uppercase()).collect())
        })
        .collect();
    // RouteId(1): "/path"
    let paths = router.split("RouteId(").filter_map(|part| part.split_once("): \""));
    let routes = paths.flat_map(|(id, rest)| {
        let path = rest.split('"').next().unwrap_or_default();
        let methods = methods.get(id).into_iter().flatten();
        methods.map(|method| (method.clone(), path.to_owned())).collect::<Vec<_>>()
    });
    let mut routes: Vec<_> = routes.filter(|(_, path)| !path.contains("__private")).collect();
    routes.sort();
    routes
}

#[test]
fn the_router_lists_its_routes() {
    let routes = all_routes();
    for (method, path) in [
        ("GET", "/rooms/{room}/settings"),
        ("POST", "/rooms/{room}/settings"),
        ("PUT", "/api/rooms/{room}/members/{userID}"),
        ("DELETE", "/api/rooms/{room}/members/{userID}"),
        ("GET", "/ws"),
        ("POST", "/logout"),
        ("GET", "/healthz"),
    ] {
        assert!(routes.contains(&(method.to_owned(), path.to_owned())), "{method} {path} in {routes:?}");
    }
    assert!(!routes.contains(&("POST".to_owned(), "/people".to_owned())));
    assert!(routes.len() > 60, "{routes:?}");
}

#[test]
fn a_path_has_the_methods_of_its_own_number() {
    let router = r#"Router { path_router: PathRouter { routes: {
        RouteId(1): MethodRouter(MethodRouter { get: None, post: BoxedHandler, fallback: Default(Route) }),
        RouteId(2): MethodRouter(MethodRouter { get: BoxedHandler, post: None, fallback: Default(Route) })},
        node: Node { paths: {RouteId(1): "/a", RouteId(2): "/"} } },
        fallback_router: PathRouter { routes: {RouteId(1): Route(Route)}, node: Node { paths: {RouteId(1): "/"} } } }"#;
    let route = |method: &str, path: &str| (method.to_owned(), path.to_owned());
    assert_eq!(parse(router), [route("GET", "/"), route("POST", "/a")]);
}
