//! `Finish`: slots at `t` to features.

use crate::delta::Delta;
use crate::log::LogAnswers;
use crate::now::{Gate, Now};
use crate::operator::{Answer, Ask, Asked, Operator, Port};
use crate::question::ReadError;
use crate::report::{FeatureTrouble, StepReport};
use featc_ir::Bug;
use featc_ir::plan::FinishSpec;
use featr_kernels::finish::{self, Answers, Lag, Trouble};

/// Makes features of slots.
#[derive(Debug)]
pub(crate) struct FinishOperator {
    spec: FinishSpec,
    gate: Gate,
    output: Port,
}

impl FinishOperator {
    pub fn new(spec: FinishSpec, inputs: &[&Port]) -> Result<FinishOperator, Bug> {
        let [Port::Slots(gate)] = inputs else {
            return Err(Bug("features need the slots of one log as their input".to_owned()));
        };
        Ok(FinishOperator {
            output: Port::Features,
            gate: gate.clone(),
            spec,
        })
    }

    /// What was counted of each feature of the spec.
    fn named(&self, troubles: Vec<Trouble>) -> Vec<FeatureTrouble> {
        let features = self.spec.features.iter().zip(troubles);
        let named = features.map(|(feature, trouble)| FeatureTrouble {
            view: feature.view.clone(),
            feature: feature.name.clone(),
            trouble,
        });
        named.collect()
    }
}

impl Operator for FinishOperator {
    fn output(&self) -> &Port {
        &self.output
    }

    /// Nothing is pushed to it.
    fn step<'a>(&mut self, _delta: &Delta<'a>, _now: &Now, _report: &mut StepReport) -> Option<Delta<'a>> {
        None
    }

    fn read(&self, _: &Ask, asked: Asked<'_>, inputs: Vec<Answer>) -> Result<Answer, ReadError> {
        let Asked { questions, now, counts } = asked;
        let slots = inputs.into_iter().find_map(|input| match input {
            Answer::Slots(slots) => Some(slots),
            Answer::Features(..) | Answer::Nothing => None,
        });
        let lags = |cut_us| questions.times.iter().map(move |at_us| finish::lag_us(*at_us, cut_us));
        let each: Option<Vec<u64>> = now.given(&self.gate).map(|cut_us| lags(cut_us).collect());
        let lag = each.as_deref().map_or(Lag::of(&self.spec, now.truth), Lag::Each);
        let answer = |LogAnswers { slots, presence }| {
            let times = &questions.times;
            let answers = Answers { times, slots, presence };
            let mut troubles = counts.then(|| vec![Trouble::default(); self.spec.features.len()]);
            let features = finish::finish(&self.spec, answers, lag, troubles.as_deref_mut());
            Answer::Features(features, self.named(troubles.unwrap_or_default()))
        };
        Ok(slots.map_or(Answer::Nothing, answer))
    }
}
