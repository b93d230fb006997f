//! The running graph: operators that carry out those of the plan, with their wires as positions.

use crate::delta::{Delta, EventDeltas, RowDeltas};
use crate::log::LogAsk;
use crate::now::Now;
use crate::operator::{Answer, Ask, Asked, Operator, Port};
use crate::operators::accept::AcceptOperator;
use crate::operators::awaiting::AwaitOperator;
use crate::operators::finish::FinishOperator;
use crate::operators::log::LogOperator;
use crate::operators::rows::RowsOperator;
use crate::operators::source::SourceOperator;
use crate::operators::table::{LookedUp, TableOperator};
use crate::paging::Paging;
use crate::question::ReadError;
use crate::report::{AdvanceReport, FeatureTrouble, StepReport};
use crate::shared::{Shared, SharedAnswer, SharedService};
use crate::snapshot::State;
use featc_ir::plan::{Derive, LogId, Spine, StreamGraph};
use featc_ir::{Bug, Source, Status};
use featr_kernels::Column;
use featr_kernels::finish::{Given, Trouble, derive};
use std::collections::BTreeMap;

/// The operators of some graphs. An operator comes after those that it reads.
#[derive(Debug, Default)]
pub(crate) struct Network {
    operators: Vec<Box<dyn Operator>>,
    /// Per operator, the positions of its inputs.
    inputs: Vec<Vec<usize>>,
    /// Per source, what its rows pass through.
    routes: Vec<Route>,
    pub services: Vec<Service>,
}

/// The operators that rows of a source reach, in order; the first one is the source.
#[derive(Debug)]
struct Route {
    /// Each with its inputs, as positions in the route.
    stops: Vec<(usize, Vec<usize>)>,
}

/// Which state rows go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Receivers {
    All,
    /// What has the rows is left alone.
    ToBeRebuilt,
}

/// A service and how it is answered.
#[derive(Debug)]
pub(crate) struct Service {
    pub name: String,
    pub spine: Spine,
    columns: usize,
    /// How many of the columns come out.
    composed: usize,
    parts: Vec<Part>,
    derive: Derive,
}

/// What a service takes from one operator.
#[derive(Debug)]
struct Part {
    pull: Pull,
    /// Pairs (position among the service's columns, position among the operator's outputs).
    columns: Vec<(usize, usize)>,
}

/// An operator to ask, after its inputs.
#[derive(Debug)]
struct Pull {
    operator: usize,
    ask: Ask,
    inputs: Vec<Pull>,
}

impl Service {
    /// Per column, which of the keys it goes by; and of these, the positions among the service's.
    pub fn keys(&self) -> (Vec<usize>, Vec<&[usize]>) {
        let mut columns = vec![0; self.columns];
        let mut keys: Vec<&[usize]> = Vec::new();
        for part in &self.parts {
            let of_logs = part.pull.inputs.iter().filter_map(|input| match &input.ask {
                Ask::Log(ask) => Some(ask.keys.as_slice()),
                Ask::Finish => None,
            });
            for of_log in of_logs {
                let known = keys.iter().position(|known| *known == of_log);
                let place = known.unwrap_or(keys.len());
                if known.is_none() {
                    keys.push(of_log);
                }
                part.columns.iter().for_each(|(column, _)| columns[*column] = place);
            }
        }
        (columns, keys)
    }

    /// What comes out of the columns that are taken, and the features of the service's own.
    pub fn with_own(
        &self,
        mut answers: Vec<(Column, Vec<Status>)>,
        asked: Asked<'_>,
        troubles: &mut Vec<FeatureTrouble>,
    ) -> Vec<(Column, Vec<Status>)> {
        if self.derive.is_empty() {
            return answers;
        }
        let mut counted: Option<Vec<Trouble>> = asked.counts.then(Vec::new);
        let given = Given {
            times: &asked.questions.times,
            fields: &asked.questions.request,
            answer: &|_, column| answers.get(column as usize),
        };
        let own = derive(&self.derive, &given, true, counted.as_mut());
        let named = self.derive.0.iter().zip(counted.unwrap_or_default());
        troubles.extend(named.map(|(feature, trouble)| FeatureTrouble {
            view: self.name.clone(),
            feature: feature.name.clone(),
            trouble,
        }));
        answers.truncate(self.composed);
        // Every input is there: it was checked when the graph was made.
        answers.extend(own.into_iter().flatten());
        answers
    }
}

