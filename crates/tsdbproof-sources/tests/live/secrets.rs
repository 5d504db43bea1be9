//! Who asks is told to the server, and to nobody else.

use crate::{
    fake::{Fake, Reply, points},
    jobs::{Job, POINTS},
};

const SECRET: &str = "hunter2";

#[test]
fn credentials_come_with_every_request() {
    let fake = Fake::start(points(POINTS), |request, _| {
        let is_told = request.header("authorization") == Some("Bearer hunter2")
            && request.header("x-tenant") == Some("blue");
        (!is_told).then(|| Reply::Answer(401, String::new()))
    });
    let job = Job { credentials: "bearer hunter2\nheader X-Tenant: blue", ..Job::default() };
    let report = job.diff(POINTS, &fake.url).unwrap();
    assert!(!format!("{report:?}").contains(SECRET));
    assert!(Job::default().diff(POINTS, &fake.url).is_err());
}

#[test]
fn no_error_shows_a_secret() {
    for status in [401, 403, 404, 500] {
        let fake =
            Fake::start(points(POINTS), move |_, _| Some(Reply::Answer(status, String::new())));
        let job = Job { credentials: "basic me:hunter2", metric: Some("a"), ..Job::default() };
        if status != 500 {
            let error = job.diff(POINTS, &fake.url).unwrap_err();
            assert!(!format!("{error} {error:?}").contains(SECRET));
        }
    }
}
