//! JUnit's XML, as pipelines of GitLab, Jenkins, Azure and GitHub's actions read it.
//!
//! A suite is the job; a case is its verdict, each side, each metric that was compared, or what a
//! check looks for. A suite without failures and errors is one that ended with exit code 0.

use quick_xml::{
    Writer,
    events::{BytesDecl, BytesText, Event},
};

use super::{
    Whole,
    cases::{Case, End, cases},
    text::unlimited,
    worst::Worst,
};
use crate::report::{ComparedMetric, Difference, Differences, Finding, Findings, Report};

/// Takes the differences of a job, and gives the XML.
#[derive(Debug)]
pub struct Junit {
    metrics: Vec<ComparedMetric>,
    worst: Worst,
}

impl Junit {
    /// With so many differences of each failed metric, of twice as many metrics; 0 for all.
    pub fn new(limit: usize) -> Self {
        Junit { metrics: Vec::new(), worst: Worst::new(unlimited(limit)) }
    }
}

impl Differences for Junit {
    fn difference(&mut self, difference: &Difference) {
        self.worst.push(difference);
    }

    fn metric(&mut self, metric: &ComparedMetric) {
        self.metrics.push(metric.clone());
    }
}

impl Findings for Junit {
    fn finding(&mut self, _: &Finding) {}
}

impl Whole for Junit {
    fn finish(self: Box<Self>, report: &Report) -> String {
        let cases = cases(report, &self.metrics, self.worst);
        let mut xml = Writer::new_with_indent(Vec::new(), b' ', 2);
        // Memory takes all.
        let _ = write(&mut xml, report, &cases);
        let mut text = String::from_utf8_lossy(&xml.into_inner()).into_owned();
        text.push('\n');
        text
    }
}

fn write(xml: &mut Writer<Vec<u8>>, report: &Report, cases: &[Case]) -> Result<(), std::io::Error> {
    let count = |is: fn(&End) -> bool| cases.iter().filter(|it| is(&it.end)).count().to_string();
    let totals = [
        ("name", format!("tsdbproof {}", report.job.name())),
        ("tests", cases.len().to_string()),
        ("failures", count(|end| matches!(end, End::Failed(_)))),
        ("errors", count(|end| matches!(end, End::Open(_)))),
    ];
    let attributes = || totals.iter().map(|(name, value)| (*name, value.as_str()));
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    xml.create_element("testsuites").with_attributes(attributes()).write_inner_content(|xml| {
        xml.create_element("testsuite")
            .with_attributes(attributes())
            .write_inner_content(|xml| cases.iter().try_for_each(|case| write_case(xml, case)))?;
        Ok(())
    })?;
    Ok(())
}

fn write_case(xml: &mut Writer<Vec<u8>>, case: &Case) -> Result<(), std::io::Error> {
    let group = format!("tsdbproof.{}", case.group);
    let element = xml
        .create_element("testcase")
        .with_attributes([("classname", group.as_str()), ("name", case.name.as_str())]);
    let lines = case.lines.join("\n");
    let (tag, why) = match &case.end {
        End::Passed => ("system-out", None),
        End::Failed(why) => ("failure", Some(why)),
        End::Open(why) => ("error", Some(why)),
    };
    element.write_inner_content(|xml| {
        let mut element = xml.create_element(tag);
        if let Some(why) = why {
            let kind = if tag == "failure" { "different" } else { "incomplete" };
            element = element.with_attributes([("message", why.as_str()), ("type", kind)]);
        }
        element.write_text_content(BytesText::new(&lines))?;
        Ok(())
    })?;
    Ok(())
}