impl Network {
    /// Makes the operators of the graphs; what is equal in them becomes one operator.
    ///
    /// # Errors
    /// References that lead nowhere, or an operator that reads what it cannot use.
    pub fn new(graphs: Vec<StreamGraph>, paging: Paging, awaits: bool) -> Result<Network, Bug> {
        let shared = Shared::new(graphs)?;
        let mut network = Network::default();
        let mut tables: BTreeMap<String, LookedUp> = BTreeMap::new();
        for (table, keep_us) in shared.tables(awaits) {
            // The versions may be read as the rows of a source, too.
            let own = shared.sources.iter().find(|source| source.name == table.name).cloned();
            let input = own.or_else(|| table.as_input());
            let input = input.ok_or_else(|| Bug("a table without versions changes".to_owned()))?;
            let rows = network.add(&[], |inputs| Ok(Box::new(SourceOperator::new(input, inputs)?)))?;
            let held = LookedUp::new(&table);
            tables.insert(table.name.clone(), held.clone());
            network.add(&[rows], |inputs| {
                Ok(Box::new(TableOperator::new(table, keep_us, held, inputs)?))
            })?;
        }
        let mut accepted = Vec::new();
        for source in shared.sources {
            let place = |(place, known): (usize, &Source)| (known.name == source.name).then_some(place);
            let known = network.sources().find_map(place);
            let rows = match known {
                Some(place) => place,
                None => network.add(&[], |inputs| Ok(Box::new(SourceOperator::new(source, inputs)?)))?,
            };
            accepted.push(network.add(&[rows], |inputs| Ok(Box::new(AcceptOperator::new(inputs)?)))?);
        }
        let mut events = Vec::new();
        for rows in shared.rows {
            let input = accepted[rows.source];
            let awaited = rows.spec.awaited().into_iter().filter(|_| awaits);
            let awaited = awaited.filter_map(|table| Some((table.name.clone(), tables.get(&table.name)?.clone())));
            let awaited: Vec<(String, LookedUp)> = awaited.collect();
            events.push(network.add(&[input], |inputs| match awaited.is_empty() {
                true => Ok(Box::new(RowsOperator::new(rows.spec, inputs)?)),
                false => Ok(Box::new(AwaitOperator::new(rows.spec, awaited, inputs)?)),
            })?);
        }
        let mut logs = Vec::new();
        for (id, log) in (0u32..).map(LogId).zip(shared.logs) {
            let input = events[log.rows];
            let made = network.add(&[input], |inputs| {
                Ok(Box::new(LogOperator::new(id, log, inputs, paging)?))
            });
            logs.push(made?);
        }
        for service in shared.services {
            let service = network.service(service, &logs)?;
            network.services.push(service);
        }
        network.routes = network.sources().map(|(place, _)| network.route(place)).collect();
        Ok(network)
    }

    fn add(
        &mut self,
        inputs: &[usize],
        make: impl FnOnce(&[&Port]) -> Result<Box<dyn Operator>, Bug>,
    ) -> Result<usize, Bug> {
        let ports: Vec<&Port> = inputs.iter().map(|input| self.operators[*input].output()).collect();
        let operator = make(&ports)?;
        self.operators.push(operator);
        self.inputs.push(inputs.to_vec());
        Ok(self.operators.len() - 1)
    }

    fn service(&mut self, service: SharedService, logs: &[usize]) -> Result<Service, Bug> {
        let mut parts = Vec::new();
        for answer in service.answers {
            let SharedAnswer {
                spec,
                log,
                walks,
                keys,
                self_columns,
                columns,
            } = answer;
            let log = logs[log];
            let features = self.add(&[log], |inputs| Ok(Box::new(FinishOperator::new(spec, inputs)?)))?;
            let ask = LogAsk {
                keys,
                self_columns,
                walks,
            };
            let slots = Pull {
                operator: log,
                ask: Ask::Log(ask),
                inputs: Vec::new(),
            };
            let pull = Pull {
                operator: features,
                ask: Ask::Finish,
                inputs: vec![slots],
            };
            parts.push(Part { pull, columns });
        }
        Ok(Service {
            name: service.name,
            spine: service.spine,
            columns: service.columns,
            composed: service.composed,
            parts,
            derive: service.derive,
        })
    }

    fn route(&self, source: usize) -> Route {
        let mut stops = vec![(source, Vec::new())];
        for place in source + 1..self.operators.len() {
            let is_read = |stop: &usize| self.inputs[place].contains(&stops[*stop].0);
            let inputs: Vec<usize> = (0..stops.len()).filter(is_read).collect();
            if !inputs.is_empty() {
                stops.push((place, inputs));
            }
        }
        Route { stops }
    }

    /// The sources, each with the position of its operator.
    pub fn sources(&self) -> impl Iterator<Item = (usize, &Source)> + Clone {
        let operators = self.operators.iter().enumerate();
        operators.filter_map(|(place, operator)| match operator.output() {
            Port::Rows(source) => Some((place, &**source)),
            Port::Accepted(_) | Port::Events(..) | Port::Slots(..) | Port::Features | Port::Rest => None,
        })
    }

