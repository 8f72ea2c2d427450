//! One operation of the table: a method of a path, and all that is said of it.

use serde_json::Value;
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};

use super::access::Access;

/// How a type's schema is made: by what name others refer to it, itself, and what it refers to.
#[derive(Clone, Copy)]
pub(in crate::web) struct Shape {
    pub(in crate::web) name: fn() -> std::borrow::Cow<'static, str>,
    pub(in crate::web) schema: fn() -> RefOr<Schema>,
    pub(in crate::web) others: fn(&mut Vec<(String, RefOr<Schema>)>),
}

impl Shape {
    pub(in crate::web) fn of<T: ToSchema>() -> Self {
        Self { name: T::name, schema: T::schema, others: T::schemas }
    }
}

/// What a request carries.
pub(in crate::web) struct Body {
    pub(in crate::web) shape: Shape,
    pub(in crate::web) media_type: &'static str,
    pub(in crate::web) is_needed: bool,
    /// The members of the type that programs may send, where it has others that only pages send. Empty: all.
    pub(in crate::web) only: &'static [&'static str],
}

/// An answer other than an error.
pub(in crate::web) struct Answer {
    pub(in crate::web) status: u16,
    pub(in crate::web) text: &'static str,
    pub(in crate::web) contents: Vec<(&'static str, Content)>,
    pub(in crate::web) headers: &'static [&'static str],
    /// What it is to the operation's example.
    pub(in crate::web) example: Option<Value>,
}

pub(in crate::web) enum Content {
    /// One of these.
    Json(Vec<Shape>),
    Text,
}

pub(in crate::web) struct Operation {
    pub(in crate::web) method: &'static str,
    pub(in crate::web) path: &'static str,
    pub(in crate::web) id: &'static str,
    pub(in crate::web) summary: &'static str,
    /// What there is to know besides. Empty: nothing.
    pub(in crate::web) more: &'static str,
    pub(in crate::web) access: Access,
    /// The type of the query, and which of its fields count.
    pub(in crate::web) query: Vec<(Shape, &'static [&'static str])>,
    pub(in crate::web) body: Option<Body>,
    pub(in crate::web) answers: Vec<Answer>,
    /// The statuses of the errors that not every operation of its kind can answer with.
    pub(in crate::web) errors: &'static [u16],
    /// Whether apps ask, whose errors are told as OAuth tells them.
    pub(in crate::web) is_for_apps: bool,
    /// Whether the path serves browsers, too: then the same request with `Accept: text/html` is answered with a page.
    pub(in crate::web) serves_browsers: bool,
    /// Whether the route stands outside the scope of the pages, where any host may be asked for.
    pub(in crate::web) is_outside_pages: bool,
    /// Whether it answers during the start, too.
    pub(in crate::web) is_open_from_the_start: bool,
    /// A body that is good. `None`: there is none, or one without members.
    pub(in crate::web) example: Option<Value>,
}

pub(in crate::web) fn get(path: &'static str, id: &'static str, summary: &'static str) -> Operation {
    operation("get", path, id, summary)
}

pub(in crate::web) fn post(path: &'static str, id: &'static str, summary: &'static str) -> Operation {
    operation("post", path, id, summary)
}

pub(in crate::web) fn delete(path: &'static str, id: &'static str, summary: &'static str) -> Operation {
    operation("delete", path, id, summary)
}

fn operation(method: &'static str, path: &'static str, id: &'static str, summary: &'static str) -> Operation {
    Operation {
        method,
        path,
        id,
        summary,
        more: "",
        access: Access::ANYONE,
        query: Vec::new(),
        body: None,
        answers: Vec::new(),
        errors: &[],
        is_for_apps: false,
        serves_browsers: false,
        is_outside_pages: false,
        is_open_from_the_start: false,
        example: None,
    }
}

const JSON: &str = "application/json";

impl Operation {
    pub(in crate::web) fn by(self, access: Access) -> Self {
        Self { access, ..self }
    }

    pub(in crate::web) fn more(self, more: &'static str) -> Self {
        Self { more, ..self }
    }

