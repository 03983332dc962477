use super::*;

fn connections(in_all: usize, of_one: usize) -> Arc<Connections> {
    Connections::new(Limits { in_all, of_one, streams: 1 }, vec!["10.0.0.1".parse().unwrap()], Arc::default())
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn yields(place: &Place) -> bool {
    place.connections.lock().all.get(&place.number).is_some_and(|connection| connection.is_yielding)
}

#[test]
fn whoever_has_most_that_wait_makes_room() {
    let connections = connections(4, 3);
    let honest = connections.admit(ip("192.0.2.1")).unwrap();
    let strangers: Vec<_> = (0..3).map(|_| connections.admit(ip("192.0.2.2")).unwrap()).collect();
    let newest = connections.admit(ip("192.0.2.3")).unwrap();
    assert_eq!(strangers.iter().filter(|place| yields(place)).count(), 1);
    assert!(!yields(&honest) && !yields(&newest));
}

#[test]
fn one_address_makes_room_among_its_own() {
    let connections = connections(10, 2);
    let other = connections.admit(ip("192.0.2.1")).unwrap();
    let own: Vec<_> = ["2001:db8::1", "2001:db8::2"].map(|text| connections.admit(ip(text)).unwrap()).into();
    let calls: Vec<_> = own.iter().map(|place| place.progress.begin()).collect();
    assert!(connections.admit(ip("2001:db8::3")).is_err(), "all of them work");
    assert!(connections.admit(ip("2001:db8:0:1::1")).is_ok());
    drop(calls);
    assert!(connections.admit(ip("2001:db8::3")).is_ok());
    assert_eq!(own.iter().filter(|place| yields(place)).count(), 1);
    assert!(!yields(&other));
}

#[test]
fn a_call_that_works_and_a_proxy_stay() {
    let connections = connections(3, 1);
    let proxied: Vec<_> = (0..2).map(|_| connections.admit(ip("10.0.0.1")).unwrap()).collect();
    let working = connections.admit(ip("192.0.2.1")).unwrap();
    let call = working.progress.begin();
    assert!(connections.admit(ip("192.0.2.2")).is_err());
    drop(call);
    assert!(connections.admit(ip("192.0.2.2")).is_ok());
    assert!(yields(&working) && !proxied.iter().any(yields));
}

#[test]
fn a_closed_connection_makes_room() {
    let connections = connections(1, 1);
    let first = connections.admit(ip("192.0.2.1")).unwrap();
    let _call = first.progress.begin();
    assert!(connections.admit(ip("192.0.2.2")).is_err());
    drop(first);
    assert!(connections.admit(ip("192.0.2.2")).is_ok());
}
