//! The running graph: one operator for each one in the plan, with its wires as positions.

use crate::ReadError;
use crate::delta::{Delta, RowDeltas};
use crate::engine::Questions;
use crate::operator::{Answer, Ask, Now, Operator, Port, State};
use crate::operators::accept::AcceptOperator;
use crate::operators::finish::FinishOperator;
use crate::operators::log::LogOperator;
use crate::operators::rows::RowsOperator;
use crate::operators::source::SourceOperator;
use crate::paging::Paging;
use crate::report::StepReport;
use featc_ir::plan::{OperatorId, OperatorKind, StreamGraph, StreamService};
use featc_ir::{Bug, Source, Status};
use featr_kernels::Column;

/// The operators of a graph. An operator comes after those that it reads.
#[derive(Debug)]
pub(crate) struct Network {
    operators: Vec<Box<dyn Operator>>,
    /// Per operator, the positions of its inputs.
    inputs: Vec<Vec<usize>>,
    /// Per source, what its rows pass through.
    routes: Vec<Route>,
    pub services: Vec<Asked>,
}

/// The operators that rows of a source reach, in order; the first one is the source.
#[derive(Debug)]
struct Route {
    /// Each with its inputs, as positions in the route.
    stops: Vec<(usize, Vec<usize>)>,
}

