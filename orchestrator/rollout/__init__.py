"""Rollouts: a release takes over from the one that runs, stage by stage, and goes back when it does not work.

What others call, in the order of a deployment:

- ``release.ServiceSpec``, ``release.ColourSpec``: a service as planned, every reference resolved. Behind a load
  balancer it has the colours ``blue`` and ``green`` and a ``rule``; without one it has one colour and rolls in place.
- ``strategies.all_at_once | canary | linear | manual | rolling``: the ``Strategy`` that a spec carries.
- ``survey.survey(aws, specs) -> {name: LiveService}``: active colour, release and image, what is unsettled.
- ``assess.assess(aws, specs, images=, live=) -> {name: Decision}``: what each needs (``decide.Need``) and why; one that
  needs an ``IMAGE`` carries ``missing``, with the command that pushes it.
- ``driver.drive(aws, jobs, store=, move=, sink=, guard=, stop=, patience=) -> (Result, ...)``: all together, each to an
  ``Outcome`` with its exit code. ``move(spec, colour)`` brings scalable target, policies and alarms to a colour; it is
  also called at the end of a first release, when the ECS service exists.
- ``driver.unfinished(store, stack)``: cursors that a former process left; ``drive`` takes them up by itself.
- ``history.records(store, stack, service)``: what became of every rollout, newest first.

Nothing here reads a clock or waits but through ``aws.clock``, and nothing changes AWS without asking ``guard`` first.
"""
