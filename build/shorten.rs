//! Takes out of htmx what the pages do not use. An expression becomes what it always is there, and the minifier drops
//! what depends on it.

use oxc_allocator::Allocator;
use oxc_ast::{ast::*, builder::AstBuilder};
use oxc_ast_visit::{VisitMut, walk_mut};
use oxc_codegen::Codegen;
use oxc_span::SPAN;

use super::parse;

/// What the pages do not use: names, separated by white space.
pub struct Unused {
    /// Functions and methods: a call is `undefined`. A method is `object.method`, or `method` of `this` and of `api`, which
    /// extensions have.
    pub calls: &'static str,
    /// Values, or the words that they begin with: nothing is equal to one.
    pub values: &'static str,
    /// `object.property` that is absent, or a setting that is `false`, zero or empty: it is `undefined`.
    pub properties: &'static str,
}

/// Names, and whether the script has them.
struct Names(Vec<(&'static str, bool)>);

impl Names {
    fn of(unused: &[&Unused], list: impl Fn(&Unused) -> &'static str) -> Self {
        Self(unused.iter().flat_map(|unused| list(unused).split_whitespace()).map(|name| (name, false)).collect())
    }

    fn have(&mut self, name: &str) -> bool {
        self.0.iter_mut().find(|(one, _)| *one == name).map(|(_, seen)| *seen = true).is_some()
    }
}

struct Shorten<'a> {
    calls: Names,
    values: Names,
    properties: Names,
    builder: AstBuilder<'a>,
}

/// Returns the script without what is unused. Panics if it does not have one of the names.
pub fn shorten(script: &str, unused: &[&Unused]) -> String {
    let allocator = Allocator::default();
    let mut program = parse(&allocator, script);
    let mut shorten = Shorten {
        calls: Names::of(unused, |unused| unused.calls),
        values: Names::of(unused, |unused| unused.values),
        properties: Names::of(unused, |unused| unused.properties),
        builder: AstBuilder::new(&allocator),
    };
    shorten.visit_program(&mut program);
    let Shorten { calls, values, properties, .. } = shorten;
    let unknown: Vec<_> = [calls.0, values.0, properties.0].concat().into_iter().filter(|(_, seen)| !seen).collect();
    assert!(unknown.is_empty(), "htmx has none of {unknown:?}");
    Codegen::new().build(&program).code
}

/// `member` of `object.member`.
fn member_of<'e>(expression: &'e Expression) -> Option<&'e str> {
    Some(match expression {
        Expression::Identifier(name) => &name.name,
        Expression::PrivateFieldExpression(member) => &member.field.name,
        Expression::StaticMemberExpression(member) => &member.property.name,
        Expression::NewExpression(made) => member_of(&made.callee)?,
        _ => return None,
    })
}

fn name_of(callee: &Expression) -> Option<String> {
    let member = member_of(callee)?;
    let object = match callee {
        Expression::PrivateFieldExpression(callee) => &callee.object,
        Expression::StaticMemberExpression(callee) => &callee.object,
        _ => return Some(member.to_owned()),
    };
    let is_own = matches!(object, Expression::ThisExpression(_)) || object.is_specific_id("api");
    if is_own { Some(member.to_owned()) } else { Some(format!("{}.{member}", member_of(object)?)) }
}

impl<'a> Shorten<'a> {
    fn undefined(&self) -> Expression<'a> {
        Expression::new_void_0(SPAN, &self.builder)
    }

    fn of_call(&mut self, call: &CallExpression<'a>) -> Option<Expression<'a>> {
        let name = name_of(&call.callee)?;
        if self.calls.have(&name) {
            return Some(self.undefined());
        }
        let Some(Argument::StringLiteral(value)) = call.arguments.first() else { return None };
        let is_unused = name.ends_with(".startsWith") && self.values.have(value.value.trim_end());
        is_unused.then(|| Expression::new_boolean_literal(SPAN, false, &self.builder))
    }

    fn of_comparison(&mut self, comparison: &BinaryExpression<'a>) -> Option<Expression<'a>> {
        let Expression::StringLiteral(value) = &comparison.right else { return None };
        let is_different = comparison.operator == BinaryOperator::StrictInequality;
        let is_unused = comparison.operator.is_equality() && self.values.have(&value.value);
        is_unused.then(|| Expression::new_boolean_literal(SPAN, is_different, &self.builder))
    }

    fn of_member(&mut self, member: &StaticMemberExpression<'a>) -> Option<Expression<'a>> {
        let name = format!("{}.{}", member_of(&member.object)?, member.property.name);
        self.properties.have(&name).then(|| self.undefined())
    }

    /// Drops them from the object that `owner` is set to.
    fn drop_properties(&mut self, owner: &str, value: Option<&mut Expression<'a>>) {
        let Some(Expression::ObjectExpression(object)) = value else { return };
        object.properties.retain(|property| match property {
            ObjectPropertyKind::ObjectProperty(property) => {
                property.key.static_name().is_none_or(|key| !self.properties.have(&format!("{owner}.{key}")))
            }
            ObjectPropertyKind::SpreadProperty(_) => true,
        });
    }
}

impl<'a> VisitMut<'a> for Shorten<'a> {
    fn visit_expression(&mut self, expression: &mut Expression<'a>) {
        walk_mut::walk_expression(self, expression);
        let always = match expression {
            Expression::CallExpression(call) => self.of_call(call),
            Expression::BinaryExpression(comparison) => self.of_comparison(comparison),
            Expression::StaticMemberExpression(member) => self.of_member(member),
            Expression::ChainExpression(chain) => match &chain.expression {
                ChainElement::StaticMemberExpression(member) => self.of_member(member),
                _ => None,
            },
            _ => None,
        };
        if let Some(always) = always {
            *expression = always;
        }
    }

    fn visit_variable_declarator(&mut self, variable: &mut VariableDeclarator<'a>) {
        if let Some(name) = variable.id.get_identifier_name() {
            self.drop_properties(&name, variable.init.as_mut());
        }
        walk_mut::walk_variable_declarator(self, variable);
    }

    fn visit_assignment_expression(&mut self, assignment: &mut AssignmentExpression<'a>) {
        match &assignment.left {
            AssignmentTarget::StaticMemberExpression(member) => {
                self.drop_properties(&member.property.name, Some(&mut assignment.right));
            }
            AssignmentTarget::PrivateFieldExpression(member) => {
                self.drop_properties(&member.field.name, Some(&mut assignment.right));
            }
            _ => {}
        }
        walk_mut::walk_assignment_expression(self, assignment);
    }

    fn visit_class_body(&mut self, class: &mut ClassBody<'a>) {
        class.body.retain(|element| match element.property_key() {
            Some(PropertyKey::StaticIdentifier(name)) => !self.calls.have(&name.name),
            Some(PropertyKey::PrivateIdentifier(name)) => {
                self.calls.have(&name.name);
                true // the minifier drops it if nothing uses it
            }
            _ => true,
        });
        walk_mut::walk_class_body(self, class);
    }

    fn visit_statement(&mut self, statement: &mut Statement<'a>) {
        if let Statement::FunctionDeclaration(function) = statement {
            self.calls.have(&function.name().expect("a declaration has a name")); // as a private method
        }
        walk_mut::walk_statement(self, statement);
    }
}
