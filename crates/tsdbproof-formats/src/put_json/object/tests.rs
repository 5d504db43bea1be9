//! Each kind of object, and each fault.

use ProblemKind::*;

use tsdbproof_core::Value;

use super::*;

fn fault(text: &str) -> Fault {
    judge(text.as_bytes()).expect_err(text)
}

fn one(text: &str) -> One<'_> {
    match judge(text.as_bytes()) {
        Ok(Found::One(one)) => one,
        other => panic!("{text}: {other:?}"),
    }
}

/// An object of one point whose fields are as usual but for one.
fn with(field: &str, raw: &str) -> String {
    let usual = [("metric", "\"m\""), ("timestamp", "1700000000"), ("value", "5"), ("tags", TAGS)];
    let fields = usual
        .map(|(name, usual)| format!("\"{name}\":{}", if name == field { raw } else { usual }));
    format!("{{{}}}", fields.join(","))
}

const TAGS: &str = r#"{"a":"1"}"#;

#[test]
fn one_point_has_many_spellings() {
    for text in [
        r#"{"metric":"m","timestamp":1700000000,"value":5,"tags":{"a":"1"}}"#,
        r#"{ "tags" : { "a" : "1" , "a" : "1" } , "value" : "5" , "timestamp" : "1700000000" , "metric" : "m" }"#,
        r#"{"metric":"\u006d","timestamp":1700000000000,"value":5.0,"tags":{"\u0061":"\u0031"}}"#,
        r#"{"m\u0065tric":"m","timestamp":1.7e9,"value":0.5E+1,"tags":{"a":1},"more":[{"metric":"x"}]}"#,
        r#"{"metric":"m","timestamp":1700000000.000,"value":"+5","value":"+5","tags":{"a":"1"}}"#,
        r#"{"metric":"m","timestamp":170000000000e-2,"value":5,"tags":{"a":"1"},"dps":{}}"#,
    ] {
        let found = one(text);
        assert_eq!((found.metric.as_ref(), found.tags.as_str()), ("m", "a=1"), "{text}");
        let point = Point { timestamp_ms: 1_700_000_000_000, value: Value::integer(5) };
        assert_eq!(found.point, point, "{text}");
        assert_eq!(found.is_plain, !text.contains(r#""value":"+5","value""#), "{text}");
    }
}

#[test]
fn names_are_any_text_without_control_characters() {
    let tags = |raw: &str| one(&with("tags", raw)).tags.as_str().to_owned();
    assert_eq!(tags(r#"{"a":true,"b":1.50,"c d":"x=y"}"#), r"a=true,b=1.50,c d=x\=y");
    assert_eq!(tags(r#"{"a":"\ud83d\ude00 größe \/"}"#), "a=😀 größe /");
    assert_eq!(one(&with("metric", "5e1")).metric, "5e1");
}

#[test]
fn numbers_are_read_from_their_text() {
    let value = |raw: &str| one(&with("value", raw)).point.value;
    assert_eq!(value("9007199254740993"), Value::integer(9_007_199_254_740_993));
    assert_eq!(value("\"-9223372036854775808\""), Value::integer(i64::MIN));
    assert_eq!(value("1e300"), Value::float(1e300));
    assert_eq!(value("\".5\""), Value::float(0.5));
    assert_eq!(value("-0.0"), Value::integer(0));
    let time = |raw: &str| one(&with("timestamp", raw)).point.timestamp_ms;
    assert_eq!(time("0"), 0);
    assert_eq!(time("0.0e99999999999999999999"), 0);
    assert_eq!(time("4294967296"), 4_294_967_296);
    assert_eq!(time("1700000000123.0"), 1_700_000_000_123);
    assert_eq!(time("0.017e11"), 1_700_000_000_000);
}

#[test]
fn each_fault_of_a_point_has_its_kind() {
    for (field, raw, kind) in [
        ("metric", "\"\"", MissingField),
        ("metric", "null", MissingField),
        ("metric", "{}", MissingField),
        ("metric", "\"a\\u0000\"", BadCharacter),
        ("metric", "\"a\u{7f}\"", BadCharacter),
        ("metric", "\"\\ud83d\"", BadCharacter),
        ("timestamp", "null", BadTime),
        ("timestamp", "true", BadTime),
        ("timestamp", "[1]", BadTime),
        ("timestamp", "\"\"", BadTime),
        ("timestamp", "\"1.7e9\"", BadTime),
        ("timestamp", "\" 1700000000\"", BadTime),
        ("timestamp", "1700000000.5", BadTime),
        ("timestamp", "1e-99999999999999999999", BadTime),
        ("timestamp", "-1", TimeOutOfRange),
        ("timestamp", "-1e9", TimeOutOfRange),
        ("timestamp", "4294967296000", TimeOutOfRange),
        ("timestamp", "1e18", TimeOutOfRange),
        ("timestamp", "1e99999999999999999999", TimeOutOfRange),
        ("value", "null", BadValue),
        ("value", "true", BadValue),
        ("value", "{}", BadValue),
        ("value", "[5]", BadValue),
        ("value", "\"\"", BadValue),
        ("value", "\"NaN\"", BadValue),
        ("value", "\"5 \"", BadValue),
        ("value", "9223372036854775808", ValueOutOfRange),
        ("value", "\"99999999999999999999\"", ValueOutOfRange),
        ("value", "1e999", ValueOutOfRange),
        ("tags", "{}", MissingTags),
        ("tags", "null", MissingTags),
        ("tags", "[]", BadTag),
        ("tags", "\"a=1\"", BadTag),
        ("tags", r#"{"":"1"}"#, BadTag),
        ("tags", r#"{"a":""}"#, BadTag),
        ("tags", r#"{"a":null}"#, BadTag),
        ("tags", r#"{"a":{"b":"1"}}"#, BadTag),
        ("tags", r#"{"a":"1","a":"2"}"#, TagContradiction),
        ("tags", r#"{"a":"1","\u0061":"2"}"#, TagContradiction),
    ] {
        assert_eq!(fault(&with(field, raw)).kind, kind, "{field}: {raw}");
    }
    for field in ["metric", "timestamp", "value"] {
        let text = with(field, "1").replace(&format!("\"{field}\":1"), "\"x\":1");
        let fault = fault(&text);
        assert_eq!(fault.kind, MissingField, "{text}");
        assert!(fault.what.starts_with(&format!("an object without `{field}`")), "{}", fault.what);
    }
    assert_eq!(fault(&with("tags", "1").replace("\"tags\":1", "\"x\":1")).kind, MissingTags);
}

#[test]
fn what_opentsdb_makes_of_a_cut_time_is_said() {
    let said = |raw: &str| fault(&with("timestamp", raw)).what;
    assert!(said("1700000000.9").ends_with("cuts it and would store 1700000000000 ms"));
    assert!(said("1700000000123.5").ends_with("cuts it and would store 1700000000123 ms"));
    assert!(!said("0.5").contains("store"));
}

#[test]
fn a_field_twice_is_a_problem_unless_it_is_the_same_text() {
    for more in
        [r#""value":6"#, r#""value":5.0"#, r#""\u0076alue":6"#, r#""tags":{}"#, r#""metric":"n""#]
    {
        let text = with("", "").replacen('{', &format!("{{{more},"), 1);
        assert_eq!(fault(&text).kind, RepeatedField, "{text}");
    }
    let text = with("", "").replacen('{', r#"{"value":5,"metrics":[],"#, 1);
    assert_eq!(fault(&text).kind, RepeatedField, "{text}");
}

#[test]
fn parallel_arrays_hold_a_point_for_each_pair() {
    let text = r#"{"metrics":["a","b","a"],"timestamp":1700000000,"tags":{"h":"1"},"values":[1,"2.5",[]]}"#;
    let Ok(Found::Many(many)) = judge(text.as_bytes()) else { panic!("{text}") };
    assert_eq!(many.tags.as_str(), "h=1");
    let found: Vec<_> = many
        .pairs
        .iter()
        .map(|pair| match pair {
            Ok((metric, point)) => (metric.as_ref(), Ok(point.value)),
            Err(fault) => ("", Err(fault.kind)),
        })
        .collect();
    let expected =
        [("a", Ok(Value::integer(1))), ("b", Ok(Value::float(2.5))), ("", Err(BadValue))];
    assert_eq!(found, expected);
    for (text, kind) in [
        (r#"{"metrics":["a"],"timestamp":1,"tags":{"h":"1"},"values":[1,2]}"#, UnequalArrays),
        (r#"{"metrics":["a"],"timestamp":1,"tags":{"h":"1"}}"#, MissingField),
        (r#"{"metrics":"a","timestamp":1,"tags":{"h":"1"},"values":[1]}"#, MissingField),
        (r#"{"metrics":["a"],"timestamp":1,"tags":{},"values":[1]}"#, MissingTags),
        (r#"{"metrics":["a"],"tags":{"h":"1"},"values":[1]}"#, MissingField),
    ] {
        assert_eq!(fault(text).kind, kind, "{text}");
    }
}

#[test]
fn what_opentsdb_answers_is_named() {
    for (text, name) in [
        (r#"{"failed":0,"success":2}"#, "an answer of /api/put"),
        (
            r#"{"success":1,"failed":1,"errors":[{"error":"x","datapoint":{}}]}"#,
            "an answer of /api/put",
        ),
        (r#"{"error":{"code":400,"message":"x"}}"#, "an error that OpenTSDB answered"),
        (r#"{"metric":"m","tags":{},"aggregateTags":[],"dps":{"1":2}}"#, "an answer of /api/query"),
        ("null", "no object"),
        ("5", "no object"),
        ("\"a\"", "no object"),
    ] {
        let fault = fault(text);
        assert_eq!(fault.kind, NoPoints, "{text}");
        assert!(fault.what.starts_with(name), "{}", fault.what);
    }
    assert_eq!(fault("{}").kind, MissingField);
}
