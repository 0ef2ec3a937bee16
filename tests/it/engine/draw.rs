//! Random requests, from a seed.

use std::collections::BTreeMap;

use engine::{IndexSchema, KeySchema, KeyType, TableSchema};
use fastrand::Rng;
use serde_json::{Map, Value, json};

/// Attributes that are no keys.
const ATTRIBUTES: &[&str] = &["alpha", "beta", "gamma", "openedAt", "ttl"];
/// One request of this many has a fault on purpose.
const FAULT_OF: usize = 12;

/// Where an expression is: DynamoDB checks some operands in writes of one item only, and so does the oracle.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Single,
    Elsewhere,
}

/// A source of requests.
pub(super) struct Draw {
    rng: Rng,
    tables: Vec<TableSchema>,
    tokens: Vec<Value>,
}

/// The placeholders of an expression as it is made.
#[derive(Default)]
struct Placeholders {
    names: Map<String, Value>,
    values: Map<String, Value>,
}

impl Draw {
    pub(super) fn new(seed: u64, tables: Vec<TableSchema>) -> Self {
        Self { rng: Rng::with_seed(seed), tables, tokens: Vec::new() }
    }

    fn one<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.rng.usize(..of.len())]
    }

    fn chance(&mut self, of: usize) -> bool {
        self.rng.usize(..of) == 0
    }

    fn table(&mut self) -> TableSchema {
        let at = self.rng.usize(..self.tables.len());
        self.tables[at].clone()
    }

    /// A request: the operation and the body.
    pub(super) fn request(&mut self) -> (&'static str, Value) {
        let table = self.table();
        let (operation, mut body) = match self.rng.usize(..20) {
            0..4 => ("PutItem", self.put(&table)),
            4..9 => ("UpdateItem", self.update(&table, Place::Single)),
            9 => ("DeleteItem", self.delete(&table)),
            10 => ("GetItem", self.get(&table)),
            11 => ("BatchGetItem", self.batch_get()),
            12 => ("BatchWriteItem", self.batch_write()),
            13 => ("Scan", self.scan(&table)),
            14..17 => ("Query", self.query(&table)),
            _ => ("TransactWriteItems", self.transaction()),
        };
        if !self.chance(3) {
            body["ReturnConsumedCapacity"] = self.one(&["TOTAL", "INDEXES", "NONE"]).into();
        }
        (operation, body)
    }

    fn key_value(&mut self, of: KeyType) -> Value {
        match of {
            KeyType::Text => json!({"S": self.one(&["a", "ab", "b", "bé", "profile", "socket#1", "socket#2"])}),
            KeyType::Number => json!({"N": self.one(&["0", "1", "2", "10", "-1", "-2.5", "1.50", "1e3"])}),
            KeyType::Binary => json!({"B": self.one(&["AA==", "AAE=", "AQ==", "/w==", "//8="])}),
        }
    }

    /// A key, which is seldom wrong.
    fn key(&mut self, table: &TableSchema) -> Map<String, Value> {
        let names: Vec<String> = [&table.key.partition].into_iter().chain(&table.key.sort).cloned().collect();
        let mut key = Map::new();
        for name in &names {
            key.insert(name.clone(), self.key_value(table.attributes[name]));
        }
        if self.chance(4 * FAULT_OF) {
            match self.rng.usize(..4) {
                0 => drop(key.remove(&names[0])),
                1 => drop(key.insert("alpha".to_owned(), json!({"S": "x"}))),
                2 => drop(key.insert(names[0].clone(), json!({"BOOL": true}))),
                _ => drop(key.insert(names[names.len() - 1].clone(), json!({"S": ""}))),
            }
        }
        key
    }

    fn value(&mut self, depth: usize) -> Value {
        let kinds = if depth > 2 { 8 } else { 10 };
        match self.rng.usize(..kinds) {
            0 | 1 => json!({"S": self.one(&["", "a", "ab", "hello", "é"])}),
            2 | 3 => {
                json!({"N": self.one(&["0", "1", "-1", "2.50", "99999999999999999999999999999999999999", "1e20"])})
            }
            4 => json!({"BOOL": self.rng.bool()}),
            5 => self.one(&[json!({"NULL": true}), json!({"B": "AQI="})].each_ref()).clone(),
            6 => json!({"SS": self.some(&["a", "b", "c"])}),
            7 => self
                .one(&[json!({"NS": ["1", "2"]}), json!({"NS": ["2", "-3"]}), json!({"BS": ["AQ=="]})].each_ref())
                .clone(),
            8 => json!({"L": (0..self.rng.usize(..4)).map(|_| self.value(depth + 1)).collect::<Vec<_>>()}),
            _ => {
                let names = self.some(&["alpha", "beta", "gamma"]);
                json!({"M": names.into_iter().map(|name| (name, self.value(depth + 1))).collect::<Map<_, _>>()})
            }
        }
    }

    /// Some of these texts, at least one.
    fn some(&mut self, of: &[&str]) -> Vec<String> {
        let mut some: Vec<String> = of.iter().filter(|_| self.rng.bool()).map(|one| (*one).to_owned()).collect();
        if some.is_empty() {
            some.push(self.one(of).to_owned());
        }
        some
    }

    /// An item, some of whose attributes are keys of indexes.
    fn item(&mut self, table: &TableSchema) -> Map<String, Value> {
        let mut item = Map::new();
        for name in self.some(ATTRIBUTES) {
            item.insert(name, self.value(0));
        }
        for (name, of) in &table.attributes {
            if self.rng.bool() {
                let value = if self.chance(2 * FAULT_OF) { self.value(1) } else { self.key_value(*of) };
                item.insert(name.clone(), value);
            }
        }
        item.extend(self.key(table));
        item
    }

    fn finish(&mut self, body: &mut Value, mut placeholders: Placeholders) {
        if self.chance(5 * FAULT_OF) {
            placeholders.values.insert(":unused".to_owned(), json!({"N": "1"}));
        }
        if self.chance(5 * FAULT_OF) {
            placeholders.names.insert("#unused".to_owned(), json!("alpha"));
        }
        for (parameter, map) in
            [("ExpressionAttributeNames", placeholders.names), ("ExpressionAttributeValues", placeholders.values)]
        {
            if !map.is_empty() {
                body[parameter] = map.into();
            }
        }
    }

    fn put(&mut self, table: &TableSchema) -> Value {
        let mut body = json!({"TableName": table.name, "Item": self.item(table)});
        let mut placeholders = Placeholders::default();
        self.condition_of(&mut body, &mut placeholders, Place::Single);
        if self.chance(2) {
            body["ReturnValues"] = self.one(&["NONE", "ALL_OLD", "ALL_OLD", "ALL_NEW"]).into();
        }
        self.finish(&mut body, placeholders);
        body
    }

    fn delete(&mut self, table: &TableSchema) -> Value {
        let mut body = json!({"TableName": table.name, "Key": self.key(table)});
        let mut placeholders = Placeholders::default();
        self.condition_of(&mut body, &mut placeholders, Place::Single);
        body["ReturnValues"] = self.one(&["NONE", "ALL_OLD"]).into();
        self.finish(&mut body, placeholders);
        body
    }

    fn update(&mut self, table: &TableSchema, place: Place) -> Value {
        let mut body = json!({"TableName": table.name, "Key": self.key(table)});
        let mut placeholders = Placeholders::default();
        self.condition_of(&mut body, &mut placeholders, place);
        body["UpdateExpression"] = self.update_expression(table, &mut placeholders, place).into();
        if place == Place::Single {
            let all = ["NONE", "ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW"];
            body["ReturnValues"] = self.one(&all).into();
        }
        self.finish(&mut body, placeholders);
        body
    }

    /// A condition, in two of three cases.
    fn condition_of(&mut self, body: &mut Value, placeholders: &mut Placeholders, place: Place) {
        if self.chance(3) {
            return;
        }
        body["ConditionExpression"] = self.condition(placeholders, place, 0).into();
        if self.rng.bool() {
            body["ReturnValuesOnConditionCheckFailure"] = self.one(&["ALL_OLD", "NONE"]).into();
        }
    }

    fn value_of(&mut self, placeholders: &mut Placeholders, value: Value) -> String {
        let name = format!(":v{}", placeholders.values.len());
        placeholders.values.insert(name.clone(), value);
        name
    }

    fn any_value(&mut self, placeholders: &mut Placeholders) -> String {
        let value = self.value(0);
        self.value_of(placeholders, value)
    }

    fn name(&mut self, placeholders: &mut Placeholders) -> String {
        let name = self.one(ATTRIBUTES).to_owned();
        // `ttl` is a reserved word.
        if name == "ttl" && !self.chance(8 * FAULT_OF) || self.chance(4) {
            let placeholder = format!("#{name}");
            placeholders.names.insert(placeholder.clone(), name.into());
            return placeholder;
        }
        name
    }

    fn path(&mut self, placeholders: &mut Placeholders) -> String {
        let mut path = self.name(placeholders);
        while self.chance(4) {
            path += &match self.rng.usize(..2) {
                0 => format!("[{}]", self.rng.usize(..4)),
                _ => format!(".{}", self.name(placeholders)),
            };
        }
        path
    }

    fn operand(&mut self, placeholders: &mut Placeholders) -> String {
        match self.rng.usize(..6) {
            0 => format!("size({})", self.path(placeholders)),
            1 | 2 => self.path(placeholders),
            _ => self.any_value(placeholders),
        }
    }

    fn condition(&mut self, placeholders: &mut Placeholders, place: Place, depth: usize) -> String {
        let known = [
            "attribute_not_exists(alpha)",
            "attribute_exists(beta) AND attribute_not_exists(gamma)",
            "attribute_not_exists(alpha) OR (attribute_exists(beta) AND (attribute_not_exists(gamma) OR alpha = beta))",
            "attribute_exists(openedAt)",
        ];
        if self.chance(6 * FAULT_OF) {
            let undefined = if place == Place::Single { "alpha = :none" } else { "alpha = #none" };
            return self
                .one(&["alpha =", "((alpha = beta))", undefined, "#none = alpha", "name = alpha", ""])
                .to_owned();
        }
        if self.chance(4) {
            return self.one(&known).to_owned();
        }
        let path = self.path(placeholders);
        match self.rng.usize(..if depth > 2 { 9 } else { 12 }) {
            0..3 => {
                let comparison = self.one(&["=", "<>", "<", "<=", ">", ">="]);
                let (left, right) = if self.rng.bool() {
                    (path, self.operand(placeholders))
                } else {
                    (self.operand(placeholders), path)
                };
                format!("{left} {comparison} {right}")
            }
            3 => format!("attribute_exists({path})"),
            4 => format!("attribute_not_exists({path})"),
            5 => {
                let kind = self.one(&["S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", "L", "M"]);
                format!("attribute_type({path}, {})", self.value_of(placeholders, json!({"S": kind})))
            }
            6 => {
                let start = if place == Place::Single { self.value(0) } else { json!({"S": "a"}) };
                format!("begins_with({path}, {})", self.value_of(placeholders, start))
            }
            7 => format!("contains({path}, {})", self.any_value(placeholders)),
            8 => {
                let (low, high) = match self.rng.usize(..3) {
                    0 => (json!({"N": "0"}), json!({"N": "10"})),
                    1 => (json!({"S": "a"}), json!({"S": "b"})),
                    _ if place == Place::Single => (self.value(0), self.value(0)),
                    _ => (json!({"N": "1"}), json!({"N": "1"})),
                };
                let low = self.value_of(placeholders, low);
                format!("{path} BETWEEN {low} AND {}", self.value_of(placeholders, high))
            }
            9 => {
                let candidates: Vec<_> = (0..=self.rng.usize(..3)).map(|_| self.operand(placeholders)).collect();
                format!("{path} IN ({})", candidates.join(", "))
            }
            10 => format!("NOT {}", self.condition(placeholders, place, depth + 1)),
            _ => {
                let (left, right) =
                    (self.condition(placeholders, place, depth + 1), self.condition(placeholders, place, depth + 1));
                format!("({left}) {} {right}", self.one(&["AND", "OR", "and"]))
            }
        }
    }

    fn assigned(&mut self, placeholders: &mut Placeholders, depth: usize) -> String {
        let path = self.path(placeholders);
        match self.rng.usize(..if depth > 1 { 4 } else { 9 }) {
            0..3 => self.any_value(placeholders),
            3 => path,
            4 | 5 => format!("if_not_exists({path}, {})", self.assigned_operand(placeholders, depth)),
            6 => {
                let list = json!({"L": [self.value(2)]});
                let list = self.value_of(placeholders, list);
                if self.rng.bool() {
                    format!("list_append({path}, {list})")
                } else {
                    format!("list_append({list}, {path})")
                }
            }
            _ => {
                let number = self.value_of(placeholders, json!({"N": "1.5"}));
                let start = format!("if_not_exists({path}, {number})");
                let left = if self.rng.bool() { path } else { start };
                format!("{left} {} {number}", self.one(&["+", "-"]))
            }
        }
    }

    fn assigned_operand(&mut self, placeholders: &mut Placeholders, depth: usize) -> String {
        if self.chance(3) {
            format!("({})", self.assigned(placeholders, depth + 1))
        } else {
            self.any_value(placeholders)
        }
    }

    fn update_expression(&mut self, table: &TableSchema, placeholders: &mut Placeholders, place: Place) -> String {
        if self.chance(6 * FAULT_OF) {
            let wrong =
                ["SET alpha", "SET alpha = beta SET beta = alpha", "ADD alpha beta", "REMOVE alpha, alpha.beta", ""];
            return self.one(&wrong).to_owned();
        }
        let mut clauses: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for _ in 0..=self.rng.usize(..4) {
            let path = self.path(placeholders);
            match self.rng.usize(..8) {
                0..4 => {
                    let value = self.assigned(placeholders, 0);
                    clauses.entry("SET").or_default().push(format!("{path} = {value}"));
                }
                4 | 5 => clauses.entry("REMOVE").or_default().push(path),
                6 => {
                    let value = match self.rng.usize(..3) {
                        0 => json!({"SS": self.some(&["a", "d"])}),
                        1 => json!({"N": "-2"}),
                        _ if place == Place::Single => self.value(2),
                        _ => json!({"S": "a"}),
                    };
                    let value = self.value_of(placeholders, value);
                    clauses.entry("ADD").or_default().push(format!("{path} {value}"));
                }
                _ => {
                    let value = json!({"SS": self.some(&["a", "b", "c"])});
                    let value = self.value_of(placeholders, value);
                    clauses.entry("DELETE").or_default().push(format!("{path} {value}"));
                }
            }
        }
        // The keys of indexes, and seldom those of the table.
        let keys: Vec<String> = table.attributes.keys().cloned().collect();
        let is_own = |name: &String| *name == table.key.partition || table.key.sort.as_ref() == Some(name);
        let name = keys[self.rng.usize(..keys.len())].clone();
        if !is_own(&name) || place == Place::Single && self.chance(FAULT_OF) {
            placeholders.names.insert("#key".to_owned(), name.clone().into());
            if self.rng.bool() {
                let value = self.key_value(table.attributes[&name]);
                let value = self.value_of(placeholders, value);
                clauses.entry("SET").or_default().push(format!("#key = {value}"));
            } else {
                clauses.entry("REMOVE").or_default().push("#key".to_owned());
            }
        }
        let clauses: Vec<_> = clauses.into_iter().map(|(clause, all)| format!("{clause} {}", all.join(", "))).collect();
        clauses.join(" ")
    }

    fn projection_of(&mut self, body: &mut Value, placeholders: &mut Placeholders) {
        if self.chance(3) {
            let paths: Vec<_> = (0..=self.rng.usize(..3)).map(|_| self.path(placeholders)).collect();
            body["ProjectionExpression"] = paths.join(", ").into();
        }
    }

    fn get(&mut self, table: &TableSchema) -> Value {
        let mut body = json!({"TableName": table.name, "Key": self.key(table), "ConsistentRead": self.rng.bool()});
        let mut placeholders = Placeholders::default();
        self.projection_of(&mut body, &mut placeholders);
        if !placeholders.names.is_empty() {
            body["ExpressionAttributeNames"] = placeholders.names.into();
        }
        body
    }

    fn batch_get(&mut self) -> Value {
        let mut tables = Map::new();
        for _ in 0..=self.rng.usize(..2) {
            let table = self.table();
            let keys: Vec<_> = (0..=self.rng.usize(..3)).map(|_| self.key(&table)).collect();
            let mut of_table = json!({"Keys": keys, "ConsistentRead": self.rng.bool()});
            let mut placeholders = Placeholders::default();
            self.projection_of(&mut of_table, &mut placeholders);
            if !placeholders.names.is_empty() {
                of_table["ExpressionAttributeNames"] = placeholders.names.into();
            }
            tables.insert(table.name, of_table);
        }
        json!({"RequestItems": tables})
    }

    fn batch_write(&mut self) -> Value {
        let mut tables = Map::new();
        for _ in 0..=self.rng.usize(..2) {
            let table = self.table();
            let writes: Vec<_> = (0..=self.rng.usize(..4))
                .map(|_| match self.rng.bool() {
                    true => json!({"PutRequest": {"Item": self.item(&table)}}),
                    false => json!({"DeleteRequest": {"Key": self.key(&table)}}),
                })
                .collect();
            tables.insert(table.name, writes.into());
        }
        json!({"RequestItems": tables})
    }

    fn transaction(&mut self) -> Value {
        if let (true, false) = (self.chance(6), self.tokens.is_empty()) {
            let at = self.rng.usize(..self.tokens.len());
            return self.tokens[at].clone();
        }
        let mut parts = Vec::new();
        for _ in 0..=self.rng.usize(..4) {
            let table = self.table();
            let mut placeholders = Placeholders::default();
            let (kind, mut part) = match self.rng.usize(..5) {
                0 | 1 => {
                    parts.push(json!({"Update": self.update(&table, Place::Elsewhere)}));
                    continue;
                }
                2 => ("Put", json!({"TableName": table.name, "Item": self.item(&table)})),
                3 => ("Delete", json!({"TableName": table.name, "Key": self.key(&table)})),
                _ => {
                    let mut part = json!({"TableName": table.name, "Key": self.key(&table)});
                    part["ConditionExpression"] = self.condition(&mut placeholders, Place::Elsewhere, 0).into();
                    ("ConditionCheck", part)
                }
            };
            if kind != "ConditionCheck" {
                self.condition_of(&mut part, &mut placeholders, Place::Elsewhere);
            }
            if part.get("ConditionExpression").is_some() {
                self.finish(&mut part, placeholders);
            }
            parts.push(json!({kind: part}));
        }
        let mut body = json!({"TransactItems": parts});
        if self.rng.bool() {
            body["ClientRequestToken"] = format!("token-{}", self.rng.usize(..200)).into();
            self.tokens.push(body.clone());
        }
        body
    }

    fn scan(&mut self, table: &TableSchema) -> Value {
        let mut body = json!({"TableName": table.name, "ConsistentRead": self.rng.bool()});
        let mut placeholders = Placeholders::default();
        let indexes: Vec<&IndexSchema> = table.global_indexes.iter().collect();
        if self.rng.bool() && !indexes.is_empty() {
            body["IndexName"] = self.one(&indexes).name.clone().into();
        } else {
            self.projection_of(&mut body, &mut placeholders);
        }
        if self.rng.bool() {
            body["FilterExpression"] = self.condition(&mut placeholders, Place::Elsewhere, 1).into();
        }
        self.finish(&mut body, placeholders);
        body
    }

    fn query(&mut self, table: &TableSchema) -> Value {
        let mut body = json!({"TableName": table.name, "ScanIndexForward": self.rng.bool()});
        let mut placeholders = Placeholders::default();
        let mut key: &KeySchema = &table.key;
        let indexes: Vec<&IndexSchema> = table.indexes().collect();
        if self.rng.bool() && !indexes.is_empty() {
            let index = self.one(&indexes);
            body["IndexName"] = index.name.clone().into();
            key = &index.key;
            if self.chance(4) {
                body["Select"] = self.one(&["ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES"]).into();
            }
        } else {
            self.projection_of(&mut body, &mut placeholders);
        }
        if self.chance(6) {
            body["Select"] = "COUNT".into();
        }
        if self.chance(3) {
            body["ConsistentRead"] = self.rng.bool().into();
        }
        if self.rng.bool() {
            body["Limit"] = self.rng.usize(1..4).into();
        }
        if self.chance(2) {
            body["FilterExpression"] = self.condition(&mut placeholders, Place::Elsewhere, 1).into();
        }
        body["KeyConditionExpression"] = self.key_condition(table, key, &mut placeholders).into();
        if table.key.sort.is_some() && self.chance(FAULT_OF) {
            let mut start = self.key(table);
            for name in [&key.partition].into_iter().chain(&key.sort) {
                start.insert(name.clone(), self.key_value(table.attributes[name]));
            }
            body["ExclusiveStartKey"] = start.into();
        }
        self.finish(&mut body, placeholders);
        body
    }

    fn key_condition(&mut self, table: &TableSchema, key: &KeySchema, placeholders: &mut Placeholders) -> String {
        let mut named = |name: &str, placeholder: &str| {
            placeholders.names.insert(placeholder.to_owned(), name.into());
            placeholder.to_owned()
        };
        let partition = named(&key.partition, "#partition");
        let sort = key.sort.as_deref().map(|sort| named(sort, "#sort"));
        let value = self.key_value(table.attributes[&key.partition]);
        let value = self.value_of(placeholders, value);
        let mut condition = format!("{partition} = {value}");
        let (Some(sort), Some(name)) = (sort, &key.sort) else { return condition };
        if self.chance(4) {
            placeholders.names.remove("#sort");
            return condition;
        }
        let of = if self.chance(FAULT_OF) { KeyType::Binary } else { table.attributes[name] };
        let (one, other) = (self.key_value(of), self.key_value(of));
        let one = self.value_of(placeholders, one);
        let sort = match self.rng.usize(..8) {
            0 => format!("{sort} = {one}"),
            1 => format!("{sort} < {one}"),
            2 => format!("{one} >= {sort}"),
            3 => format!("{sort} > {one}"),
            4 => format!("{sort} >= {one}"),
            5 | 6 => format!("{sort} BETWEEN {one} AND {}", self.value_of(placeholders, other)),
            _ => format!("begins_with({sort}, {one})"),
        };
        condition =
            if self.rng.bool() { format!("{condition} AND {sort}") } else { format!("({sort}) AND ({condition})") };
        condition
    }
}