    pub(in crate::web) fn query<T: ToSchema>(mut self, fields: &'static [&'static str]) -> Self {
        self.query.push((Shape::of::<T>(), fields));
        self
    }

    /// Takes a JSON object, and needs it.
    pub(in crate::web) fn takes<T: ToSchema>(self) -> Self {
        self.takes_only::<T>(&[])
    }

    /// The same with only some of the type's members.
    pub(in crate::web) fn takes_only<T: ToSchema>(self, only: &'static [&'static str]) -> Self {
        Self { body: Some(Body { shape: Shape::of::<T>(), media_type: JSON, is_needed: true, only }), ..self }
    }

    /// Takes a JSON object, or no body at all.
    pub(in crate::web) fn may_take<T: ToSchema>(self, only: &'static [&'static str]) -> Self {
        Self { body: Some(Body { shape: Shape::of::<T>(), media_type: JSON, is_needed: false, only }), ..self }
    }

    pub(in crate::web) fn takes_form<T: ToSchema>(self) -> Self {
        let media_type = "application/x-www-form-urlencoded";
        Self { body: Some(Body { shape: Shape::of::<T>(), media_type, is_needed: true, only: &[] }), ..self }
    }

    pub(in crate::web) fn may_take_form<T: ToSchema>(self) -> Self {
        let body = self.takes_form::<T>();
        Self { body: body.body.map(|body| Body { is_needed: false, ..body }), ..body }
    }

    pub(in crate::web) fn example(self, example: Value) -> Self {
        Self { example: Some(example), ..self }
    }

    pub(in crate::web) fn answers<T: ToSchema>(self, status: u16, text: &'static str) -> Self {
        self.answers_one_of(status, text, vec![Shape::of::<T>()])
    }

    pub(in crate::web) fn answers_one_of(self, status: u16, text: &'static str, shapes: Vec<Shape>) -> Self {
        self.with(Answer { status, text, contents: vec![(JSON, Content::Json(shapes))], headers: &[], example: None })
    }

    /// Answers with JSON of a media type of its own.
    pub(in crate::web) fn answers_as<T: ToSchema>(self, media_type: &'static str, text: &'static str) -> Self {
        let contents = vec![(media_type, Content::Json(vec![Shape::of::<T>()]))];
        self.with(Answer { status: 200, text, contents, headers: &[], example: None })
    }

    /// Answers with a text, as one of these media types.
    pub(in crate::web) fn answers_text(self, media_types: &[&'static str], text: &'static str) -> Self {
        let contents = media_types.iter().map(|media_type| (*media_type, Content::Text)).collect();
        self.with(Answer { status: 200, text, contents, headers: &[], example: None })
    }

    /// Answers without a body.
    pub(in crate::web) fn answers_nothing(self, status: u16, text: &'static str) -> Self {
        self.with(Answer { status, text, contents: Vec::new(), headers: &[], example: None })
    }

    fn with(mut self, answer: Answer) -> Self {
        self.answers.push(answer);
        self
    }

    /// The newest answer has these headers, too.
    pub(in crate::web) fn headers(mut self, headers: &'static [&'static str]) -> Self {
        if let Some(answer) = self.answers.last_mut() {
            answer.headers = headers;
        }
        self
    }

    /// The newest answer is this to the operation's example, but for what is another each time.
    pub(in crate::web) fn such_as(mut self, example: Value) -> Self {
        if let Some(answer) = self.answers.last_mut() {
            answer.example = Some(example);
        }
        self
    }

    pub(in crate::web) fn errors(self, errors: &'static [u16]) -> Self {
        Self { errors, ..self }
    }

    pub(in crate::web) fn for_apps(self) -> Self {
        Self { is_for_apps: true, is_outside_pages: true, ..self }
    }

    pub(in crate::web) fn outside_pages(self) -> Self {
        Self { is_outside_pages: true, ..self }
    }

    pub(in crate::web) fn and_browsers(self) -> Self {
        Self { serves_browsers: true, ..self }
    }

    pub(in crate::web) fn open_from_the_start(self) -> Self {
        Self { is_open_from_the_start: true, is_outside_pages: true, ..self }
    }

    /// The names of what stands in braces in the path.
    pub(in crate::web) fn path_names(&self) -> impl Iterator<Item = &'static str> {
        self.path.split('{').skip(1).filter_map(|rest| rest.split('}').next())
    }
}