    /// Pushes rows of a source through everything that reads them, or through what leads to state that is to be rebuilt alone.
    pub fn push(&mut self, source: usize, rows: RowDeltas<'_>, into: Receivers, now: &Now, report: &mut StepReport) {
        let Some(route) = self.routes.iter().find(|route| route.stops[0].0 == source) else {
            return;
        };
        let mut deltas: Vec<Option<Delta<'_>>> = Vec::with_capacity(route.stops.len());
        deltas.push(Some(Delta::Rows(rows)));
        for (place, inputs) in &route.stops[1..] {
            let mut output = None;
            let state = self.operators[*place].state();
            if into == Receivers::ToBeRebuilt && state.is_some_and(|state| !state.is_to_be_rebuilt()) {
                deltas.push(None);
                continue;
            }
            for delta in inputs.iter().filter_map(|input| deltas[*input].as_ref()) {
                output = self.operators[*place].step(delta, now, report);
            }
            deltas.push(output);
        }
    }

    /// Tells all operators, in order, that the cut has moved, and hands on what that lets out.
    pub fn advance(&mut self, now: &Now) -> AdvanceReport {
        let mut report = AdvanceReport::default();
        let mut deltas: Vec<Option<Delta<'static>>> = Vec::with_capacity(self.operators.len());
        for (operator, inputs) in self.operators.iter_mut().zip(&self.inputs) {
            let output = operator.advance(now, &mut report);
            for delta in inputs.iter().filter_map(|input| deltas[*input].as_ref()) {
                let mut step = StepReport::default();
                operator.step(delta, now, &mut step);
                step.logs.iter().for_each(|log| report.add(log));
            }
            deltas.push(output);
        }
        report
    }

    /// As [`Network::push`] up to the logs: events, each with the positions of the logs that they go to.
    pub fn stage(
        &mut self,
        source: usize,
        rows: RowDeltas<'_>,
        now: &Now,
        report: &mut StepReport,
    ) -> Vec<(Vec<usize>, EventDeltas)> {
        let Some(route) = self.routes.iter().find(|route| route.stops[0].0 == source) else {
            return Vec::new();
        };
        let mut deltas: Vec<Option<Delta<'_>>> = Vec::with_capacity(route.stops.len());
        let mut readers: Vec<Vec<usize>> = vec![Vec::new(); route.stops.len()];
        deltas.push(Some(Delta::Rows(rows)));
        for (place, inputs) in &route.stops[1..] {
            let operator = &mut self.operators[*place];
            let mut output = None;
            for input in inputs {
                match &deltas[*input] {
                    Some(_) if operator.state().is_some() => readers[*input].push(*place),
                    Some(delta) => output = operator.step(delta, now, report),
                    None => {}
                }
            }
            deltas.push(output);
        }
        let events = readers.into_iter().zip(deltas).filter_map(|(logs, delta)| match delta {
            Some(Delta::Events(events)) if !logs.is_empty() => Some((logs, events)),
            _ => None,
        });
        events.collect()
    }

    /// Pushes a delta through these operators.
    pub fn step(&mut self, operators: &[usize], delta: &Delta<'_>, now: &Now, report: &mut StepReport) {
        for place in operators {
            self.operators[*place].step(delta, now, report);
        }
    }

    /// What a service takes from its logs, column by column. Where somebody counts, `troubles` has every feature after it.
    pub fn columns(
        &self,
        service: &Service,
        asked: Asked<'_>,
        troubles: &mut Vec<FeatureTrouble>,
    ) -> Result<Vec<(Column, Vec<Status>)>, ReadError> {
        let mut answers: Vec<Option<(Column, Vec<Status>)>> = vec![None; service.columns];
        for part in &service.parts {
            let Answer::Features(features, more) = self.read(&part.pull, asked)? else {
                continue;
            };
            troubles.extend(more);
            let mut features: Vec<Option<(Column, Vec<Status>)>> = features.into_iter().map(Some).collect();
            for (index, (column, output)) in part.columns.iter().enumerate() {
                let again = part.columns[index + 1..].iter().any(|(_, later)| later == output);
                answers[*column] = if again {
                    features[*output].clone()
                } else {
                    features[*output].take()
                };
            }
        }
        let answers = answers.into_iter().collect::<Option<Vec<_>>>();
        Ok(answers.expect("the parts of a service answer each of its columns"))
    }

    fn read(&self, pull: &Pull, asked: Asked<'_>) -> Result<Answer, ReadError> {
        let inputs = pull.inputs.iter().map(|input| self.read(input, asked));
        let inputs = inputs.collect::<Result<Vec<Answer>, ReadError>>()?;
        self.operators[pull.operator].read(&pull.ask, asked, inputs)
    }

    /// The states, in order.
    pub fn states(&self) -> impl Iterator<Item = &dyn State> {
        self.operators.iter().filter_map(|operator| operator.state())
    }

    /// As [`Network::states`].
    pub fn states_mut(&mut self) -> impl Iterator<Item = &mut dyn State> {
        self.operators.iter_mut().filter_map(|operator| operator.state_mut())
    }

    /// How the first answer of a service asks its log, for tests of logs.
    #[cfg(test)]
    pub fn first_ask(&self, service: usize) -> Option<&Ask> {
        let part = self.services.get(service)?.parts.first()?;
        part.pull.inputs.first().map(|slots| &slots.ask)
    }
}