/// A service and how it is answered.
#[derive(Debug)]
pub(crate) struct Asked {
    pub service: StreamService,
    parts: Vec<Part>,
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

impl Network {
    /// Makes the operators of a graph. Equal sources, and acceptance of one source, become one operator.
    ///
    /// # Errors
    /// An operator that reads what does not come before it or is not of the type that it needs, or a service that does.
    pub fn new(graph: StreamGraph, paging: Paging) -> Result<Network, Bug> {
        let mut network = Network {
            operators: Vec::new(),
            inputs: Vec::new(),
            routes: Vec::new(),
            services: Vec::new(),
        };
        // Per operator of the plan, the one that runs it.
        let mut places: Vec<usize> = Vec::with_capacity(graph.operators.len());
        for (position, operator) in graph.operators.into_iter().enumerate() {
            let of_operator = |bug: Bug| Bug(format!("operator {position}: {}", bug.0));
            let inputs = operator.inputs.iter().map(|id| places.get(id.0 as usize).copied());
            let inputs: Option<Vec<usize>> = inputs.collect();
            let inputs = inputs.ok_or_else(|| of_operator(Bug("its input does not come before it".to_owned())))?;
            let id = OperatorId(position as u32);
            places.push(network.add(id, operator.kind, inputs, paging).map_err(of_operator)?);
        }
        for service in graph.services {
            let name = service.name.clone();
            let asked = network.asked(service, &places);
            let asked = asked.map_err(|bug| Bug(format!("service {name}: {}", bug.0)))?;
            network.services.push(asked);
        }
        network.routes = network.sources().map(|(place, _)| network.route(place)).collect();
        match network.routes.iter().find(|route| route.stops.len() == 1) {
            Some(route) => Err(Bug(format!("operator {}: nothing accepts its rows", route.stops[0].0))),
            None => Ok(network),
        }
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

    fn add(&mut self, id: OperatorId, kind: OperatorKind, inputs: Vec<usize>, paging: Paging) -> Result<usize, Bug> {
        let ports: Vec<&Port> = inputs.iter().map(|input| self.operators[*input].output()).collect();
        let known = match (&kind, &ports[..]) {
            (OperatorKind::Source { source }, []) => match self.source(&source.name) {
                Some((place, known)) if known == source => Some(place),
                Some(_) => return Err(Bug("two different sources have one name".to_owned())),
                None => None,
            },
            (OperatorKind::Accept, [Port::Rows(_)]) => self.acceptance(inputs[0]),
            _ => None,
        };
        if let Some(known) = known {
            return Ok(known);
        }
        let operator: Box<dyn Operator> = match kind {
            OperatorKind::Source { source } => Box::new(SourceOperator::new(source, &ports)?),
            OperatorKind::Accept => Box::new(AcceptOperator::new(&ports)?),
            OperatorKind::Rows { spec } => Box::new(RowsOperator::new(spec, &ports)?),
            OperatorKind::Log { spec, state_key } => Box::new(LogOperator::new(id, spec, state_key, &ports, paging)?),
            OperatorKind::Finish { spec } => Box::new(FinishOperator::new(spec, &ports)?),
        };
        self.operators.push(operator);
        self.inputs.push(inputs);
        Ok(self.operators.len() - 1)
    }

    /// What accepts the rows of a source.
    fn acceptance(&self, source: usize) -> Option<usize> {
        (source + 1..self.operators.len()).find(|reader| self.inputs[*reader] == [source])
    }

    fn sources(&self) -> impl Iterator<Item = (usize, &Source)> {
        self.operators
            .iter()
            .enumerate()
            .filter_map(|(place, operator)| match operator.output() {
                Port::Rows(source) => Some((place, &**source)),
                Port::Accepted(_) | Port::Events(..) | Port::Slots(_) | Port::Features(_) => None,
            })
    }

    /// A source by name, with the position of its operator.
    pub fn source(&self, name: &str) -> Option<(usize, &Source)> {
        self.sources().find(|(_, source)| source.name == name)
    }

    /// Prepares the answers of a service; `places` are the operators by their ids in the plan.
    fn asked(&self, service: StreamService, places: &[usize]) -> Result<Asked, Bug> {
        let mut wanted: Vec<(usize, Vec<bool>, Vec<(usize, usize)>)> = Vec::new();
        for (column, (id, output)) in service.columns.iter().enumerate() {
            let place = places.get(id.0 as usize).copied();
            let features = place.map(|place| (place, self.operators[place].output()));
            let Some((place, Port::Features(count))) = features else {
                return Err(Bug("a column comes from something that has no features".to_owned()));
            };
            let output = *output as usize;
            if output >= *count {
                return Err(Bug("a column is not among the features of its operator".to_owned()));
            }
            let known = wanted.iter().position(|(known, ..)| *known == place);
            let known = known.unwrap_or_else(|| {
                wanted.push((place, vec![false; *count], Vec::new()));
                wanted.len() - 1
            });
            wanted[known].1[output] = true;
            wanted[known].2.push((column, output));
        }
        let part = |(place, wanted, columns): (usize, Vec<bool>, Vec<(usize, usize)>)| {
            let pull = self.pull(place, &wanted, &service)?;
            Ok(Part { pull, columns })
        };
        let parts = wanted.into_iter().map(part).collect::<Result<Vec<Part>, Bug>>()?;
        Ok(Asked { service, parts })
    }

    fn pull(&self, operator: usize, wanted: &[bool], service: &StreamService) -> Result<Pull, Bug> {
        let ask = self.operators[operator].prepare(wanted, service)?;
        let inputs = ask.inputs.iter().zip(&self.inputs[operator]);
        let inputs = inputs.map(|(wanted, input)| self.pull(*input, wanted, service));
        let inputs = inputs.collect::<Result<Vec<Pull>, Bug>>()?;
        Ok(Pull { operator, ask, inputs })
    }

    /// Pushes rows of a source through everything that reads them.
    pub fn push(&mut self, source: usize, rows: RowDeltas<'_>, now: &Now, report: &mut StepReport) {
        let Some(route) = self.routes.iter().find(|route| route.stops[0].0 == source) else {
            return;
        };
        let mut deltas: Vec<Option<Delta<'_>>> = Vec::with_capacity(route.stops.len());
        deltas.push(Some(Delta::Rows(rows)));
        for (place, inputs) in &route.stops[1..] {
            let mut output = None;
            for delta in inputs.iter().filter_map(|input| deltas[*input].as_ref()) {
                output = self.operators[*place].step(delta, now, report);
            }
            deltas.push(output);
        }
    }

    /// Answers a service, one column per column of it.
    pub fn answer(
        &self,
        asked: &Asked,
        questions: &Questions,
        now: &Now,
    ) -> Result<Vec<(Column, Vec<Status>)>, ReadError> {
        let mut answers: Vec<Option<(Column, Vec<Status>)>> = vec![None; asked.service.columns.len()];
        for part in &asked.parts {
            let Answer::Features(features) = self.read(&part.pull, questions, now)? else {
                continue;
            };
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
        Ok(answers.into_iter().flatten().collect())
    }

    fn read(&self, pull: &Pull, questions: &Questions, now: &Now) -> Result<Answer, ReadError> {
        let inputs = pull.inputs.iter().map(|input| self.read(input, questions, now));
        let inputs = inputs.collect::<Result<Vec<Answer>, ReadError>>()?;
        self.operators[pull.operator].read(&pull.ask, questions, now, inputs)
    }

    /// All operators, in order.
    pub fn operators_mut(&mut self) -> impl Iterator<Item = &mut Box<dyn Operator>> {
        self.operators.iter_mut()
    }

    /// The states, in order.
    pub fn states(&self) -> impl Iterator<Item = &dyn State> {
        self.operators.iter().filter_map(|operator| operator.state())
    }

    /// As [`Network::states`].
    pub fn states_mut(&mut self) -> impl Iterator<Item = &mut dyn State> {
        self.operators.iter_mut().filter_map(|operator| operator.state_mut())
    }
}
